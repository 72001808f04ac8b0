/// Why a threshold can't be read.
public enum ThresholdError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not of the form `metric < value`.
    case malformed(text: String)
    /// There is no such metric.
    case unknownMetric(name: String, nearest: String?, text: String)
    /// The metric says what was asked, not what came of it.
    case notAFigure(metric: String, text: String)
    /// The value is not a number.
    case notANumber(value: String, metric: String, text: String)
    /// The unit doesn't fit the metric, or is missing where it must be said.
    case wrongUnit(unit: String, metric: String, valid: [String], text: String)
    /// The word is none that the metric takes.
    case wrongWord(word: String, metric: String, valid: [String], text: String)
    /// Words are equal or not, and nothing else.
    case notOrdered(metric: String, text: String)
    /// A baseline or the paper, where only a number makes sense.
    case needsGate(word: String, text: String)
    /// What stands after `baseline` is neither a factor nor something to add.
    case wrongReference(metric: String, text: String)
    /// No paper states this metric.
    case notAudited(metric: String, valid: [String], text: String)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .malformed(let text):
            "'\(text)' is not a threshold: write metric, comparison and value, as in 'p99 > 5ms'"
        case .unknownMetric(let name, let nearest, let text):
            "no metric '\(name)' in '\(text)'" + (nearest.map { "; did you mean \($0)?" } ?? "")
                + " (Documentation/metrics.md lists them)"
        case .notAFigure(let metric, let text):
            "'\(text)': \(metric) is a setting of the trial, not a figure that came out of it"
        case .notANumber(let value, let metric, let text):
            "'\(text)': '\(value)' is not a number to compare \(metric) with"
        case .wrongUnit(let unit, let metric, let valid, let text):
            unit.isEmpty
                ? "'\(text)': \(metric) needs a unit: \(valid.joined(separator: ", "))"
                : "'\(text)': \(metric) is not in '\(unit)'; valid: "
                    + valid.map { $0.isEmpty ? "no unit" : $0 }.joined(separator: ", ")
        case .wrongWord(let word, let metric, let valid, let text):
            "'\(text)': \(metric) is never '\(word)'; it is " + valid.joined(separator: ", ")
        case .notOrdered(let metric, let text):
            "'\(text)': \(metric) is a word: compare it with == or !="
        case .needsGate(let word, let text):
            "'\(text)': '\(word)' stands only in gate files (coordbench gate); write a value"
        case .wrongReference(let metric, let text):
            "'\(text)': after 'baseline' stands nothing, '* factor' as in 'baseline * 1.10', or '+' or '-' and a value "
                + "in the unit of \(metric)"
        case .notAudited(let metric, let valid, let text):
            "'\(text)': no paper states \(metric); 'audit' goes with \(valid.joined(separator: ", "))"
        }
    }
}

extension Threshold {
    /// Reads a condition. Spaces around the comparison may be left out.
    ///
    /// - Parameter purpose: what it is for; only what is required may look at `baseline` and `audit`.
    public init(parsing text: String, for purpose: Purpose = .failIf) throws(ThresholdError) {
        let characters = Array(text)
        guard let start = characters.firstIndex(where: { "<>=!".contains($0) }) else { throw .malformed(text: text) }
        var end = start + 1
        if end < characters.count, characters[end] == "=" { end += 1 }
        guard let comparison = Comparison(rawValue: String(characters[start..<end])) else {
            throw .malformed(text: text)
        }
        let left = Self.trimmed(characters[..<start])
        let right = Self.trimmed(characters[end...])
        guard !left.isEmpty, !right.isEmpty else { throw .malformed(text: text) }
        let (operation, metric) = try Self.metric(left, in: text)
        guard metric.nature != .setting else { throw .notAFigure(metric: metric.name, text: text) }
        let bound: Bound
        if let reference = try Self.reference(right, for: metric, purpose, in: text) {
            guard metric.unit != .text || comparison == .equal || comparison == .notEqual else {
                throw .notOrdered(metric: metric.name, text: text)
            }
            bound = reference
        } else if metric.unit == .text {
            guard comparison == .equal || comparison == .notEqual else {
                throw .notOrdered(metric: metric.name, text: text)
            }
            guard metric.words.isEmpty || metric.words.contains(right) else {
                throw .wrongWord(word: right, metric: metric.name, valid: metric.words, text: text)
            }
            bound = .word(right)
        } else {
            bound = .number(try Self.number(right, for: metric, in: text))
        }
        self.init(text: text, operation: operation, metric: metric, comparison: comparison, bound: bound)
    }

