import Harness
import ProtocolKit

/// What tells the trials of a run apart, repetitions left out: the subject and its load, as text that stays the same from
/// run to run and from version to version. What has its usual value isn't named.
///
///     raft[batch=64], 3 nodes, synced, 16 × 1 closed, put=1, 5 s
public struct Cell: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The text.
    public let description: String

    /// A cell as it was written.
    public init(text: String) { description = text }

    /// The cell that a trial belongs to.
    public init(_ plan: PlannedTrial) {
        var words = [plan.variant]
        switch plan.subject {
        case .cluster:
            words.append("\(plan.nodes) \(plan.nodes == 1 ? "node" : "nodes")")
            words.append(plan.durability.rawValue)
            if plan.isolation != .processes { words.append(plan.isolation.rawValue) }
        case .threads: words.append("\(plan.clients) \(plan.clients == 1 ? "thread" : "threads")")
        case .function: words.append("\(plan.nodes) nodes")
        case .external: words.append("at \(plan.connect.joined(separator: " "))")
        }
        if let pairing = plan.pairing { words.append("arm \(pairing.arm.rawValue)") }
        words += Self.load(plan) + Self.workload(plan.workload, subject: plan.subject) + Self.course(plan)
        description = words.joined(separator: ", ")
    }

    /// By text.
    public static func < (left: Cell, right: Cell) -> Bool { left.description < right.description }

    private static func load(_ plan: PlannedTrial) -> [String] {
        switch plan.subject {
        case .function: return []
        case .threads:
            guard case .closed(let think) = plan.arrival, think > 0 else { return [] }
            return ["think \(time(think))"]
        case .cluster, .external:
            var words = [plan.loadText] + (plan.shape == .steady ? [] : ["\(plan.shape)"])
            if case .burst(let size, _) = plan.arrival { words.append("bursts of \(size)") }
            if case .trace(let trace) = plan.arrival { words.append("trace \(String(trace.fingerprint, radix: 16))") }
            return words
        }
    }

    private static func workload(_ load: WorkloadOptions, subject: PlannedTrial.Subject) -> [String] {
        var words = ["\(load.mix.description.replacing(",", with: " "))"]
        if load.keys != .uniform { words.append("\(load.keys) keys".replacing(",", with: " ")) }
        let usualKeys = subject == .function ? TrialDefaults.placedKeys : TrialDefaults.keyCount
        if load.keyCount != usualKeys { words.append("\(load.keyCount) keys") }
        if load.valueSize != .fixed(TrialDefaults.valueBytes) { words.append("\(load.valueSize) bytes") }
        let usualHold = subject == .threads ? TrialDefaults.threadHoldNanoseconds : 0
        if load.holdNanoseconds != usualHold { words.append("hold \(time(load.holdNanoseconds))") }
        if load.leaseNanoseconds != TrialDefaults.leaseNanoseconds {
            words.append("lease \(time(load.leaseNanoseconds))")
        }
        return words
    }

    private static func course(_ plan: PlannedTrial) -> [String] {
        var words = [time(plan.windowNanoseconds)]
        if plan.warmUpNanoseconds != TrialDefaults.warmUpNanoseconds {
            words.append("warm-up \(time(plan.warmUpNanoseconds))")
        }
        if plan.timeoutNanoseconds != TrialDefaults.timeoutNanoseconds {
            words.append("timeout \(time(plan.timeoutNanoseconds))")
        }
        if let requests = plan.requests { words.append("\(requests) requests") }
        if !plan.isJudged { words.append("not judged") }
        return words + plan.faults.map { "\($0)".replacing(",", with: " ") }
    }

    private static func time(_ nanoseconds: UInt64) -> String { Quantity.describe(nanoseconds: nanoseconds) }
}

/// The repetitions of one cell in a run.
public struct CellTrials: Sendable {
    /// The cell.
    public let cell: Cell
    /// Its trials, in the order in which they ran.
    public let records: [TrialRecord]
    /// Each trial's rows, which are costly to make and serve for all metrics.
    private let rows: [[MetricRow]]

    init(cell: Cell, records: [TrialRecord]) {
        self.cell = cell
        self.records = records
        rows = records.map(MetricRow.rows)
    }

    /// The trials of a run by cell, in the order in which the cells first ran; those that only warmed the machine up are
    /// left out.
    public static func of(_ records: [TrialRecord]) -> [CellTrials] {
        var order: [Cell] = []
        var members: [Cell: [TrialRecord]] = [:]
        for record in records where record.plan.pairing?.isWarmUp != true {
            let cell = Cell(record.plan)
            if members[cell] == nil { order.append(cell) }
            members[cell, default: []].append(record)
        }
        return order.map { CellTrials(cell: $0, records: members[$0] ?? []) }
    }

    /// The kinds of operation, then all together; only all together where there is but one kind.
    public var operations: [String] {
        var kinds: [String] = []
        for record in records {
            for operation in record.operations where !kinds.contains(operation.kind) { kinds.append(operation.kind) }
        }
        return kinds.count > 1 ? kinds + [OperationRecord.all] : [OperationRecord.all]
    }

    /// A metric's value in each trial that has it; `operation` nil for all kinds together.
    public func values(of metric: Metric, operation: String? = nil) -> [Metric.Value] {
        rows.compactMap { rows in
            rows.last { $0.operation.kind == operation ?? OperationRecord.all }.flatMap(metric.value(in:))
        }
    }

    /// A metric's numbers; empty for a text.
    public func numbers(of metric: Metric, operation: String? = nil) -> [Double] {
        values(of: metric, operation: operation).compactMap {
            if case .number(let number) = $0 { number } else { nil }
        }
    }
}
