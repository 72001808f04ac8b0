import Harness
import Statistics

/// A cell's figures, sorted out, before its metrics are judged.
struct SortedCell {
    var title: String
    /// What is looked at.
    let metrics: [ComparedMetric]
    /// For each metric the values of A's trials; where paired, in the order of the blocks.
    let a: [[Double?]]
    /// B's.
    let b: [[Double?]]
    /// The control's; empty where nothing is paired.
    let control: [[Double?]]
    let soundness: TrialSoundness
}

extension SortedCell {
    /// A cell of these trials, with the metrics asked for, or the usual ones that any of the trials has measured.
    init(
        title: String, a: [TrialRecord], b: [TrialRecord], control: [TrialRecord] = [], soundness: TrialSoundness,
        _ options: ComparisonOptions
    ) {
        let rows = (a: a.map(MetricRow.rows), b: b.map(MetricRow.rows), control: control.map(MetricRow.rows))
        var metrics = options.metrics
        if metrics.isEmpty, let plan = (a + b).first?.plan {
            metrics = ComparedMetric.usual(for: plan).filter { metric in
                (rows.a + rows.b).contains { metric.value(in: $0) != nil }
            }
        }
        func values(_ trials: [[MetricRow]]) -> [[Double?]] {
            metrics.map { metric in trials.map { metric.value(in: $0) } }
        }
        self.init(
            title: title, metrics: metrics, a: values(rows.a), b: values(rows.b), control: values(rows.control),
            soundness: soundness)
    }

    /// How many trials the side has that has fewer.
    var samples: Int { min(a.first?.count ?? 0, b.first?.count ?? 0) }
}

/// Judges the metrics of all cells as one family.
struct FamilyJudgement {
    let options: ComparisonOptions
    let isPaired: Bool
    let cells: [SortedCell]

    /// The cells, judged.
    func judged() -> [CellComparison] {
        let count = max(1, cells.reduce(0) { $0 + $1.metrics.count })
        let judge = ShiftJudge(options: options, count: count)
        var shifts = cells.map { cell in
            cell.metrics.indices.map { place in
                let (metric, a, b) = (cell.metrics[place], cell.a[place], cell.b[place])
                return isPaired ? judge.paired(metric, a: a, b: b) : judge.unpaired(metric, a: a, b: b)
            }
        }
        var controls = cells.map { cell in
            isPaired
                ? cell.metrics.indices.map {
                    judge.paired(cell.metrics[$0], a: cell.a[$0], b: cell.control[$0])
                } : []
        }
        Self.adjust(&shifts)
        Self.adjust(&controls)
        let differing = controls.flatMap { $0 }.map(\.shift).first { $0.verdict.isDifference }
        return cells.indices.map { index in
            conclude(cells[index], shifts[index].map(\.shift), controls[index].map(\.shift), differing: differing)
        }
    }

    /// Adjusts p-values for the whole family.
    private static func adjust(_ judged: inout [[ShiftJudge.Judged]]) {
        let adjusted = holmAdjusted(judged.flatMap { $0.compactMap(\.pValue) })
        var next = 0
        for cell in judged.indices {
            for place in judged[cell].indices where judged[cell][place].pValue != nil {
                judged[cell][place].shift.pValue = adjusted[next]
                next += 1
            }
        }
    }

    private func conclude(
        _ cell: SortedCell, _ shifts: [MetricShift], _ control: [MetricShift], differing: MetricShift?
    ) -> CellComparison {
        var comparison = CellComparison(
            title: cell.title, samples: cell.samples, shifts: [], control: [],
            problems: cell.soundness.problems, doubts: cell.soundness.doubts, sentence: "")
        comparison.shifts = shifts.indices.map { index in
            var shift = shifts[index]
            shift.reason = ShiftWords.sentence(shift, margin: options.margin)
            if index < control.count, control[index].verdict == .inconclusive, shift.verdict != .inconclusive {
                shift.verdict = .inconclusive
                shift.reason += "; but the control can't be told: \(control[index].reason)"
            } else if let differing {
                shift.verdict = .inconclusive
                shift.reason += "; but A's control differs from A in \(differing.metric)"
            } else if !cell.soundness.problems.isEmpty {
                shift.verdict = .inconclusive
            }
            return shift
        }
        comparison.control = control.map { shift in
            var shift = shift
            shift.reason = ShiftWords.sentence(shift, margin: options.margin, b: "the control")
            return shift
        }
        comparison.sentence = CellWords.sentence(comparison, isPaired: isPaired)
        return comparison
    }
}

