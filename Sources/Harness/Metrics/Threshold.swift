/// A condition on a metric, as people write it: `p99 > 5ms`, `throughput < 20k/s`, `put.p999 >= 10ms`,
/// `verdict != correct`.
///
/// With a kind of operation and a dot before the name it looks at that kind's row, else at the row of all kinds.
public struct Threshold: Sendable, CustomStringConvertible {
    /// How the two sides compare.
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        /// At most.
        case atMost = "<="
        /// At least.
        case atLeast = ">="
        /// The same.
        case equal = "=="
        /// Not the same.
        case notEqual = "!="
        /// Less.
        case below = "<"
        /// More.
        case above = ">"
    }

    /// What the metric is compared with.
    public enum Bound: Sendable, Hashable {
        /// A number in the metric's own unit.
        case number(Double)
        /// A word.
        case word(String)
        /// What a stored baseline has, times a factor, plus something in the metric's own unit; gates only.
        case baseline(factor: Double, offset: Double)
        /// What the system's paper says; gates only.
        case audit

        /// Whether it must be looked up before anything can be compared with it.
        public var isReference: Bool {
            switch self {
            case .number, .word: false
            case .baseline, .audit: true
            }
        }
    }

    /// As it was written.
    public let text: String
    /// The kind of operation; nil for all together.
    public let operation: String?
    /// The metric.
    public let metric: Metric
    /// How the two sides compare.
    public let comparison: Comparison
    /// What the metric is compared with.
    public let bound: Bound

    init(text: String, operation: String?, metric: Metric, comparison: Comparison, bound: Bound) {
        self.text = text
        self.operation = operation
        self.metric = metric
        self.comparison = comparison
        self.bound = bound
    }

    /// As it was written.
    public var description: String { text }

    /// The bound that a looked up value makes of ``bound``; itself where nothing is looked up, nil where a text can't be
    /// reckoned with.
    public func bound(from reference: Metric.Value) -> Bound? {
        switch (bound, reference) {
        case (.number, _), (.word, _): bound
        case (.baseline(let factor, let offset), .number(let number)): .number(number * factor + offset)
        case (.baseline(1, 0), .text(let text)), (.audit, .text(let text)): .word(text)
        case (.audit, .number(let number)): .number(number)
        case (.baseline, .text): nil
        }
    }

    /// Whether the condition holds for a value; nil where the value is of the other sort or ``bound`` must be looked up.
    public func holds(for value: Metric.Value) -> Bool? { holds(for: value, against: bound) }

    /// Whether the condition holds for a value and a bound that was looked up; nil where the two are of different sorts.
    public func holds(for value: Metric.Value, against bound: Bound) -> Bool? {
        switch (value, bound) {
        case (.number(let value), .number(let bound)):
            switch comparison {
            case .atMost: value <= bound
            case .atLeast: value >= bound
            case .equal: value == bound
            case .notEqual: value != bound
            case .below: value < bound
            case .above: value > bound
            }
        case (.text(let value), .word(let bound)): comparison == .equal ? value == bound : value != bound
        case (.number, .word), (.text, .number), (_, .baseline), (_, .audit): nil
        }
    }

    /// What a threshold is used for.
    public enum Purpose: Sendable, Hashable {
        /// The condition must not hold, as in `--fail-if`.
        case failIf
        /// The condition must hold, as in a gate file.
        case require
    }

    /// Judges a trial. A metric that is missing fails for either purpose: nothing is known, which is not a pass.
    public func judge(_ record: TrialRecord, as purpose: Purpose) -> ThresholdResult {
        let row =
            if let operation {
                MetricRow.rows(of: record).first { $0.operation.kind == operation }
            } else {
                MetricRow.whole(record)
            }
        func result(_ passed: Bool, _ value: Metric.Value?, _ words: String) -> ThresholdResult {
            ThresholdResult(
                threshold: text, trial: record.plan.number, variant: record.plan.variant, value: value,
                hasPassed: passed, words: "trial \(record.plan.number) (\(record.plan.variant)): \(words)")
        }
        guard let row else {
            let kinds = record.operations.map(\.kind).joined(separator: ", ")
            return result(false, nil, "no operation '\(operation ?? "")' here (there are \(kinds)), so '\(text)' fails")
        }
        guard let value = metric.value(in: row), let holds = holds(for: value) else {
            return result(false, nil, "\(metric.name) was not measured, so '\(text)' fails")
        }
        let passed = purpose == .require ? holds : !holds
        let shown = "\(metric.name) is \(MetricText.text(of: value))"
        let unit = metric.unit == .text || metric.unit == .number ? "" : " \(metric.unit.rawValue)"
        let doubt = tooFew(row).map { ", of too few operations: it takes \($0) independent ones" } ?? ""
        return result(passed, value, "\(shown)\(unit)\(doubt): '\(text)' \(holds ? "holds" : "does not hold")")
    }

    /// How many independent operations a percentile takes, where there were fewer.
    private func tooFew(_ row: MetricRow) -> Int? {
        guard let quantile = metric.latencyQuantile,
            case .tooFew(let needed) = row.operation.interval(ofQuantile: quantile)
        else { return nil }
        return needed
    }
}

/// What came of a threshold on one trial.
public struct ThresholdResult: Sendable, Hashable {
    /// The threshold as it was written.
    public var threshold: String
    /// The trial's number.
    public var trial: Int
    /// The trial's variant.
    public var variant: String
    /// The metric's value; nil where it is missing.
    public var value: Metric.Value?
    /// Whether the trial passes.
    public var hasPassed: Bool
    /// The outcome in words.
    public var words: String
}

/// Numbers as CSV cells and messages carry them.
public enum MetricText {
    /// A text as it is, a number without a unit.
    public static func text(of value: Metric.Value) -> String {
        switch value {
        case .text(let text): text
        case .number(let number): self.number(number)
        }
    }

    /// Whole numbers in full; others with six significant digits, or nine decimals where that is less; never with an
    /// exponent or for a locale.
    public static func number(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return "\(Int64(number))" }
        guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
        let size = abs(number)
        let (decimals, scale) = decimalsForSixDigits(size)
        let scaled = UInt64((size * scale).rounded())
        let digits = String(scaled)
        let filled = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        var text = decimals == 0 ? filled : "\(filled.dropLast(decimals)).\(filled.suffix(decimals))"
        if decimals > 0 {
            while text.last == "0" { text.removeLast() }
            if text.last == "." { text.removeLast() }
        }
        return number < 0 && scaled > 0 ? "-" + text : text
    }

    private static func decimalsForSixDigits(_ size: Double) -> (decimals: Int, scale: Double) {
        var decimals = 0
        var scale = 1.0
        while decimals < 9, size * scale < 1e5 {
            decimals += 1
            scale *= 10
        }
        return (decimals, scale)
    }
}
