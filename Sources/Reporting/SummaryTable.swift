import Harness
import Statistics

/// The table that sums up some trials, a row each; the Markdown report and the terminal print the same one.
struct SummaryTable {
    struct Column {
        var title: String
        var isNumber = true
        /// 0 for what must stand; the highest goes first where there is no room.
        var priority: Int
        var cell: (MetricRow) -> String?
    }

    var titles: [String]
    var isNumber: [Bool]
    var priorities: [Int]
    var cells: [[String]]

    /// The table of the rows that stand for whole trials; columns in which no row has anything are left out.
    init(_ records: [TrialRecord], withIntervals: Bool) {
        let rows = records.map(MetricRow.whole)
        let columns = Self.columns(withIntervals: withIntervals).map { column in (column, rows.map(column.cell)) }
            .filter { column, cells in column.priority == 0 || cells.contains { $0 != nil } }
        titles = columns.map(\.0.title)
        isNumber = columns.map(\.0.isNumber)
        priorities = columns.map(\.0.priority)
        cells = rows.indices.map { row in columns.map { $0.1[row] ?? "–" } }
    }

    private static func columns(withIntervals: Bool) -> [Column] {
        [
            Column(title: "system", isNumber: false, priority: 0) { $0.record.plan.variant },
            Column(title: "rep", priority: 8) { $0.plan.repetition > 1 ? "\($0.plan.repetition)" : nil },
            metric("nodes", "nodes", 4),
            Column(title: "durability", isNumber: false, priority: 5) { row in
                row.plan.subject == .cluster ? row.plan.durability.rawValue : nil
            },
            Column(title: "load", isNumber: false, priority: 2) { LoadText.of($0.plan) },
            metric("throughput", "throughput_per_s", 1),
            percentile("p50", 0.5, 1, withIntervals), percentile("p99", 0.99, 1, withIntervals),
            percentile("p99.9", 0.999, 3, withIntervals),
            Column(title: "× floor", priority: 3) { row in
                number("floor_multiple_p50", row).map { HumanUnits.fixed($0, 2) }
            },
            metric("Jain", "fairness_jain", 4),
            metric("overtakes", "overtakes", 4),
            metric("lookup", "lookup_ns", 2),
            metric("max/mean", "balance_max_over_mean", 2),
            metric("moved", "keys_moved_fraction", 2),
            metric("server CPU/op", "server_cpu_us_per_op", 6),
            metric("messages/op", "messages_per_op", 6),
            metric("syncs/op", "syncs_per_op", 6),
            Column(title: "errors", priority: 5) { row in
                row.operation.errorCount > 0 ? HumanUnits.count(row.operation.errorCount) : nil
            },
            Column(title: "verdict", isNumber: false, priority: 0) { $0.record.verdict.word },
            Column(title: "valid", isNumber: false, priority: 0) { $0.record.validity.isValid ? "yes" : "no" },
        ]
    }

    private static func metric(_ title: String, _ name: String, _ priority: Int) -> Column {
        guard let metric = Metric.named(name) else { preconditionFailure("no metric \(name)") }
        return Column(title: title, priority: priority) { row in
            metric.number(in: row).map { HumanUnits.text($0, of: metric) }
        }
    }

    private static func number(_ name: String, _ row: MetricRow) -> Double? {
        Metric.named(name)?.number(in: row)
    }

    private static func percentile(
        _ title: String, _ quantile: Double, _ priority: Int, _ withInterval: Bool
    ) -> Column {
        Column(title: title, priority: priority) {
            PercentileText.text($0.operation, quantile: quantile, withInterval: withInterval)
        }
    }
}

/// A latency percentile in words.
enum PercentileText {
    /// `1.20 ms (1.10–1.35 ms)`, `n/a (needs 3,688 samples)`, or `1.20 ms (±?)` where the window has too few intervals to
    /// tell what its samples are worth; nil without a sample.
    static func text(_ operation: OperationRecord, quantile: Double, withInterval: Bool) -> String? {
        guard let value = operation.latency.value(atPercentile: quantile * 100) else { return nil }
        let point = HumanUnits.duration(Double(value))
        switch operation.interval(ofQuantile: quantile) {
        case .interval(let interval):
            let bounds = "\(HumanUnits.duration(interval.lower)) – \(HumanUnits.duration(interval.upper))"
            return withInterval ? "\(point) (\(bounds))" : point
        case .tooFew(let needed): return withInterval ? "n/a (needs \(HumanUnits.count(needed)) samples)" : "n/a"
        case .dependenceUnknown: return withInterval ? "\(point) (±?)" : point
        }
    }
}

/// A trial's load in words.
enum LoadText {
    /// `closed 16×16`, `poisson 5,000 /s, 16×1`, `8 threads`; nil for a function.
    static func of(_ plan: PlannedTrial) -> String? {
        if plan.subject == .function { return nil }
        let users = "\(plan.clients)×\(plan.inFlight)"
        if let population = plan.population {
            return "closed \(users): " + population.map { "\($0)" }.joined(separator: " + ")
        }
        switch plan.arrival {
        case .closed(let think):
            let pause =
                think > 0 ? ", think \(plan.thinkLawName)\(HumanUnits.duration(Double(think)))" : ""
            return (plan.subject == .threads ? "\(plan.clients) threads" : "closed \(users)") + pause
        case .constant(let rate), .poisson(let rate), .burst(_, let rate):
            return "\(plan.arrivalName) \(HumanUnits.rate(rate)), \(users)"
        case .trace(let trace):
            return "trace \(plan.offeredPerSecond.map(HumanUnits.rate) ?? "of \(trace.arrivals) at once"), \(users)"
        }
    }
}
