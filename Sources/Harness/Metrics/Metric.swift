import Measurement
import ProtocolKit

/// One figure or setting of a row, with all that CSV columns, thresholds, gates, reports and the documentation need to
/// know of it. ``all`` is the one list of them.
public struct Metric: Sendable {
    /// What a number counts, and so which units a threshold may use.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        /// A plain number.
        case number = "number"
        /// A share of one, 0...1.
        case share = "share of 1"
        /// Nanoseconds.
        case nanoseconds = "ns"
        /// Microseconds.
        case microseconds = "µs"
        /// Seconds.
        case seconds = "s"
        /// Events a second.
        case perSecond = "1/s"
        /// Bytes.
        case bytes = "bytes"
        /// Words, not a number.
        case text = "text"
    }

    /// Which way is better.
    public enum Direction: String, Sendable, Hashable {
        /// More is better.
        case higher = "higher is better"
        /// Less is better.
        case lower = "lower is better"
        /// Neither: a setting or a name.
        case neither = ""
    }

    /// Where a value comes from, and so how it may be gated.
    public enum Nature: String, Sendable, Hashable {
        /// Asked for in the plan.
        case setting
        /// Counted: in the simulator equal on every machine and every run, and gated exactly.
        case counted
        /// Measured: differs from run to run, and is gated by paired comparison.
        case measured
        /// A judgement.
        case judged
    }

    /// A value.
    public enum Value: Sendable, Hashable {
        /// A number in the metric's unit.
        case number(Double)
        /// A word or a text.
        case text(String)
    }

    /// The stable name: CSV column, gate files, `--fail-if`. It carries the unit.
    public let name: String
    /// Its unit.
    public let unit: Unit
    /// Which way is better.
    public let direction: Direction
    /// Where it comes from.
    public let nature: Nature
    /// Short names that thresholds also take.
    public let aliases: [String]
    /// The words that a text takes, where they are few; empty otherwise.
    public let words: [String]
    /// One line on what it is.
    public let summary: String
    private let extraction: @Sendable (MetricRow) -> Value?

    init(
        _ name: String, _ unit: Unit, _ direction: Direction, _ nature: Nature, aliases: [String] = [],
        words: [String] = [], _ summary: String, _ extraction: @escaping @Sendable (MetricRow) -> Value?
    ) {
        self.name = name
        self.unit = unit
        self.direction = direction
        self.nature = nature
        self.aliases = aliases
        self.words = words
        self.summary = summary
        self.extraction = extraction
    }

    /// A metric that is a number.
    static func number(
        _ name: String, _ unit: Unit, _ direction: Direction, _ nature: Nature, aliases: [String] = [],
        _ summary: String, _ extraction: @escaping @Sendable (MetricRow) -> Double?
    ) -> Metric {
        Metric(name, unit, direction, nature, aliases: aliases, summary) { row in
            extraction(row).flatMap { $0.isFinite ? .number($0) : nil }
        }
    }

    /// A metric that is a text.
    static func text(
        _ name: String, _ nature: Nature, words: [String] = [], _ summary: String,
        _ extraction: @escaping @Sendable (MetricRow) -> String?
    ) -> Metric {
        Metric(name, .text, .neither, nature, words: words, summary) { extraction($0).map(Value.text) }
    }

    /// The value in a row; nil where it was not measured or does not apply.
    public func value(in row: MetricRow) -> Value? { extraction(row) }

    /// The value as a number; nil where it is missing or a text.
    public func number(in row: MetricRow) -> Double? {
        if case .number(let number)? = value(in: row) { number } else { nil }
    }

    /// Whether equal runs in the simulator give equal values, so that a gate may ask for equality.
    public var isExact: Bool { nature == .counted }

    /// Every metric, in the order of the CSV's columns.
    public static let all: [Metric] = settings + outcome + latencies + fairness + costs + judgements

    /// The metric of this name or alias, of a measured row or of the simulator.
    public static func named(_ name: String) -> Metric? {
        let known = all + simulated
        return known.first { $0.name == name } ?? known.first { $0.aliases.contains(name) }
    }
}

/// What a row is of: a trial and one kind of its operations, or all kinds together.
public struct MetricRow: Sendable {
    /// The trial.
    public let record: TrialRecord
    /// The kind, or all.
    public let operation: OperationRecord
    /// Whether figures that only the trial as a whole has stand in this row too: in the row of all kinds, and in that
    /// of a kind which is the only one.
    public let standsForTrial: Bool

    init(record: TrialRecord, operation: OperationRecord, standsForTrial: Bool) {
        self.record = record
        self.operation = operation
        self.standsForTrial = standsForTrial
    }

    /// The row of all kinds together.
    public static func whole(_ record: TrialRecord) -> MetricRow {
        MetricRow(record: record, operation: record.allOperations, standsForTrial: true)
    }

    /// A trial's rows: one a kind, then the one of all kinds.
    public static func rows(of record: TrialRecord) -> [MetricRow] {
        record.operations.map {
            MetricRow(record: record, operation: $0, standsForTrial: record.operations.count == 1)
        } + [whole(record)]
    }

    /// The plan of the trial.
    public var plan: PlannedTrial { record.plan }

    /// A figure that the trial as a whole has.
    func ofTrial<Value>(_ value: @autoclosure () -> Value?) -> Value? {
        standsForTrial ? value() : nil
    }

    /// A whole trial's count for each operation that succeeded in the window.
    func perOperation(_ count: UInt64?) -> Double? {
        guard standsForTrial, let count, let operations = successesInWindow, operations > 0 else { return nil }
        return Double(count) / Double(operations)
    }

    /// Successes that ended inside the window.
    var successesInWindow: UInt64? { operation.completedInWindow ?? operation.completed }

    /// The least that an operation must take here, by the paper's delays and the machine floor, in nanoseconds; nil
    /// where either is not known, or kinds of different cost are mixed.
    public var floorNanoseconds: Double? {
        guard let floor = record.floor else { return nil }
        let kinds =
            operation.kind == OperationRecord.all ? record.operations.map(\.kind) : [operation.kind]
        let costs = kinds.map { kind in record.costs.first { $0.kind == kind } }
        guard let first = costs.first, let cost = first else { return nil }
        let isAlike = costs.allSatisfy {
            $0?.messageDelays == cost.messageDelays && $0?.syncDelays == cost.syncDelays
                && $0?.disksBusy == cost.disksBusy
        }
        // A record comes from a file: its numbers may be anything.
        guard isAlike, cost.messageDelays >= 0, cost.syncDelays >= 0 else { return nil }
        let syncs = plan.durability == .synced ? cost.syncDelays : 0
        let nanoseconds = floor.floorNanoseconds(
            messageDelays: Double(cost.messageDelays), syncDelays: Double(syncs), disksBusy: cost.disksBusy)
        return nanoseconds > 0 ? nanoseconds : nil
    }
}
