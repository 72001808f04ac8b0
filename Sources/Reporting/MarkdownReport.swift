import Harness
import Measurement
import ProtocolKit
import Verification

/// The report for people: what came out first, then everything behind it.
public enum MarkdownReport {
    /// The whole report.
    public static func text(of results: LoadedResults) -> String {
        var lines = head(results) + machine(results)
        for family in SystemDescriptor.Family.allCases {
            lines += tables(of: results.records.filter { $0.plan.family == family }, title: title(of: family))
        }
        lines += SaturationCurves.lines(of: results.records) + LatencyCurves.lines(of: results.records)
        lines += UnderFaults.lines(of: results.records) + audits(results.run.audits) + howToRead
        if !results.records.isEmpty {
            lines += ["## Details", ""]
            for record in results.records { lines += TrialDetails.lines(of: record) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func title(of family: SystemDescriptor.Family) -> String {
        switch family {
        case .consensus: "Consensus and replication"
        case .locks: "Locks"
        case .placement: "Placement"
        case .commit: "Atomic commit and transactions"
        }
    }

    private static func head(_ results: LoadedResults) -> [String] {
        let run = results.run
        let records = results.records
        func trials(_ count: Int) -> String { count == 1 ? "1 trial" : "\(HumanUnits.count(count)) trials" }
        var sentences = [
            records.count == run.plannedTrials
                ? "\(trials(records.count))"
                : "\(trials(records.count)) of \(HumanUnits.count(run.plannedTrials)) planned"
        ]
        for word in ["correct", "violated", "unknown"] {
            let count = records.count { $0.verdict.word == word }
            if count > 0 { sentences.append("\(HumanUnits.count(count)) \(word)") }
        }
        let invalid = records.count { !$0.validity.isValid }
        sentences.append(invalid == 0 ? "all valid" : "\(HumanUnits.count(invalid)) not valid")
        var lines = ["# coordbench report", "", "**\(sentences.joined(separator: ", ")).**", ""]
        for record in records where record.verdict.isViolated {
            lines.append("- **\(name(of: record)) broke its promise**: \(record.verdict)")
        }
        lines += results.problems.map { "- **Incomplete**: \($0)" }
        if !results.problems.isEmpty || records.contains(where: { $0.verdict.isViolated }) { lines.append("") }
        let end = run.ended.map { " to \($0)" } ?? ", never ended"
        lines += ["Run from \(run.started)\(end), coordbench \(run.programVersion):", ""]
        return lines + ["```", ReproduceCommand.text(of: run.commandLine), "```", ""]
    }

    static func name(of record: TrialRecord) -> String {
        "\(record.plan.number). \(MarkdownText.cell(record.plan.variant))"
    }

    private static func machine(_ results: LoadedResults) -> [String] {
        var lines = ["## Machine", ""]
        let host = results.run.host ?? results.records.lazy.compactMap(\.host).first
        if let host {
            let governor = host.frequencyGovernor.map { ", governor \($0)" } ?? ""
            lines += [
                "\(host.processorModel), \(host.processorCount) processors\(governor), "
                    + "\(HumanUnits.bytes(Double(host.memoryBytes))) of memory, \(host.operatingSystem), "
                    + "Linux \(host.kernel), logs on \(host.fileSystem), Swift \(host.swiftVersion), "
                    + "\(host.isOptimizedBuild ? "release" : "**debug**") build.", "",
            ]
        } else {
            lines += ["Unknown.", ""]
        }
        guard let floor = results.run.floor ?? results.records.lazy.compactMap(\.floor).first else { return lines }
        let steps: [(String, MachineFloor.Cost)] = [
            ("loopback round trip, 64 bytes", floor.loopbackRoundTrip), ("sync of one log", floor.sync),
            ("sync of one log among three", floor.syncAmongThree), ("thread hand-over", floor.threadHandOver),
            ("timer lateness", floor.timerLateness), ("clock reading", floor.clockRead),
        ]
        lines += ["| machine floor | median | p99 |", "|---|--:|--:|"]
        lines += steps.map { name, cost in
            "| \(name) | \(HumanUnits.duration(cost.medianNanoseconds)) | \(HumanUnits.duration(cost.p99Nanoseconds)) |"
        }
        return lines + [""]
    }

    private static func tables(of records: [TrialRecord], title: String) -> [String] {
        if records.isEmpty { return [] }
        var lines = ["## \(title)", ""]
        var groups: [String] = []
        for record in records where !groups.contains(record.plan.group) { groups.append(record.plan.group) }
        for group in groups {
            if !group.isEmpty { lines += ["### \(MarkdownText.cell(group))", ""] }
            lines += table(of: records.filter { $0.plan.group == group })
        }
        return lines
    }

    private static func table(of records: [TrialRecord]) -> [String] {
        let table = SummaryTable(records, withIntervals: true)
        var lines = MarkdownText.table(table.titles, isNumber: table.isNumber, rows: table.cells)
        lines.append("")
        for record in records where !record.validity.notes.isEmpty {
            lines += record.validity.notes.map { "- \(name(of: record)): \($0)" }
        }
        if lines.last != "" { lines.append("") }
        return lines
    }

    private static func audits(_ audits: [CostAuditRecord]) -> [String] {
        guard !audits.isEmpty else { return [] }
        let titles = AuditTable.titles
        return [
            "## What an operation costs by itself", "",
            "\(AuditTable.sentence(of: audits)). Counted in a simulation without faults, one operation at a time, the"
                + " client's two messages among the delays; heartbeats aren't counted.", "",
        ]
            + MarkdownText.table(
                titles, isNumber: [false, true, false, true, true, true, true, true, false],
                rows: AuditTable.rows(of: audits)) + [""]
    }

    private static let howToRead = [
        "## How to read this", "",
        "- **Latency** counts from the moment an operation was due by the schedule, so a stall shows in all that it"
            + " delayed. In a closed loop nothing is due before the last answer: its latencies say how fast a saturated"
            + " system answers, not what users would see.",
        "- **In parentheses** is the 95 % interval, dependence between neighbouring operations accounted for;"
            + " `n/a (needs N samples)` means that the window held fewer independent samples than that, `±?` that it was"
            + " too short to tell how many it held.",
        "- **× floor** is the median over the least that the algorithm's own message and sync delays take on this"
            + " machine. It travels from machine to machine better than the latency does.",
        "- **Jain** is 1 when all clients got the same and 1/n when one got everything.",
        "- **verdict**: `correct` was checked and held, `violated` has a counter-example below, `unknown` is not a pass.",
        "- **valid**: `no` means that the figures must not be relied upon; the notes say why.",
        "- **load** is arrival, then clients × operations that each has under way.", "",
    ]
}
