import ProtocolKit
import Verification

/// Zab under a replicated key-value store: the catalogue's entry.
public struct ZabSystem: ClusterSystem {
    /// A server of the key-value store.
    public typealias Node = Zab<KeyValueStore>
    /// A client that stays with its server.
    public typealias Client = OrderedKeyValueClient<Node>
    /// What clients do.
    public typealias Offer = OrderedKeyValueService

    /// What every node is set to.
    public let options: ZabOptions

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "zab", family: .consensus,
        summary: "replicated key-value store by primary-backup atomic broadcast, as ZooKeeper's",
        source: "Junqueira, Reed & Serafini 2011; Medeiros 2012",
        options: [
            OptionSpecification(
                "batch", .integer(1...65_536), default: "1024",
                help: "most proposals in a message; 1 sends each request at once"),
            OptionSpecification(
                "pipeline", .integer(1...256), default: "16",
                help: "most messages with proposals under way to a follower"),
            OptionSpecification(
                "reads", .choice(ZabReads.allCases.map(\.rawValue)), default: "local",
                help: "local reads are sequentially consistent; sync asks a quorum first: linearizable"),
            OptionSpecification(
                "serves", .choice(ZabServing.allCases.map(\.rawValue)), default: "any",
                help: "which nodes serve clients; the others name one that does"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied transactions after which a snapshot is taken"),
            OptionSpecification(
                "election-ms", .integer(10...60_000), default: "300",
                help:
                    "how long nodes wait for word from each other, in milliseconds; heartbeats come six times as often"),
        ],
        defaultNodes: 3, nodeRange: 1...9,
        mutations: ZabMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Zab with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var zab = ZabOptions()
        zab.batchEntries = resolved.integer("batch")
        zab.window = resolved.integer("pipeline")
        zab.reads = ZabReads(rawValue: resolved.text("reads")) ?? zab.reads
        zab.serving = ZabServing(rawValue: resolved.text("serves")) ?? zab.serving
        zab.snapshotBytes = resolved.integer("snapshot-bytes")
        zab.electionTimeout = .milliseconds(UInt64(resolved.integer("election-ms")))
        zab.mutation = mutation.flatMap(ZabMutation.init)
        self.options = zab
    }

    /// A server before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        Zab(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        OrderedKeyValueClient(members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds)
    }

    /// Sequentially consistent; linearizable with `reads=sync`.
    public var consistency: ConsistencyModel { options.reads == .sync ? .linearizable : .sequential }

    /// The delivered transactions and the state's digest.
    public static func replicaState(of node: Node) -> ReplicaState? {
        ReplicaState(replica: "node \(node.id)", applied: node.lastApplied.rawValue, digest: node.machine.digest)
    }

    /// At the leader: request, PROPOSE, ACK, reply; PROPOSE, ACK and COMMIT for each of N−1 followers; leader and
    /// followers sync at once. Through a follower (`serves=followers`) the forwarded request is one message and one
    /// delay more, and the reply waits for COMMIT. A local read is the client's two messages; one with `sync` waits for
    /// a ping and a pong of each follower, at a follower for its question and the leader's answer, too. A single
    /// server has no one to ask.
    public func costs(nodes: Int) -> [OperationCost] {
        let isAlone = nodes == 1
        let isForwarded = options.serving == .followers && !isAlone
        let others = nodes - 1
        return OrderedKeyValueService.kinds.map { kind in
            guard kind == "get" else {
                return OperationCost(
                    kind: kind, messageDelays: isAlone ? 2 : isForwarded ? 6 : 4,
                    messages: 3 * others + (isForwarded ? 1 : 0), syncDelays: 1, syncs: nodes, disksBusy: nodes)
            }
            guard options.reads == .sync, !isAlone else {
                return OperationCost(kind: kind, messageDelays: 2, messages: 0, syncDelays: 0, syncs: 0)
            }
            return OperationCost(
                kind: kind, messageDelays: isForwarded ? 6 : 4, messages: 2 * others + (isForwarded ? 2 : 0),
                syncDelays: 0, syncs: 0)
        }
    }

    /// The properties of section 3 of the paper, and what they follow from.
    public static var invariants: [InvariantCheck<Node>] {
        [
            InvariantCheck(ZabIntegrity()), InvariantCheck(ZabTotalOrder()), InvariantCheck(ZabLocalPrimaryOrder()),
            InvariantCheck(ZabGlobalPrimaryOrder()), InvariantCheck(ZabPrimaryIntegrity()),
            InvariantCheck(ZabOnePrimary()), InvariantCheck(ZabHistoryPrefix()), InvariantCheck(ZabStateAgreement()),
        ]
    }
}
