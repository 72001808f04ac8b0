import Harness

/// A metric of one kind of operation, or of all together: `throughput`, `p99`, `put.p99`.
public struct ComparedMetric: Sendable, Hashable, CustomStringConvertible {
    /// The metric.
    public let metric: Metric
    /// The kind of operation; nil for all together.
    public let operation: String?

    /// A metric of all kinds, or of one.
    public init(_ metric: Metric, operation: String? = nil) {
        self.metric = metric
        self.operation = operation
    }

    /// Reads a metric as thresholds name it: by its name or alias, after a kind of operation and a dot.
    ///
    /// - Throws: ``ComparisonError`` where there is none, naming what was probably meant, or it is no figure.
    public init(parsing text: String) throws(ComparisonError) {
        let dot = text.lastIndex(of: ".")
        let name = dot.map { String(text[text.index(after: $0)...]) } ?? text
        let kind = dot.map { String(text[..<$0]) }
        guard let metric = Metric.named(name) else {
            let figures = Metric.all.filter { $0.nature != .setting && $0.unit != .text }
            throw .unknownMetric(
                name, nearest: NearestName.of(name, among: figures.flatMap { [$0.name] + $0.aliases }))
        }
        guard metric.nature != .setting, metric.unit != .text else { throw .notAFigure(metric.name) }
        self.init(metric, operation: kind == OperationRecord.all ? nil : kind)
    }

    /// The name in the registry, after the kind where it is of one.
    public var description: String { (operation.map { "\($0)." } ?? "") + metric.name }

    /// Two are the same if their names are.
    public static func == (left: ComparedMetric, right: ComparedMetric) -> Bool {
        left.description == right.description
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// The value in a trial; nil where it was not measured.
    public func value(in record: TrialRecord) -> Double? { value(in: MetricRow.rows(of: record)) }

    /// The value in a trial's rows, which are costly to make and serve for all metrics.
    func value(in rows: [MetricRow]) -> Double? {
        guard let operation else { return rows.last.flatMap { metric.number(in: $0) } }
        return rows.first { $0.operation.kind == operation }.flatMap { metric.number(in: $0) }
    }

    /// What is looked at where nothing is asked for: throughput of a closed loop and median and p99 of an open one, what
    /// an operation costs the servers, and fairness; the time of a lookup for a function. Those that no trial has measured
    /// are left out later.
    public static func usual(for plan: PlannedTrial) -> [ComparedMetric] {
        let load: [String]
        switch (plan.subject, plan.arrival) {
        case (.function, _): load = ["lookup_ns"]
        case (_, .closed): load = ["throughput_per_s"]
        case (_, _): load = ["latency_p50_ns", "latency_p99_ns"]
        }
        return (load + ["server_cpu_us_per_op", "fairness_jain"]).compactMap { Metric.named($0) }
            .map { ComparedMetric($0) }
    }
}
