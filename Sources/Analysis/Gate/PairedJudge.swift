import Harness

/// Judges what a paired comparison said: only a shown change for the worse fails, and only a comparison that could be made
/// passes.
enum PairedJudge {
    /// A finding for each metric of each cell; what stands in a cell's way is inconclusive, and so is a metric that nothing
    /// was said of.
    static func findings(_ check: PairedCheck, _ outcome: ComparisonOutcome) -> [GateFinding] {
        var findings = outcome.cells.flatMap { self.findings(check, $0) }
        func add(_ kind: GateOutcome) {
            findings.append(
                GateFinding(
                    subject: "\(outcome.a) and \(outcome.b)", condition: "the comparison can be relied upon",
                    outcome: kind, reason: outcome.sentence))
        }
        // What the comparison as a whole says can't be better than what its parts do.
        let worst = findings.map(\.outcome).max() ?? .passed
        if outcome.verdict == .violated { add(.violated) }
        if outcome.verdict == .regressed, worst < .failed { add(.failed) }
        if outcome.verdict == .inconclusive, worst < .inconclusive { add(.inconclusive) }
        return findings
    }

    private static func findings(_ check: PairedCheck, _ cell: CellComparison) -> [GateFinding] {
        let obstacles = (cell.problems + cell.doubts).map {
            GateFinding(
                subject: cell.title, condition: "the comparison can be relied upon", outcome: .inconclusive, reason: $0)
        }
        return obstacles
            + check.metrics.flatMap { metric in
                let shifts = cell.shifts.filter { $0.metric == metric.name }
                let condition = "\(metric.name) not worse by more than \(MetricText.number(check.margin * 100)) %"
                guard !shifts.isEmpty else {
                    return [
                        GateFinding(
                            subject: cell.title, condition: condition, outcome: .inconclusive,
                            reason: "\(metric.name) was not compared")
                    ]
                }
                return shifts.map { shift in
                    var finding = GateFinding(
                        subject: cell.title, condition: condition, outcome: outcome(shift.verdict),
                        value: shift.b.map(MetricText.number), bound: shift.a.map(MetricText.number),
                        reason: shift.reason, shift: shift)
                    if let resolution = check.resolution, shift.verdict == .noChangeShown,
                        shift.minimumDetectable ?? .infinity > resolution
                    {
                        finding.outcome = .inconclusive
                        finding.reason += "; a change of \(MetricText.number(resolution * 100)) % must be seen"
                    }
                    return finding
                }
            }
    }

    private static func outcome(_ verdict: ChangeVerdict) -> GateOutcome {
        switch verdict {
        case .regressed: .failed
        case .changed, .improved, .noChangeShown: .passed
        case .inconclusive: .inconclusive
        }
    }
}
