import Harness

/// Judges what a paired comparison said: only a shown change for the worse fails, and only a comparison that could be made
/// passes.
enum PairedJudge {
    /// A finding for each metric of each cell; a metric that nothing was said of is inconclusive.
    static func findings(
        _ check: PairedCheck, _ cells: [(cell: String, shifts: [MetricShift])]
    ) -> [GateFinding] {
        cells.flatMap { cell in
            check.metrics.flatMap { metric in
                let shifts = cell.shifts.filter { $0.metric == metric.name }
                let condition = "\(metric.name) not worse by more than \(MetricText.number(check.margin * 100)) %"
                guard !shifts.isEmpty else {
                    return [
                        GateFinding(
                            subject: cell.cell, condition: condition, outcome: .inconclusive,
                            reason: "\(metric.name) was not compared")
                    ]
                }
                return shifts.map { shift in
                    GateFinding(
                        subject: cell.cell, condition: condition, outcome: outcome(shift.verdict),
                        value: shift.b.map(MetricText.number), bound: shift.a.map(MetricText.number),
                        reason: shift.reason, shift: shift)
                }
            }
        }
    }

    private static func outcome(_ verdict: ChangeVerdict) -> GateOutcome {
        switch verdict {
        case .regressed, .changed: .failed
        case .improved, .noChangeShown: .passed
        case .inconclusive: .inconclusive
        }
    }
}
