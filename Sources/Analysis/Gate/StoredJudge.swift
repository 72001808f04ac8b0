import Harness
import Measurement
import Statistics

/// Judges a run's cells by plain bounds and a stored baseline.
///
/// Of the repetitions of a cell the median counts. A figure that is missing in one of them, a trial that is not valid and
/// a verdict that is unknown leave the cell inconclusive; a broken promise is a violation whatever the conditions say.
struct StoredJudge {
    let baseline: BaselineSource
    /// The machine that was measured on.
    let host: HostFacts?

    /// A finding for each condition and each cell; cells that were expected and aren't there come last.
    func findings(_ check: StoredCheck, _ cells: [CellTrials], expected: [Cell]) -> [GateFinding] {
        let wanted = expected.isEmpty ? cells : cells.filter { expected.contains($0.cell) }
        var missing: [Cell] = []
        for cell in expected where !missing.contains(cell) && !cells.contains(where: { $0.cell == cell }) {
            missing.append(cell)
        }
        return wanted.flatMap { findings(check, $0) }
            + missing.map {
                GateFinding(
                    subject: $0.description, condition: check.conditions.map(\.text).joined(separator: "; "),
                    outcome: .inconclusive, reason: "there is no trial of it in the results")
            }
    }

    /// What else differs between the two machines.
    func notes(_ check: StoredCheck) -> [String] {
        guard check.needsBaseline, case .loaded(let baseline) = baseline, let old = baseline.host, let host else {
            return []
        }
        let differences = HostDistance(from: old, to: host).differences
        return differences.isEmpty
            ? [] : ["the baseline's machine differs: " + differences.map(\.description).joined(separator: "; ")]
    }

    private func findings(_ check: StoredCheck, _ trials: CellTrials) -> [GateFinding] {
        let broken = trials.records.first { $0.verdict.isViolated }
        var findings = check.conditions.map { finding($0, trials) }
        if let broken, !findings.contains(where: { $0.outcome == .violated }) {
            findings.append(
                GateFinding(
                    subject: trials.cell.description, condition: "verdict != violated", outcome: .violated,
                    value: "violated", reason: "repetition \(broken.plan.repetition): \(broken.verdict)"))
        }
        return findings
    }

    private func finding(_ condition: Threshold, _ trials: CellTrials) -> GateFinding {
        var finding = GateFinding(
            subject: trials.cell.description, condition: condition.text, outcome: .inconclusive, reason: "")
        let metric = condition.metric
        let values = trials.values(of: metric, operation: condition.operation)
        guard values.count == trials.records.count, let value = Self.middle(values) else {
            let count = trials.records.count - values.count
            finding.reason = "\(condition.leftSide) was not measured in \(count) of \(trials.records.count) trials"
            let kinds = trials.operations.filter {
                $0 != condition.operation && trials.values(of: metric, operation: $0).count == trials.records.count
            }
            if !kinds.isEmpty {
                finding.reason += "; there is \(kinds.map { "\($0).\(metric.name)" }.joined(separator: ", "))"
            }
            return finding
        }
        let unit = metric.unit == .text || metric.unit == .number ? "" : " \(metric.unit.rawValue)"
        let middle = values.count > 1 && metric.unit != .text ? ", the median of \(values.count)" : ""
        let what = "\(condition.leftSide) is \(ValueText.of(value))\(unit)\(middle)"
        finding.value = ValueText.of(value)
        if let bad = values.isEmpty || metric.name == "verdict" ? nil : Self.objection(to: trials) {
            finding.reason = "\(what), but \(bad)"
            return finding
        }
        switch bound(condition, trials) {
        case .failure(let obstacle): finding.reason = "\(what), but \(obstacle.words)"
        case .success(let bound):
            finding.bound = ValueText.of(bound)
            // Every repetition must have the word that is asked for.
            let judged: [Metric.Value] = metric.unit == .text ? values : [value]
            let held = judged.map { condition.holds(for: $0, against: bound) }
            guard !held.contains(nil) else {
                finding.reason = "\(what), which '\(condition.text)' can't be held against"
                return finding
            }
            finding.outcome = held.allSatisfy { $0 == true } ? .passed : .failed
            finding.reason = what
            if condition.bound.isReference { finding.reason += "; the bound is \(ValueText.of(bound))\(unit)" }
            if metric.name == "verdict" { Self.judge(&finding, values, trials) }
        }
        return finding
    }