    /// `baseline`, `baseline * 1.1`, `baseline + 5ms` or `audit`; nil where it is none of them.
    private static func reference(
        _ value: String, for metric: Metric, _ purpose: Purpose, in text: String
    ) throws(ThresholdError) -> Bound? {
        let word = String(value.prefix { $0.isLetter || $0 == "_" })
        guard word == "baseline" || word == "audit" else { return nil }
        guard purpose == .require else { throw .needsGate(word: word, text: text) }
        let rest = trimmed(Array(value.dropFirst(word.count))[...])
        if word == "audit" {
            guard metric.isAudited, rest.isEmpty else {
                let audited = (Metric.all + Metric.simulated).filter(\.isAudited).map(\.name)
                throw .notAudited(metric: metric.name, valid: audited, text: text)
            }
            return .audit
        }
        guard let sign = rest.first else { return .baseline(factor: 1, offset: 0) }
        let operand = trimmed(Array(rest.dropFirst())[...])
        guard metric.unit != .text, !operand.isEmpty else { throw .wrongReference(metric: metric.name, text: text) }
        switch sign {
        case "*", "×":
            guard let factor = Double(operand), factor.isFinite, factor > 0 else {
                throw .wrongReference(metric: metric.name, text: text)
            }
            return .baseline(factor: factor, offset: 0)
        case "+": return .baseline(factor: 1, offset: try number(operand, for: metric, in: text))
        case "-", "−": return .baseline(factor: 1, offset: -(try number(operand, for: metric, in: text)))
        default: throw .wrongReference(metric: metric.name, text: text)
        }
    }

    private static func trimmed(_ characters: ArraySlice<Character>) -> String {
        var rest = characters
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    private static func metric(
        _ name: String, in text: String
    ) throws(ThresholdError) -> (operation: String?, metric: Metric) {
        var operation: String?
        var bare = name
        if let dot = name.lastIndex(of: ".") {
            operation = String(name[..<dot])
            bare = String(name[name.index(after: dot)...])
        }
        guard let metric = Metric.named(bare) else {
            let figures = (Metric.all + Metric.simulated).filter { $0.nature != .setting }
            let nearest = NearestName.of(bare, among: figures.flatMap { [$0.name] + $0.aliases })
            throw .unknownMetric(name: bare, nearest: nearest, text: text)
        }
        return (operation == OperationRecord.all ? nil : operation, metric)
    }

    private static func number(
        _ value: String, for metric: Metric, in text: String
    ) throws(ThresholdError) -> Double {
        let digits = value.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }
        guard let number = Double(digits), number.isFinite else {
            throw .notANumber(value: value, metric: metric.name, text: text)
        }
        let unit = trimmed(Array(value.dropFirst(digits.count))[...])
        let units = metric.unit.scales
        guard let scale = units.first(where: { $0.name == unit })?.scale else {
            throw .wrongUnit(unit: unit, metric: metric.name, valid: units.map(\.name), text: text)
        }
        return number * scale
    }
}

extension Metric.Unit {
    /// The units that a threshold may name, and how many of the metric's own unit they are; the empty one where the unit
    /// may be left out.
    var scales: [(name: String, scale: Double)] {
        switch self {
        case .number: [("", 1), ("k", 1e3), ("M", 1e6)]
        case .share: [("", 1), ("%", 0.01)]
        case .nanoseconds: Self.times(perSecond: 1e9)
        case .microseconds: Self.times(perSecond: 1e6)
        case .seconds: Self.times(perSecond: 1)
        case .perSecond: [("/s", 1), ("k/s", 1e3), ("M/s", 1e6), ("", 1), ("k", 1e3), ("M", 1e6)]
        case .bytes:
            [
                ("", 1), ("B", 1), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("KiB", 1_024),
                ("MiB", 1_048_576), ("GiB", 1_073_741_824),
            ]
        case .text: []
        }
    }

    private static func times(perSecond own: Double) -> [(name: String, scale: Double)] {
        [("ns", own / 1e9), ("us", own / 1e6), ("µs", own / 1e6), ("ms", own / 1e3), ("s", own)]
    }
}
