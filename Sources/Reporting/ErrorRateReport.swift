import Analysis
import Harness
import Statistics

/// How often gates are wrong, as Markdown; a pure function of the summary.
public enum ErrorRateReport {
    /// The report.
    public static func markdown(of summary: ErrorRateSummary) -> String {
        let plan = summary.subject.plan
        let host = summary.subject.host
        var lines = [
            "# How often a paired gate is wrong on this machine", "",
            "`\(plan.line)`, trials of \(Quantity.describe(nanoseconds: plan.windowNanoseconds)) in turns of "
                + "\(Quantity.describe(nanoseconds: summary.subject.turnNanoseconds)), after "
                + "\(Quantity.describe(nanoseconds: plan.warmUpNanoseconds)) that warm up, on \(host.processorCount) processors "
                + "(\(host.processorModel)), \(host.operatingSystem).", "",
            "- margin \(ShiftWords.percent(summary.options.margin)), level \(ShiftWords.percent(summary.options.level))"
                + " over \(summary.subject.metrics.count) metrics: \(summary.subject.metrics.joined(separator: ", "))",
            "- pool: \(summary.blocks) blocks of \(TrialPool.Arm.allCases.count) trials in \(summary.sessions)"
                + " \(summary.sessions == 1 ? "recording" : "recordings"), \(summary.span.first) to \(summary.span.last)",
            "- a gate's block (A, its control and B) takes \(MetricText.number(rounded(summary.blockSeconds))) s", "",
        ]
        lines += inShort(summary)
        lines += [
            "## What was planted", "",
            "The shift of each slowed program over the whole pool, and the noise of one pair.", "",
        ]
        lines += MarkdownText.table(
            ["candidate", "planted", "metric", "shift", "bounds", "noise of a pair"],
            isNumber: [false, false, false, true, true, true], rows: effectRows(summary))
        lines += [
            "", "## Gate runs drawn from the pool", "",
            "On identical code the shares are of independent draws; on slowed code runs share trials, so that the interval"
                + " is that of the few runs which have no block in common.", "",
        ]
        lines += MarkdownText.table(
            ["gate", "blocks", "candidate", "runs", "regressed", "95 % interval", "improved", "inconclusive"],
            isNumber: [true, true, false, true, true, true, true, true], rows: lengthRows(summary))
        lines += ["", "## Real gate runs", ""]
        lines += gateLines(summary)
        return (lines + [""]).joined(separator: "\n")
    }

    /// What a gate of each length is worth, in a sentence.
    private static func inShort(_ summary: ErrorRateSummary) -> [String] {
        guard !summary.lengths.isEmpty else { return [] }
        let sentences = summary.lengths.map { length in
            let seen = summary.effects.compactMap { effect -> String? in
                guard effect.candidate != .tail, let shift = effect.shifts.first, let size = shift.shift,
                    let tally = length.slowed[effect.candidate]
                else { return nil }
                return "\(ShiftWords.difference(size)) \(shift.metric) in \(share(.regressed, tally))"
            }
            return "- A gate of \(Quantity.describe(nanoseconds: UInt64(length.seconds * 1e9))) calls identical code "
                + "regressed in \(share(.regressed, length.identical)) of runs "
                + "(\(bounds(.regressed, length.identical, isCounted: false)))"
                + (seen.isEmpty ? "" : ", and sees \(seen.joined(separator: ", and "))") + "."
        }
        return ["## In short", ""] + sentences + [""]
    }

    private static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }

    private static func effectRows(_ summary: ErrorRateSummary) -> [[String]] {
        summary.effects.flatMap { effect in
            effect.shifts.map { shift in
                [
                    effect.candidate.rawValue, planted(effect.candidate, summary), shift.metric,
                    shift.shift.map(ShiftWords.signed) ?? "n/a", shift.interval.map(ShiftWords.bounds) ?? "n/a",
                    shift.noise.map(ShiftWords.percent) ?? "n/a",
                ]
            }
        }
    }

    private static func planted(_ candidate: TrialPool.Arm, _ summary: ErrorRateSummary) -> String {
        guard let delay = summary.subject.slowdowns.delay(of: candidate) else { return "nothing" }
        let time = Quantity.describe(nanoseconds: delay.nanoseconds)
        return delay.every == 1 ? "\(time) each" : "\(time) every \(delay.every)"
    }

    private static func lengthRows(_ summary: ErrorRateSummary) -> [[String]] {
        summary.lengths.flatMap { length -> [[String]] in
            let gate = "\(Quantity.describe(nanoseconds: UInt64(length.seconds * 1e9)))"
            func row(_ name: String, _ tally: GateRehearsal.Tally, interval: GateRehearsal.Tally) -> [String] {
                [
                    gate, "\(length.blocks)", name, "\(tally.runs)", share(.regressed, tally),
                    bounds(.regressed, interval), share(.improved, tally), share(.inconclusive, tally),
                ]
            }
            return [row("identical", length.identical, interval: length.identical)]
                + ErrorRateSummary.slowed.compactMap { candidate in
                    length.slowed[candidate].map {
                        row(candidate.rawValue, $0, interval: length.apart[candidate] ?? GateRehearsal.Tally())
                    }
                }
        }
    }

    private static func share(_ verdict: ComparisonVerdict, _ tally: GateRehearsal.Tally) -> String {
        tally.share(verdict).map { ShiftWords.percent($0.share) } ?? "n/a"
    }

    private static func bounds(
        _ verdict: ComparisonVerdict, _ tally: GateRehearsal.Tally, isCounted: Bool = true
    ) -> String {
        guard let (_, interval) = tally.share(verdict) else { return "n/a" }
        return "\(ShiftWords.percent(interval.lower)) to \(ShiftWords.percent(interval.upper))"
            + (isCounted ? " (\(tally.runs))" : "")
    }

    private static func gateLines(_ summary: ErrorRateSummary) -> [String] {
        guard !summary.gates.runs.isEmpty else { return ["None yet."] }
        let rows = ErrorRateRun.gateCandidates.compactMap { candidate -> [String]? in
            let runs = summary.gates.runs.filter { $0.candidate == candidate }
            guard !runs.isEmpty else { return nil }
            let tally = summary.gates.tally(of: candidate)
            let name = candidate == .same1 ? "identical" : candidate.rawValue
            let shift = median(runs.compactMap { $0.shifts.first ?? nil })
            return [
                name, "\(runs.count)", "\(MetricText.number(median(runs.map { Double($0.blocks) }) ?? 0))",
                "\(MetricText.number(((median(runs.map(\.seconds)) ?? 0)).rounded())) s",
                shift.map(ShiftWords.signed) ?? "n/a", "\(tally[.regressed])",
                bounds(.regressed, tally), "\(tally[.improved])", "\(tally[.inconclusive])",
            ]
        }
        return MarkdownText.table(
            [
                "candidate", "runs", "blocks", "time", "\(summary.subject.metrics.first ?? "shift")", "regressed",
                "95 % interval", "improved", "inconclusive",
            ],
            isNumber: [false, true, true, true, true, true, true, true, true], rows: rows)
    }
}
