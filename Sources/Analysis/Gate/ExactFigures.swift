import Harness
import Measurement
import ProtocolKit

/// What the simulator says of one system on so many nodes: the same on every machine and in every run.
public struct ExactFigures: Sendable {
    /// One figure.
    public struct Figure: Sendable, Hashable {
        /// The kind of operation, or all.
        public var operation: String
        /// The metric's name in the registry.
        public var metric: String
        /// Its value; nil where the operation was not seen or can't be followed.
        public var value: Metric.Value?
        /// What the system's paper says; nil where it states nothing.
        public var paper: Metric.Value?
        /// Whether every operation seen cost the same.
        public var isUniform = true
    }

    /// The system with its options and number of nodes: `raft[batch=64], 3 nodes`.
    public var subject: String
    /// The system with its options.
    public var variant: String
    /// Number of nodes.
    public var nodes: Int
    /// All figures.
    public var figures: [Figure]
    /// What a reader should know where something isn't as it should be: the first seed that failed, and how.
    public var remark: String?

    init(variant: String, nodes: Int, figures: [Figure] = [], remark: String? = nil) {
        self.variant = variant
        self.nodes = nodes
        subject = "\(variant), \(nodes) \(nodes == 1 ? "node" : "nodes")"
        self.figures = figures
        self.remark = remark
    }

    /// Simulates what a check asks for.
    ///
    /// - Parameter allocatedBytes: reads the allocator; without it what steps allocate is not known.
    /// - Throws: ``GateInterrupted`` after a request to stop, `OptionError` or `CatalogueError` for a system or options that
    ///   there aren't; a gate file's were checked.
    public static func simulate(
        _ check: ExactCheck, catalogue: SystemCatalogue, allocatedBytes: AllocatedBytes? = nil,
        interruption: Interruption? = nil
    ) throws -> [ExactFigures] {
        let wanted = Set(check.conditions.map(\.metric.name))
        let needsCosts = !wanted.isDisjoint(with: ExactCheck.costMetrics)
        var all: [ExactFigures] = []
        for system in check.systems {
            let nodes = check.nodes.map(\.value)
            if needsCosts {
                for audit in try catalogue.audit(system.value, nodes: nodes, allocatedBytes: allocatedBytes) {
                    let figures = costs(audit)
                    if let last = all.last, last.variant == audit.variant, last.nodes == audit.nodes {
                        all[all.count - 1].figures += figures
                    } else {
                        all.append(ExactFigures(variant: audit.variant, nodes: audit.nodes, figures: figures))
                    }
                }
            }
            if interruption?.isRequested == true { throw GateInterrupted() }
            guard let seeds = check.seeds else { continue }
            let entry = try catalogue.cluster(named: system.value.system)
            for count in nodes.isEmpty ? [entry.descriptor.defaultNodes] : nodes {
                let simulated = try safety(system.value, count, seeds, check.operations, entry, interruption)
                if let place = all.firstIndex(where: { $0.subject == simulated.subject }) {
                    all[place].figures += simulated.figures
                    all[place].remark = simulated.remark
                } else {
                    all.append(simulated)
                }
            }
        }
        return all
    }

    private static func costs(_ audit: CostAuditRecord) -> [Figure] {
        let expected = audit.expected
        // What makes the audit differ where all four figures are the paper's is that some operations cost otherwise.
        let isUniform =
            audit.isEqual || audit.messageDelays != expected.messageDelays || audit.messages != expected.messages
            || audit.syncDelays != expected.syncDelays || audit.syncs != expected.syncs
        func figure(_ metric: String, _ seen: Double?, _ paper: Int? = nil) -> Figure {
            Figure(
                operation: expected.kind, metric: metric, value: seen.map { .number($0) },
                paper: paper.map { .number(Double($0)) }, isUniform: isUniform)
        }
        let bytes: Double? =
            if let peers = audit.messageBytes, let clients = audit.clientBytes { peers + clients } else { nil }
        return [
            figure("message_delays", audit.messageDelays.map(Double.init), expected.messageDelays),
            figure("messages_per_op", audit.messages.map(Double.init), expected.messages),
            figure("sync_delays", audit.syncDelays.map(Double.init), expected.syncDelays),
            figure("syncs_per_op", audit.syncs.map(Double.init), expected.syncs),
            figure("message_bytes_per_op", audit.messageBytes), figure("client_bytes_per_op", audit.clientBytes),
            figure("bytes_per_op", bytes), figure("step_allocated_bytes_per_op", audit.allocatedBytes),
        ]
    }

    private static func safety(
        _ variant: Variant, _ nodes: Int, _ seeds: ClosedRange<UInt64>, _ operations: Int, _ entry: ClusterEntry,
        _ interruption: Interruption?
    ) throws -> ExactFigures {
        let summary = try entry.simulate(variant.options, nodes, seeds, operations) {
            interruption?.isRequested == true
        }
        if interruption?.isRequested == true { throw GateInterrupted() }
        let word = summary.failureCount > 0 ? "violated" : summary.unknownCount > 0 ? "unknown" : "correct"
        let digits = String(summary.fingerprint, radix: 16)
        let digest = String(repeating: "0", count: 16 - digits.count) + digits
        func figure(_ metric: String, _ value: Metric.Value) -> Figure {
            Figure(operation: OperationRecord.all, metric: metric, value: value)
        }
        var simulated = ExactFigures(
            variant: variant.description, nodes: nodes,
            figures: [
                figure("verdict", .text(word)), figure("simulated_steps", .number(Double(summary.steps))),
                figure("simulated_digest", .text(digest)),
            ])
        if let worst = summary.failures.first ?? summary.unknown.first {
            simulated.remark =
                "seed \(worst.seed): \(worst.outcome); replay it with: coordbench simulate '\(variant)' --nodes \(nodes) "
                + "--operations \(operations) --seeds \(worst.seed) --trace"
        }
        return simulated
    }
}