    private static func judge(_ finding: inout GateFinding, _ values: [Metric.Value], _ trials: CellTrials) {
        if values.contains(.text("violated")) {
            finding.outcome = .violated
        } else if values.contains(.text("unknown")) {
            finding.outcome = .inconclusive
        }
        if finding.outcome != .passed, let record = trials.records.first(where: { !$0.verdict.isCorrect }) {
            finding.reason = "repetition \(record.plan.repetition): \(record.verdict)"
        }
    }

    /// The median of numbers; of words the one that isn't as the others, so that it shows.
    private static func middle(_ values: [Metric.Value]) -> Metric.Value? {
        let numbers = values.compactMap { if case .number(let number) = $0 { number } else { nil as Double? } }
        if let median = median(numbers) { return .number(median) }
        let words = values.compactMap { if case .text(let text) = $0 { text } else { nil as String? } }
        return (words.first { $0 != "correct" && $0 != "true" } ?? words.first).map { .text($0) }
    }

    /// Why nothing can be said of a cell's figures; nil where they may be relied upon.
    private static func objection(to trials: CellTrials) -> String? {
        for record in trials.records {
            let which = "repetition \(record.plan.repetition)"
            if record.isInterrupted { return "\(which) was broken off" }
            if !record.validity.isValid {
                return "\(which) is not valid: \(record.validity.notes.joined(separator: "; "))"
            }
            if !record.verdict.isCorrect { return "\(which) is not correct: \(record.verdict)" }
        }
        return nil
    }

    // MARK: The bound

    private func bound(_ condition: Threshold, _ trials: CellTrials) -> Result<Threshold.Bound, Obstacle> {
        guard case .baseline = condition.bound else { return .success(condition.bound) }
        let baseline: Baseline
        switch self.baseline {
        case .unusable(let reason): return .failure(Obstacle(reason))
        case .loaded(let loaded): baseline = loaded
        }
        let fewest = StoredCheck.fewestRepetitions
        guard trials.records.count >= fewest else {
            return .failure(Obstacle("\(trials.records.count) of at least \(fewest) repetitions were run"))
        }
        guard
            let figure = baseline.figure(
                condition.metric, operation: condition.operation, of: trials.cell.description, isExact: false)
        else {
            return .failure(
                Obstacle(
                    "the baseline has no \(condition.leftSide) of this cell: 'coordbench baseline update' takes it in"))
        }
        if let obstacle = obstacle(baseline, condition.metric, trials) { return .failure(obstacle) }
        guard let repetitions = figure.repetitions, repetitions >= fewest else {
            return .failure(
                Obstacle("the baseline rests on \(figure.repetitions ?? 0) of at least \(fewest) repetitions"))
        }
        guard figure.value != .number(0) else {
            return .failure(Obstacle("the baseline is 0, against which nothing can be measured"))
        }
        guard let bound = condition.bound(from: figure.value) else {
            return .failure(Obstacle("the baseline has '\(ValueText.of(figure.value))'"))
        }
        return .success(bound)
    }

    private func obstacle(_ baseline: Baseline, _ metric: Metric, _ trials: CellTrials) -> Obstacle? {
        guard let old = baseline.host else { return Obstacle("the baseline doesn't say which machine it is from") }
        guard let host else { return Obstacle("the results don't say which machine they are from") }
        let synced = trials.records.contains { $0.plan.durability == .synced }
        let differences = HostDistance(from: old, to: host).obstacles(
            synced: synced, isNormalised: metric.name.hasPrefix("floor_multiple"))
        guard !differences.isEmpty else { return nil }
        return Obstacle(
            "the baseline is from too different a machine (\(differences.map(\.description).joined(separator: "; "))); "
                + "make one on this machine, or gate multiples of the machine's floor (floor_multiple_p50)")
    }
}

extension Threshold {
    /// The metric as it was asked for, with its kind of operation.
    var leftSide: String { (operation.map { "\($0)." } ?? "") + metric.name }
}
