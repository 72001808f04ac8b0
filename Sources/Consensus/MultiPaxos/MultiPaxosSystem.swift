import ProtocolKit
import Verification

/// Multi-Paxos under a replicated key-value store: the catalogue's entry.
public struct MultiPaxosSystem: ClusterSystem {
    /// A node of the key-value store.
    public typealias Node = MultiPaxos<KeyValueStore>
    /// A client that follows redirects.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: MultiPaxosOptions
    private let hasSessions: Bool

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "multi-paxos", family: .consensus,
        summary: "replicated key-value store behind a stable leader chosen by ballot",
        source: "Lamport 2001, section 3; van Renesse & Altinbuken 2015; Howard, Malkhi & Spiegelman 2016",
        options: [
            OptionSpecification(
                "batch", .integer(1...65_536), default: "1024",
                help: "most values in an Accept; 1 sends each request at once"),
            OptionSpecification(
                "pipeline", .integer(1...256), default: "16", help: "most Accepts under way to an acceptor"),
            OptionSpecification(
                "parallel", .toggle, default: "on", help: "the leader writes its journal while the others do"),
            OptionSpecification(
                "phase1-quorum", .integer(0...9), default: "0",
                help: "promises that a leader needs; 0 is the fewest that phase2-quorum allows, or a majority"),
            OptionSpecification(
                "phase2-quorum", .integer(0...9), default: "0",
                help: "acceptances that a value needs; 0 is the fewest that phase1-quorum allows, or a majority"),
            OptionSpecification(
                "reads", .choice(MultiPaxosReads.allCases.map(\.rawValue)), default: "log",
                help: "how reads are made linearizable"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied values after which a snapshot is taken"),
            OptionSpecification(
                "election-ms", .integer(10...60_000), default: "300",
                help: "shortest election timeout in milliseconds; heartbeats come six times as often"),
            OptionSpecification(
                "sessions", .toggle, default: "off", help: "clients have sessions: a retried command is applied once"),
        ],
        defaultNodes: 3, nodeRange: 1...9,
        mutations: MultiPaxosMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Multi-Paxos with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var paxos = MultiPaxosOptions()
        paxos.batchValues = resolved.integer("batch")
        paxos.window = resolved.integer("pipeline")
        paxos.isParallel = resolved.isOn("parallel")
        paxos.phase1Quorum = resolved.integer("phase1-quorum")
        paxos.phase2Quorum = resolved.integer("phase2-quorum")
        paxos.reads = MultiPaxosReads(rawValue: resolved.text("reads")) ?? paxos.reads
        paxos.snapshotBytes = resolved.integer("snapshot-bytes")
        paxos.electionTimeout = .milliseconds(UInt64(resolved.integer("election-ms")))
        paxos.mutation = mutation.flatMap(MultiPaxosMutation.init)
        self.options = paxos
        hasSessions = resolved.isOn("sessions")
    }

    /// Checks that the quorums can be had among so many nodes and meet.
    ///
    /// - Throws: ``OptionError`` naming the rule where they don't.
    public func check(nodes: Int) throws(OptionError) {
        _ = try quorums(nodes: nodes)
    }

    private func quorums(nodes: Int) throws(OptionError) -> QuorumSizes {
        try QuorumSizes(phase1: options.phase1Quorum, phase2: options.phase2Quorum, acceptors: nodes)
    }

    /// A node before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        MultiPaxos(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        KeyValueClient(
            members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds, usesSession: hasSessions)
    }

    /// A write, and a read through the log: request, 2a, 2b, reply (Lamport 2001, section 3: phase 1 is run ahead for all
    /// slots, so that a command costs phase 2 alone). The leader sends 2a to the N−1 other acceptors and each answers, so
    /// 2(N−1) messages whatever the quorum's size; all acceptors sync at once, or the leader's first with `parallel=off`.
    /// A phase-2 quorum of one is the leader's own acceptor: nothing is waited for but its sync, though the messages are
    /// sent all the same. A read by `read-index` is as a write without the sync; under a lease it costs the client's two
    /// messages only. Nothing is stated for a number of nodes that ``check(nodes:)`` refuses.
    public func costs(nodes: Int) -> [OperationCost] {
        let sizes: QuorumSizes
        do throws(OptionError) { sizes = try quorums(nodes: nodes) } catch { return [] }
        let isAlone = sizes.phase2 == 1
        let messages = 2 * (nodes - 1)
        let delays = isAlone ? 2 : 4
        let syncs = options.isParallel || isAlone ? 1 : 2
        return KeyValueService.kinds.map { kind in
            guard kind == "get", options.reads != .log else {
                return OperationCost(
                    kind: kind, messageDelays: delays, messages: messages, syncDelays: syncs, syncs: nodes,
                    disksBusy: nodes)
            }
            return options.reads == .lease && nodes > 1
                ? OperationCost(kind: kind, messageDelays: 2, messages: 0, syncDelays: 0, syncs: 0)
                : OperationCost(kind: kind, messageDelays: delays, messages: messages, syncDelays: 0, syncs: 0)
        }
    }

    /// What leaves a quorum for each phase; none of a number of nodes that ``check(nodes:)`` refuses. A node that has lost
    /// its disk counts for good: it may have promised and accepted anything, so that it only learns from then on.
    public func toleratedFailures(nodes: Int) -> Int {
        do throws(OptionError) { return try quorums(nodes: nodes).tolerated(of: nodes) } catch { return 0 }
    }

    /// A node that has lost its disk comes back as a learner: it serves, and neither promises nor accepts.
    public static var allowsReplacement: Bool { true }

    /// How far a node has applied, and its state.
    public static func replicaState(of node: Node) -> ReplicaState? {
        ReplicaState(replica: "\(node.id)", applied: node.applied.rawValue, digest: node.machine.digest)
    }

    /// Lamport's properties, and that replicas agree.
    public static var invariants: [InvariantCheck<Node>] {
        [
            InvariantCheck(MultiPaxosPromises()), InvariantCheck(PaxosValidity<Node>()),
            InvariantCheck(PaxosStability<Node>()), InvariantCheck(PaxosAgreement<Node>()),
            InvariantCheck(PaxosStateAgreement<Node>()),
        ]
    }
}
