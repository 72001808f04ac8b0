import Harness
import ProtocolKit

/// The report's tables on trials with faults: who was served on which side, what the answers were worth.
enum UnderFaults {
    static func lines(of records: [TrialRecord]) -> [String] {
        let struck = records.filter { !$0.availability.isEmpty }
        var lines: [String] = []
        var schedules: [[String]] = []
        for record in struck where !schedules.contains(schedule(of: record)) { schedules.append(schedule(of: record)) }
        for schedule in schedules {
            let members = struck.filter { self.schedule(of: $0) == schedule }
            lines += ["### Under faults: \(MarkdownText.cell(schedule.joined(separator: ", then ")))", ""]
            lines += table(members) + [""]
            lines += failures(members)
        }
        return lines.isEmpty
            ? []
            : ["## Availability and consistency under faults", ""] + lines + [
                "A share is that of the operations begun in the period that were answered; in parentheses the share of"
                    + " its 20 ms slots in which somebody on the side got an answer, and the longest time without one."
                    + " *Earned* is the strongest model that the clients' history is proved to keep, whatever was promised:"
                    + " linearizable, sequential, regular, session or eventual. A read is stale when a newer version had"
                    + " been acknowledged before it began; counted are such versions, and the time since the first.",
                "",
            ]
    }

    private static func schedule(of record: TrialRecord) -> [String] {
        record.plan.faults.map { "\($0.text) at \(HumanUnits.duration(Double($0.afterNanoseconds)))" }
    }

    private static func table(_ records: [TrialRecord]) -> [String] {
        let periods = records.map { Set($0.availability.map(\.fromNanoseconds)).count }.max() ?? 0
        let names = ["at first"] + (records.first?.plan.faults.map(\.text) ?? [])
        let titles = ["system", "side"] + names.prefix(periods) + ["promise", "verdict", "earned", "stale reads"]
        var rows: [[String]] = []
        for record in records {
            var sides: [String] = []
            for period in record.availability where !sides.contains(period.side) { sides.append(period.side) }
            for (place, side) in sides.enumerated() {
                let own = record.availability.filter { $0.side == side }
                let cells = (0..<periods).map { $0 < own.count ? cell(own[$0]) : "" }
                rows.append(
                    [place == 0 ? record.plan.variant : "", side] + cells
                        + (place == 0
                            ? [
                                record.verdicts.map(\.property).joined(separator: ", "), record.verdict.word,
                                earned(record), staleness(record),
                            ]
                            : ["", "", "", ""]))
            }
        }
        return MarkdownText.table(titles, isNumber: titles.map { _ in false }, rows: rows)
    }

    private static func cell(_ period: AvailabilityRecord) -> String {
        let kinds = period.kinds.compactMap { kind in
            kind.availability.map { "\(kind.kind) \(percent($0))" }
        }
        var remarks: [String] = []
        if let share = period.servedShare, share < 1 { remarks.append("\(percent(share)) of the time") }
        let silence = period.longestSilenceNanoseconds
        if silence > noteworthySilence { remarks.append("silent \(HumanUnits.duration(Double(silence)))") }
        let tried = kinds.isEmpty ? "nothing tried" : kinds.joined(separator: ", ")
        return remarks.isEmpty ? tried : "\(tried) (\(remarks.joined(separator: ", ")))"
    }

    /// The strongest model that was kept.
    private static func earned(_ record: TrialRecord) -> String {
        guard let evidence = record.consistency else { return "" }
        guard let model = evidence.earned else { return "none" }
        return evidence.isSettled ? model.rawValue : "\(model.rawValue) at least"
    }

    /// How many reads were stale, and how stale the stalest.
    private static func staleness(_ record: TrialRecord) -> String {
        guard let report = record.consistency?.staleness, report.reads > 0 else { return "" }
        guard report.staleReads > 0 else { return "none" }
        return "\(percent(report.staleShare)), up to \(HumanUnits.count(Int(report.versions.max))) version"
            + (report.versions.max == 1 ? "" : "s") + " or "
            + HumanUnits.duration(Double(report.nanoseconds.max))
    }

    /// Silences below this are what any load has.
    private static let noteworthySilence: UInt64 = 50_000_000

    private static func percent(_ share: Double) -> String {
        if share == 0 || share == 1 { return "\(Int(share * 100)) %" }
        if share < 0.000_05 { return "< 0.01 %" }
        if share > 0.999_95 { return "> 99.99 %" }
        // A share that is not whole must not look whole.
        return "\(HumanUnits.fixed(share * 100, share > 0.99 || share < 0.01 ? 2 : 0)) %"
    }

    private static func failures(_ records: [TrialRecord]) -> [String] {
        let failed = records.flatMap { record in
            record.faults.compactMap { fault in
                fault.failure.map {
                    "- \(MarkdownReport.name(of: record)): \(MarkdownText.cell("\(fault.fault): \($0)"))"
                }
            }
        }
        return failed.isEmpty ? [] : failed + [""]
    }
}
