import Harness
import Measurement
import Statistics

/// Figures that later ones are held against: medians of a run with their spread and the machine they come from, and exact
/// figures of the simulator, which come from no machine.
public struct Baseline: Sendable, Equatable {
    /// The version of this form.
    public static let currentSchema = "coordbench.baseline/1"
    /// The file's name in a baseline's folder.
    public static let fileName = "baseline.csv"
    /// Where a baseline is unless another folder is named.
    public static let usualFolder = "results/baseline"

    /// One figure, by what tells it from others.
    public struct Key: Sendable, Hashable, Comparable {
        /// Whether it comes from the simulator.
        public var isExact: Bool
        /// The cell, or the system and its number of nodes.
        public var subject: String
        /// The kind of operation, or all.
        public var operation: String
        /// The metric's name in the registry.
        public var metric: String

        /// A key of its parts.
        public init(isExact: Bool, subject: String, operation: String, metric: String) {
            self.isExact = isExact
            self.subject = subject
            self.operation = operation
            self.metric = metric
        }

        /// Exact ones first, then by subject, operation and metric.
        public static func < (left: Key, right: Key) -> Bool {
            if left.isExact != right.isExact { return left.isExact }
            return (left.subject, left.operation, left.metric) < (right.subject, right.operation, right.metric)
        }
    }

    /// What a figure was.
    public struct Figure: Sendable, Hashable {
        /// The exact value, or the median of the repetitions, in the metric's unit.
        public var value: Metric.Value
        /// The least of the repetitions; nil for an exact one.
        public var lowest: Double?
        /// The greatest of the repetitions; nil for an exact one.
        public var highest: Double?
        /// How many repetitions there were; nil for an exact one.
        public var repetitions: Int?

        /// A figure of its parts.
        public init(value: Metric.Value, lowest: Double? = nil, highest: Double? = nil, repetitions: Int? = nil) {
            self.value = value
            self.lowest = lowest
            self.highest = highest
            self.repetitions = repetitions
        }
    }

    /// The machine that the measured figures come from; nil without any.
    public var host: HostFacts?
    /// What those exact figures that depend on it were built by; nil without any.
    public var toolchain: Toolchain?
    /// The figures.
    public var figures: [Key: Figure]

    /// A baseline of its parts.
    public init(host: HostFacts? = nil, toolchain: Toolchain? = nil, figures: [Key: Figure] = [:]) {
        self.host = host
        self.toolchain = toolchain
        self.figures = figures
    }

    /// What is kept of every cell unless other metrics are named.
    public static let usualMetrics = [
        "throughput_per_s", "latency_p50_ns", "latency_p99_ns", "floor_multiple_p50", "server_cpu_us_per_op",
        "server_allocations_per_op", "messages_per_op", "bytes_per_op", "syncs_per_op", "lookup_ns",
        "balance_max_over_mean", "keys_moved_fraction", "fairness_jain",
    ]

    /// Takes the measured figures of a run in, in place of those of the same cells; those of another machine go.
    ///
    /// - Returns: trials that were left out since they are not correct or not valid, a sentence each.
    public mutating func take(_ records: [TrialRecord], host newHost: HostFacts?, metrics: [Metric]) -> [String] {
        var leftOut: [String] = []
        var sound: [TrialRecord] = []
        for record in records {
            if record.verdict.isCorrect, record.validity.isValid {
                sound.append(record)
            } else {
                let why = record.verdict.isCorrect ? record.validity.notes.joined(separator: "; ") : "\(record.verdict)"
                leftOut.append("trial \(record.plan.number), \(record.plan.line), is left out: \(why)")
            }
        }
        guard !sound.isEmpty else { return leftOut }
        if let host, let newHost, !HostDistance(from: host, to: newHost).isNear(synced: true) {
            figures = figures.filter { $0.key.isExact }
        }
        host = newHost ?? host
        for trials in CellTrials.of(sound) {
            let subject = trials.cell.description
            figures = figures.filter { $0.key.isExact || $0.key.subject != subject }
            for operation in trials.operations {
                for metric in metrics {
                    let numbers = trials.numbers(of: metric, operation: operation)
                    guard numbers.count == trials.records.count, let middle = median(numbers) else { continue }
                    let key = Key(isExact: false, subject: subject, operation: operation, metric: metric.name)
                    figures[key] = Figure(
                        value: .number(middle), lowest: numbers.min(), highest: numbers.max(),
                        repetitions: numbers.count)
                }
            }
        }
        return leftOut
    }

    /// Takes exact figures of some metrics in, in place of the same ones of the same systems; where they depend on the
    /// toolchain, those of another one go.
    public mutating func take(
        _ subjects: [ExactFigures], metrics: Set<String>, toolchain current: Toolchain = .current
    ) {
        if metrics.contains(where: Self.isOfToolchain), toolchain != current {
            figures = figures.filter { !Self.isOfToolchain($0.key.metric) }
            toolchain = current
        }
        for subject in subjects {
            figures = figures.filter {
                !$0.key.isExact || $0.key.subject != subject.subject || !metrics.contains($0.key.metric)
            }
            for figure in subject.figures where metrics.contains(figure.metric) {
                guard let value = figure.value else { continue }
                let key = Key(
                    isExact: true, subject: subject.subject, operation: figure.operation, metric: figure.metric)
                figures[key] = Figure(value: value)
            }
        }
    }

    private static func isOfToolchain(_ metric: String) -> Bool { Metric.named(metric)?.isOfToolchain ?? false }

    /// What a condition compares a measured cell with.
    public func figure(
        _ metric: Metric, operation: String?, of subject: String, isExact: Bool
    ) -> Figure? {
        figures[
            Key(
                isExact: isExact, subject: subject, operation: operation ?? OperationRecord.all, metric: metric.name)]
    }
}

/// How far two machines are apart, as far as figures of one can be held against the other's.
public struct HostDistance: Sendable {
    /// What differs, in a fixed order.
    public let differences: [HostFacts.Difference]

    /// What `new` differs in from `old`.
    public init(from old: HostFacts, to new: HostFacts) {
        differences = new.difference(from: old)
    }

    /// Facts that decide how fast a program runs.
    static let hard = ["processor", "processors", "governor", "build"]
    /// Facts that a multiple of the machine's floor can't make up for.
    static let structural = ["processors", "build"]

    /// What forbids to compare a metric.
    ///
    /// - Parameters:
    ///   - synced: whether a disk is waited for, so that the file system matters.
    ///   - isNormalised: whether the metric is a multiple of the machine's floor.
    public func obstacles(synced: Bool, isNormalised: Bool) -> [HostFacts.Difference] {
        let forbidden = isNormalised ? Self.structural : Self.hard + (synced ? ["file system"] : [])
        return differences.filter { forbidden.contains($0.fact) }
    }

    /// Whether plain figures may be compared.
    public func isNear(synced: Bool) -> Bool { obstacles(synced: synced, isNormalised: false).isEmpty }
}
