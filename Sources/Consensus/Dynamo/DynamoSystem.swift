import ProtocolKit
import Verification
import Workload

/// Dynamo as a key-value store of gets, puts and deletions: the catalogue's entry.
public struct DynamoSystem: ClusterSystem {
    /// A node of the store.
    public typealias Node = Dynamo
    /// A client of it.
    public typealias Client = DynamoClient
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: DynamoOptions
    /// Who finds a key's coordinator.
    public let routing: DynamoRouting

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "dynamo", family: .consensus,
        summary: "eventually consistent key-value store of quorums without a leader",
        source: "DeCandia et al. 2007, sections 4.2 to 4.8; Bailis et al. (PBS) 2012",
        options: [
            OptionSpecification(
                "n", .integer(0...16), default: "0", help: "replicas of a key; 0: all nodes, but at most 3"),
            OptionSpecification(
                "r", .integer(0...16), default: "0", help: "answers that a read waits for; 0: a majority of n"),
            OptionSpecification(
                "w", .integer(0...16), default: "0", help: "answers that a write waits for; 0: a majority of n"),
            OptionSpecification(
                "conflicts", .choice(DynamoConflicts.allCases.map(\.rawValue)), default: "lww",
                help: "concurrent writes: the last by wall clock stays, or all as siblings"),
            OptionSpecification(
                "hints", .toggle, default: "on",
                help: "sloppy quorums: other nodes stand in for replicas that can't be reached, and hand over later"),
            OptionSpecification(
                "read-repair", .toggle, default: "on", help: "a read brings stale replicas up to date"),
            OptionSpecification(
                "anti-entropy-ms", .integer(0...3_600_000), default: "1000",
                help: "milliseconds between a node's comparisons with a peer; 0: never"),
            OptionSpecification(
                "tombstone-grace-ms", .integer(1...2_592_000_000), default: "86400000",
                help: "milliseconds that a deletion is remembered: must exceed the longest partition"),
            OptionSpecification(
                "timeout-ms", .integer(10...60_000), default: "1000",
                help: "milliseconds that a coordinator waits for its quorum; a replica silent for a quarter is doubted"),
            OptionSpecification(
                "routing", .choice(DynamoRouting.allCases.map(\.rawValue)), default: "client",
                help: "who finds the key's replicas: the client, or the node that it happens to ask"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of log after which a snapshot is taken"),
        ],
        defaultNodes: 3, nodeRange: 1...16,
        mutations: DynamoMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Dynamo with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range, or a quorum is larger than
    ///   the number of replicas.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var dynamo = DynamoOptions()
        let replicas = resolved.integer("n")
        if replicas > 0 { dynamo.replicas = replicas }
        for quorum in ["r", "w"] where resolved.integer(quorum) > dynamo.replicas {
            throw .invalidValue(
                option: quorum, value: resolved.text(quorum), valid: "0...\(dynamo.replicas), the replicas of a key")
        }
        if resolved.integer("r") > 0 { dynamo.readQuorum = resolved.integer("r") }
        if resolved.integer("w") > 0 { dynamo.writeQuorum = resolved.integer("w") }
        dynamo.conflicts = DynamoConflicts(rawValue: resolved.text("conflicts")) ?? dynamo.conflicts
        dynamo.hasHints = resolved.isOn("hints")
        dynamo.hasReadRepair = resolved.isOn("read-repair")
        dynamo.antiEntropyInterval = .milliseconds(UInt64(resolved.integer("anti-entropy-ms")))
        dynamo.tombstoneGrace = .milliseconds(UInt64(resolved.integer("tombstone-grace-ms")))
        dynamo.quorumTimeout = .milliseconds(UInt64(resolved.integer("timeout-ms")))
        dynamo.snapshotBytes = resolved.integer("snapshot-bytes")
        dynamo.mutation = mutation.flatMap(DynamoMutation.init)
        self.options = dynamo
        routing = DynamoRouting(rawValue: resolved.text("routing")) ?? .client
    }

    /// A node before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        Dynamo(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        DynamoClient(
            number: number, members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds,
            options: options, routing: routing)
    }

    /// Eventual, whatever R and W: a read writes nothing back before it answers, clocks order writes that are no
    /// concurrent ones, and a sloppy quorum needn't meet another.
    public var consistency: ConsistencyModel { .eventual }

    /// A register's operations.
    public static var operationKinds: [String] { ["get", "put", "delete"] }

    /// So many that every key still has replicas enough to read and to write.
    public func toleratedFailures(nodes: Int) -> Int {
        let replicas = min(options.replicas, nodes)
        let majority = replicas / 2 + 1
        return max(0, replicas - max(options.readQuorum ?? majority, options.writeQuorum ?? majority))
    }

    /// A node that has lost its disk is given everything again by anti-entropy and read repair.
    public static var allowsReplacement: Bool { true }

    /// Snapshots after every few writes.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        var random = SeededGenerator(seed: seed)
        return VariantOptions(random.chance(0.5) ? [("snapshot-bytes", "4096")] : [])
    }

    /// The state of a node that is a replica of every key, where anti-entropy makes such nodes alike.
    public static func replicaState(of node: Node) -> ReplicaState? {
        guard node.ring.replicas == node.members.count, node.options.antiEntropyInterval > 0 else { return nil }
        return node.replicaState
    }

    /// With N replicas, the coordinator among them: request, N−1 writes or reads, as many answers, and the answer to the
    /// client; the coordinator and the other replicas sync a write at once. Where a quorum is 1 the coordinator is it and
    /// answers alone: 2 delays, while the same messages go to the other replicas. A read waits for no disk.
    ///
    /// These are the costs where the coordinator is a replica, which with `routing=server` and more nodes than replicas
    /// it need not be. Otherwise 2 delays and 2 messages are added for the request that is forwarded and its answer
    /// (section 4.5): 6, 2N, 1 for a write and 6, 2N, 0 for a read.
    public func costs(nodes: Int) -> [OperationCost] {
        let replicas = min(options.replicas, nodes)
        let majority = replicas / 2 + 1
        return Self.operationKinds.map { kind in
            let isRead = kind == "get"
            let quorum = min((isRead ? options.readQuorum : options.writeQuorum) ?? majority, replicas)
            return OperationCost(
                kind: kind, messageDelays: quorum == 1 ? 2 : 4, messages: 2 * (replicas - 1),
                syncDelays: isRead ? 0 : 1, syncs: isRead ? 0 : replicas,
                disksBusy: isRead ? 1 : replicas)
        }
    }

    /// What must hold at every moment.
    public static var invariants: [InvariantCheck<Node>] {
        [
            InvariantCheck(VersionUniqueness()), InvariantCheck(ReplicaOrder()), InvariantCheck(SiblingConcurrency()),
            InvariantCheck(NoLostUpdate()), InvariantCheck(AcknowledgedWrites()), InvariantCheck(HintDelivery()),
        ]
    }
}
