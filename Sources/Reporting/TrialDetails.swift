import Harness
import Measurement
import ProtocolKit
import Verification

/// The part of the report on one trial: the figures by kind, the accounts, the verdicts in full, the notes.
enum TrialDetails {
    static func lines(of record: TrialRecord) -> [String] {
        let plan = record.plan
        var setting: [String] = []
        if plan.subject != .threads { setting.append(plan.nodes == 1 ? "1 node" : "\(plan.nodes) nodes") }
        if plan.subject == .cluster { setting += [plan.durability.rawValue, plan.isolation.rawValue] }
        if let load = LoadText.of(plan) { setting.append(load) }
        setting.append("repetition \(plan.repetition)")
        var lines = ["### \(MarkdownReport.name(of: record)): \(setting.joined(separator: ", "))", ""]
        lines += MarkdownText.fenced(ReproduceCommand.text(of: plan)) + [""]
        lines += kinds(record) + costs(record) + accounts(record) + verdicts(record) + notes(record)
        return lines
    }

    private static func kinds(_ record: TrialRecord) -> [String] {
        let rows = MetricRow.rows(of: record)
        let shown = record.operations.count == 1 ? Array(rows.prefix(1)) : rows
        let titles = [
            "operation", "completed", "errors", "p50", "p99", "p99.9", "max", "service p50", "floor", "× floor",
        ]
        let cells = shown.map { row in
            let operation = row.operation
            func percentile(_ quantile: Double) -> String {
                PercentileText.text(operation, quantile: quantile, withInterval: true) ?? "–"
            }
            let service = operation.service?.value(atPercentile: 50).map { HumanUnits.duration(Double($0)) }
            let multiple = Metric.named("floor_multiple_p50")?.number(in: row).map { HumanUnits.fixed($0, 2) }
            return [
                operation.kind, HumanUnits.count(operation.completed), HumanUnits.count(operation.errorCount),
                percentile(0.5), percentile(0.99), percentile(0.999),
                operation.latency.max.map { HumanUnits.duration(Double($0)) } ?? "–", service ?? "–",
                row.floorNanoseconds.map(HumanUnits.duration) ?? "–", multiple ?? "–",
            ]
        }
        var lines = MarkdownText.table(titles, isNumber: [false] + titles.dropFirst().map { _ in true }, rows: cells)
        lines.append("")
        if let timeline = record.timeline, timeline.count > 0 {
            let interval = HumanUnits.duration(Double(timeline.intervalNanoseconds))
            lines += ["Throughput over the window, \(interval) intervals: `\(Sparkline.throughput(of: timeline))`", ""]
        }
        return lines
    }

    private static func costs(_ record: TrialRecord) -> [String] {
        var lines: [String] = []
        for cost in record.costs {
            // Only a synced log is waited for.
            var parts = ["\(cost.messageDelays) message delays", "\(cost.messages) messages between nodes"]
            if record.plan.durability == .synced {
                parts.append(cost.syncDelays == 1 ? "1 sync delay" : "\(cost.syncDelays) sync delays")
            }
            lines.append("- By the paper, `\(cost.kind)` costs \(parts.joined(separator: ", ")).")
        }
        let whole = MetricRow.whole(record)
        let names = [
            "messages_per_op", "bytes_per_op", "syncs_per_op", "log_bytes_per_op", "server_cpu_us_per_op",
            "generator_cpu_us_per_op", "server_context_switches_per_op", "server_allocations_per_op",
        ]
        let measured = names.compactMap(Metric.named).compactMap { metric in
            metric.number(in: whole).map { "\(metric.label) \(HumanUnits.text($0, of: metric))" }
        }
        if !measured.isEmpty { lines.append("- Each operation took: \(measured.joined(separator: ", ")).") }
        if let peak = record.server.peakResidentBytes {
            lines.append("- Peak memory of a server process: \(HumanUnits.bytes(Double(peak))).")
        }
        return lines
    }

    private static func accounts(_ record: TrialRecord) -> [String] {
        var lines = ["- Accounts: \(record.arrivals.sentence)."]
        for operation in record.operations where !operation.errors.isEmpty {
            let errors = operation.errors.map { "\($0.name) \(HumanUnits.count($0.count))" }
            lines.append("- Errors of `\(operation.kind)`: \(errors.joined(separator: ", ")).")
        }
        if let fairness = record.fairness {
            lines.append(
                "- Fairness over \(record.completedPerClient.count) clients: Jain \(HumanUnits.fixed(fairness.jainIndex, 4)),"
                    + " least share \(HumanUnits.fixed(fairness.minimumShare, 3)),"
                    + " better half \(HumanUnits.fixed(fairness.topHalfShare, 3)).")
        }
        if let waiters = record.waiterFairness {
            lines.append(
                "- Waiters: \(HumanUnits.count(waiters.overtakes)) overtakes,"
                    + " longest wait \(HumanUnits.duration(Double(waiters.longestWaitNanoseconds))).")
        }
        for (name, histogram) in [
            ("Wake lateness", record.generator.wakeLateness), ("Back-pressure wait", record.generator.backPressureWait),
        ] {
            guard let values = histogram?.values(atPercentiles: [50, 99, 100]) else { continue }
            let words = values.map { HumanUnits.duration(Double($0)) }
            lines.append("- \(name) of the generator: p50 \(words[0]), p99 \(words[1]), max \(words[2]).")
        }
        if !record.events.isEmpty {
            let events = record.events.map { "\($0.name) \(HumanUnits.count($0.count))" }
            lines.append("- Events: \(events.joined(separator: ", ")).")
        }
        let others = record.extras.filter { Metric.named($0.name) == nil }
        if !others.isEmpty {
            let words = others.map { "\($0.name) \(HumanUnits.number($0.value))" }
            lines.append("- Further figures: \(words.joined(separator: ", ")).")
        }
        return lines
    }

    private static func verdicts(_ record: TrialRecord) -> [String] {
        if record.verdicts.isEmpty { return ["- Verdict: \(record.verdict)."] }
        var lines: [String] = []
        for judged in record.verdicts {
            let reason = judged.verdict.reason.map { " (\($0))" } ?? ""
            lines.append("- **\(judged.property)**: \(judged.verdict.word)\(reason); \(judged.basis).")
            if let counterexample = judged.verdict.counterexample {
                lines += [""] + MarkdownText.fenced(counterexample.text) + [""]
                if let name = CounterexampleExport.name(of: judged.property, in: record) {
                    lines += ["![\(judged.property) broken](\(ResultsFolder.counterexamples)/\(name))", ""]
                }
            }
        }
        return lines
    }

    private static func notes(_ record: TrialRecord) -> [String] {
        var lines = record.validity.notes.map { note in
            let isOnlyNote = record.validity.isValid || note.hasPrefix(Validity.Reason.tooFewSamples.rawValue)
            return "- \(isOnlyNote ? "Note" : "Not valid"): \(note)."
        }
        if let steadiness = record.steadiness { lines.append("- Steadiness: \(steadiness.reason).") }
        if let activity = record.hostActivity, activity.stealShare > 0 {
            lines.append("- Stolen by the hypervisor: \(HumanUnits.fixed(activity.stealShare * 100, 1)) %.")
        }
        lines += record.warnings.map { "- Warning: \($0)" }
        return lines + [""]
    }
}

extension Metric {
    /// The name in words, without the unit that the value carries.
    fileprivate var label: String {
        name.replacing("_us_per_op", with: "").replacing("_per_op", with: "").replacing("_", with: " ").replacing(
            "cpu", with: "CPU")
    }
}