/// What was found in a cell, in a sentence or two.
enum CellWords {
    static func sentence(_ cell: CellComparison, isPaired: Bool) -> String {
        let samples = (isPaired ? "pair" : "trial") + (cell.samples == 1 ? "" : "s") + (isPaired ? "" : " a side")
        let over = "over \(cell.samples) \(samples)"
        if !cell.problems.isEmpty { return "nothing can be said: \(cell.problems.joined(separator: "; "))" }
        guard !cell.shifts.isEmpty else { return "nothing can be said: no metric was measured" }
        if let differing = cell.control.first(where: \.verdict.isDifference) {
            return "nothing can be said: A differs from itself \(over): \(differing.reason)"
        }
        let told = cell.shifts.filter { $0.verdict != .noChangeShown }
        var sentences: [String] = []
        for shift in told where !sentences.contains(shift.reason) { sentences.append(shift.reason) }
        let same = cell.shifts.filter { $0.verdict == .noChangeShown }
        if !same.isEmpty {
            let seen = same.map { shift in
                shift.metric
                    + (shift.minimumDetectable.map {
                        " (the smallest that would have been seen: \(ShiftWords.percent($0)))"
                    } ?? "")
            }
            sentences.append("no change shown in \(seen.joined(separator: ", "))")
        }
        let isMeasured = cell.shifts.contains { $0.interval != nil }
        return sentences.joined(separator: "; ") + (isMeasured ? " \(over)" : "")
            + cell.doubts.map { "; \($0)" }.joined()
    }
}

extension ComparisonOutcome {
    /// The result of judged cells.
    init(
        a: String, b: String, isPaired: Bool, options: ComparisonOptions, cells: [CellComparison], notes: [String],
        isViolated: Bool
    ) {
        let verdict = Self.verdict(of: cells, isViolated: isViolated)
        self.init(
            a: a, b: b, isPaired: isPaired, margin: options.margin, level: options.level, cells: cells, notes: notes,
            verdict: verdict, sentence: Self.sentence(verdict, cells, margin: options.margin))
    }

    private static func verdict(of cells: [CellComparison], isViolated: Bool) -> ComparisonVerdict {
        if isViolated { return .violated }
        let shifts = cells.flatMap(\.shifts)
        if cells.contains(where: { $0.control.contains(where: \.verdict.isDifference) }) { return .inconclusive }
        if shifts.contains(where: { $0.verdict == .regressed }) { return .regressed }
        let isDoubtful = cells.contains {
            !$0.problems.isEmpty || !$0.doubts.isEmpty || $0.shifts.isEmpty
                || ($0.shifts + $0.control).contains { $0.verdict == .inconclusive }
        }
        if isDoubtful || cells.isEmpty { return .inconclusive }
        if shifts.contains(where: { $0.verdict == .changed }) { return .changed }
        return shifts.contains { $0.verdict == .improved } ? .improved : .noChangeShown
    }

    private static func sentence(
        _ verdict: ComparisonVerdict, _ cells: [CellComparison], margin: Double
    ) -> String {
        let shifts = cells.flatMap(\.shifts)
        func count(_ wanted: ChangeVerdict) -> String {
            "\(shifts.count { $0.verdict == wanted }) of \(shifts.count) \(shifts.count == 1 ? "metric" : "metrics")"
        }
        let beyond = "by more than \(ShiftWords.percent(margin))"
        switch verdict {
        case .violated: return "violated: a trial broke what its system promises, so times don't matter"
        case .inconclusive: return "inconclusive: \(count(.inconclusive)) can't be told; this is not a pass"
        case .regressed: return "regressed: \(count(.regressed)) worse in B \(beyond)"
        case .changed: return "changed: \(count(.changed)) other in B \(beyond), none worse"
        case .improved: return "improved: \(count(.improved)) better in B \(beyond), none worse"
        case .noChangeShown: return "no change shown: no metric differs \(beyond) as far as can be told"
        }
    }
}
