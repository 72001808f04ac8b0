import ProtocolKit
import Verification

/// Paxos with a decree per slot under a replicated key-value store: the catalogue's entry.
public struct PaxosSystem: ClusterSystem {
    /// A node of the key-value store.
    public typealias Node = Paxos<KeyValueStore>
    /// A client that asks the node it prefers.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: PaxosOptions
    private let hasSessions: Bool

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "paxos", family: .consensus,
        summary: "replicated key-value store, a decree per slot by competing proposers",
        source: "Lamport 2001, section 2; Howard, Malkhi & Spiegelman 2016",
        options: [
            OptionSpecification(
                "batch", .integer(1...4_096), default: "64", help: "most commands in a decree"),
            OptionSpecification(
                "backoff-us", .integer(1...1_000_000), default: "1000",
                help: "mean pause after a preemption in microseconds; doubles with each further one, up to a second"),
            OptionSpecification(
                "phase1-quorum", .integer(0...9), default: "0",
                help: "promises that a proposer needs; 0 is the fewest that phase2-quorum allows, or a majority"),
            OptionSpecification(
                "phase2-quorum", .integer(0...9), default: "0",
                help: "acceptances that a value needs; 0 is the fewest that phase1-quorum allows, or a majority"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied decrees after which a snapshot is taken"),
            OptionSpecification(
                "sessions", .toggle, default: "off", help: "clients have sessions: a retried command is applied once"),
        ],
        defaultNodes: 3, nodeRange: 1...9,
        mutations: PaxosMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Paxos with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var paxos = PaxosOptions()
        paxos.batchCommands = resolved.integer("batch")
        paxos.backOff = .microseconds(UInt64(resolved.integer("backoff-us")))
        paxos.phase1Quorum = resolved.integer("phase1-quorum")
        paxos.phase2Quorum = resolved.integer("phase2-quorum")
        paxos.snapshotBytes = resolved.integer("snapshot-bytes")
        paxos.mutation = mutation.flatMap(PaxosMutation.init)
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
        Paxos(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        KeyValueClient(
            members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds, usesSession: hasSessions)
    }

    /// Every operation, reads too: request, 1a, 1b, 2a, 2b, reply (Lamport 2001, section 2.2), each of the four to or from
    /// the N−1 other acceptors; an acceptor syncs its promise and then its acceptance, the proposer's own at the same time
    /// as the others'. Who isn't the proposer learns the decision from its next 1a. A phase whose quorum is one needs no
    /// answer but the own acceptor's: it is not waited for, though the messages are sent all the same. Nothing is
    /// stated for a number of nodes that ``check(nodes:)`` refuses.
    public func costs(nodes: Int) -> [OperationCost] {
        let sizes: QuorumSizes
        do throws(OptionError) { sizes = try quorums(nodes: nodes) } catch { return [] }
        let rounds = [sizes.phase1, sizes.phase2].count { $0 > 1 }
        return KeyValueService.kinds.map {
            OperationCost(
                kind: $0, messageDelays: 2 + 2 * rounds, messages: 4 * (nodes - 1), syncDelays: 2, syncs: 2 * nodes,
                disksBusy: nodes)
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
            InvariantCheck(PaxosPromises()), InvariantCheck(PaxosValidity<Node>()),
            InvariantCheck(PaxosStability<Node>()), InvariantCheck(PaxosAgreement<Node>()),
            InvariantCheck(PaxosStateAgreement<Node>()),
        ]
    }
}
