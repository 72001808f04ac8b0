import ProtocolKit
import Verification

/// Raft under a replicated key-value store: the catalogue's entry.
public struct RaftSystem: ClusterSystem {
    /// A server of the key-value store.
    public typealias Node = Raft<KeyValueStore>
    /// A client that follows redirects.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: RaftOptions
    private let hasSessions: Bool

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "raft", family: .consensus,
        summary: "replicated key-value store behind an elected leader",
        source: "Ongaro & Ousterhout 2014; Ongaro's thesis 2014, chapters 3, 4, 5, 6, 9 and 10",
        options: [
            OptionSpecification(
                "batch", .integer(1...65_536), default: "1024",
                help: "most entries in an AppendEntries; 1 sends each request at once"),
            OptionSpecification(
                "pipeline", .integer(1...256), default: "16", help: "most AppendEntries under way to a follower"),
            OptionSpecification(
                "parallel", .toggle, default: "on", help: "the leader writes its log while the followers do"),
            OptionSpecification(
                "pre-vote", .toggle, default: "on", help: "a candidate asks first whether it could win"),
            OptionSpecification(
                "check-quorum", .toggle, default: "on",
                help:
                    "a leader without a quorum's contact steps down, and who has just heard from a leader doesn't vote"),
            OptionSpecification(
                "reads", .choice(RaftReads.allCases.map(\.rawValue)), default: "read-index",
                help: "how reads are made linearizable"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied entries after which a snapshot is taken"),
            OptionSpecification(
                "election-ms", .integer(10...60_000), default: "300",
                help: "shortest election timeout in milliseconds; heartbeats come six times as often"),
            OptionSpecification(
                "sessions", .toggle, default: "off", help: "clients have sessions: a retried command is applied once"),
            OptionSpecification(
                "voters", .integer(0...9), default: "0",
                help: "how many of the nodes vote to begin with, 0 for all; RAFT.ADD-LEARNER brings in the others"),
            OptionSpecification(
                "test-churn-ms", .integer(0...60_000), default: "0",
                help: "mean milliseconds between random membership changes and transfers, for simulations; 0 for none"),
        ],
        defaultNodes: 3, nodeRange: 1...9,
        mutations: RaftMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Raft with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var raft = RaftOptions()
        raft.batchEntries = resolved.integer("batch")
        raft.window = resolved.integer("pipeline")
        raft.isParallel = resolved.isOn("parallel")
        raft.hasPreVote = resolved.isOn("pre-vote")
        raft.checksQuorum = resolved.isOn("check-quorum")
        raft.reads = RaftReads(rawValue: resolved.text("reads")) ?? raft.reads
        raft.snapshotBytes = resolved.integer("snapshot-bytes")
        raft.electionTimeout = .milliseconds(UInt64(resolved.integer("election-ms")))
        let voters = resolved.integer("voters")
        raft.voters = voters == 0 ? nil : voters
        raft.churnInterval = .milliseconds(UInt64(resolved.integer("test-churn-ms")))
        raft.mutation = mutation.flatMap(RaftMutation.init)
        self.options = raft
        hasSessions = resolved.isOn("sessions")
    }

    /// There can't be more voters than nodes.
    public func check(nodes: Int) throws(OptionError) {
        guard let voters = options.voters, voters > nodes else { return }
        throw .invalidValue(option: "voters", value: "\(voters)", valid: "0...\(nodes), the number of nodes")
    }

    /// A server before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        Raft(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        KeyValueClient(
            members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds, usesSession: hasSessions)
    }

    /// A write: request, AppendEntries, response, reply; N−1 messages each way, N being the voters; leader and followers
    /// sync at once, or one after the other with `parallel=off`. A read by `read-index` is the same without the sync, under a lease it
    /// costs the client's two messages only. A single server has no one to ask.
    public func costs(nodes all: Int) -> [OperationCost] {
        let nodes = min(all, options.voters ?? all)
        let messages = 2 * (nodes - 1)
        let delays = nodes == 1 ? 2 : 4
        let syncs = options.isParallel || nodes == 1 ? 1 : 2
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

    /// A minority of the voters; a random change of the membership leaves three of them at least.
    public func toleratedFailures(nodes: Int) -> Int {
        let voters = min(nodes, options.voters ?? nodes)
        return ((options.churnInterval > 0 ? min(voters, 3) : voters) - 1) / 2
    }

    /// A server that has lost its disk comes back as a learner and is admitted again by a change of the membership.
    public static var allowsReplacement: Bool { true }

    /// How far a server has applied; nil for one that has no part in the cluster, as far as it knows.
    public static func replicaState(of node: Node) -> ReplicaState? {
        guard node.configurations.latest.contains(node.id) else { return nil }
        return ReplicaState(
            replica: "n\(node.id)", applied: node.lastApplied.rawValue, digest: node.machine.digest)
    }

    /// The properties of figure 3 of the paper, and that configurations follow each other safely.
    public static var invariants: [InvariantCheck<Node>] {
        [
            InvariantCheck(ElectionSafety<KeyValueStore>()), InvariantCheck(LogMatching<KeyValueStore>()),
            InvariantCheck(LeaderCompleteness<KeyValueStore>()), InvariantCheck(StateMachineSafety<KeyValueStore>()),
            InvariantCheck(ConfigurationSafety<KeyValueStore>()),
        ]
    }
}
