import Harness
import Measurement

/// Judges figures of the simulator: a condition holds or doesn't, without any noise.
struct ExactJudge {
    let baseline: BaselineSource
    var toolchain = Toolchain.current

    /// A finding for each condition and each subject; a condition without a kind of operation looks at every kind.
    ///
    /// Costs are audited on several numbers of nodes and seeds simulated on one, so that not every subject has every
    /// figure; one that no subject of a system has is missing.
    func findings(_ check: ExactCheck, _ subjects: [ExactFigures]) -> [GateFinding] {
        check.systems.map(\.value.description).flatMap { variant in
            let own = subjects.filter { $0.variant == variant }
            var missing: [GateFinding] = []
            for condition in check.conditions where !own.contains(where: { !findings(condition, $0).isEmpty }) {
                missing.append(
                    GateFinding(
                        subject: variant, condition: condition.text, outcome: .inconclusive,
                        reason: "the simulator gives no \(condition.leftSide) of \(variant)"))
            }
            return own.flatMap { subject in check.conditions.flatMap { findings($0, subject) } } + missing
        }
    }

    private func findings(_ condition: Threshold, _ subject: ExactFigures) -> [GateFinding] {
        let figures = subject.figures.filter {
            $0.metric == condition.metric.name && (condition.operation == nil || condition.operation == $0.operation)
        }
        return figures.map { finding(condition, $0, subject) }
    }

    private func finding(_ condition: Threshold, _ figure: ExactFigures.Figure, _ subject: ExactFigures) -> GateFinding
    {
        let what = figure.operation == OperationRecord.all ? figure.metric : "\(figure.operation).\(figure.metric)"
        var finding = GateFinding(
            subject: subject.subject, condition: condition.text, outcome: .inconclusive, reason: "")
        guard let seen = figure.value else {
            finding.reason =
                "\(what) could not be counted: the operation was not seen, or "
                + (condition.metric.isOfToolchain ? "the allocator keeps no count" : "waits for a timer")
            return finding
        }
        let value = ValueText.of(seen)
        finding.value = value
        let reference: Metric.Value
        switch condition.bound {
        case .number, .word: reference = seen
        case .audit:
            guard let paper = figure.paper else {
                finding.reason = "no paper states \(what)"
                return finding
            }
            reference = paper
        case .baseline(let factor, _):
            switch stored(condition.metric, figure.operation, subject.subject, factor) {
            case .success(let value): reference = value
            case .failure(let obstacle):
                finding.reason = "\(what) is \(value), but \(obstacle.words)"
                return finding
            }
        }
        guard let bound = condition.bound(from: reference), let holds = condition.holds(for: seen, against: bound)
        else {
            finding.reason = "\(what) is \(value), which '\(condition.text)' can't be held against"
            return finding
        }
        finding.bound = ValueText.of(bound)
        finding.outcome = holds ? .passed : .failed
        var words = "\(what) is \(value)"
        switch condition.bound {
        case .audit where holds && !figure.isUniform:
            finding.outcome = .failed
            words += " most often, as the paper says, but not for every operation"
        case .audit: words += holds ? ", as the paper says" : ", the paper says \(ValueText.of(reference))"
        case .baseline: words += holds ? "" : ", the baseline has \(ValueText.of(reference))"
        case .number, .word: break
        }
        if condition.metric.name == "verdict" {
            if seen == .text("violated") { finding.outcome = .violated }
            if seen == .text("unknown") { finding.outcome = .inconclusive }
            if finding.outcome != .passed, let remark = subject.remark { words += ": \(remark)" }
        }
        finding.reason = words
        return finding
    }

    private func stored(
        _ metric: Metric, _ operation: String, _ subject: String, _ factor: Double
    ) -> Result<Metric.Value, Obstacle> {
        switch baseline {
        case .unusable(let reason): return .failure(Obstacle(reason))
        case .loaded(let baseline):
            guard let figure = baseline.figure(metric, operation: operation, of: subject, isExact: true) else {
                return .failure(
                    Obstacle(
                        "the baseline has none for \(subject): 'coordbench baseline update --gate FILE' takes it in"))
            }
            if metric.isOfToolchain, let built = baseline.toolchain, built != toolchain {
                let differences = toolchain.difference(from: built).map(\.description).joined(separator: ", ")
                return .failure(
                    Obstacle(
                        "the baseline's comes from another toolchain (\(differences)): 'coordbench baseline update "
                            + "--gate FILE' counts anew"))
            }
            if factor != 1, figure.value == .number(0) {
                return .failure(Obstacle("the baseline is 0, of which no multiple says anything"))
            }
            return .success(figure.value)
        }
    }
}

/// Why a value can't be had.
struct Obstacle: Error {
    let words: String
    init(_ words: String) { self.words = words }
}

/// Values and bounds as findings have them.
enum ValueText {
    static func of(_ value: Metric.Value) -> String { MetricText.text(of: value) }

    static func of(_ bound: Threshold.Bound) -> String {
        switch bound {
        case .number(let number): MetricText.number(number)
        case .word(let word): word
        case .baseline: "baseline"
        case .audit: "audit"
        }
    }
}
