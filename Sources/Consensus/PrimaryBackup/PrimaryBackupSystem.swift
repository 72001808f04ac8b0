import ProtocolKit
import Verification

/// Primary-backup replication under a key-value store: the catalogue's entry.
public struct PrimaryBackupSystem: ClusterSystem {
    /// A node of the key-value store.
    public typealias Node = PrimaryBackup<KeyValueStore>
    /// A client that follows redirects.
    public typealias Client = KeyValueClient<Node>
    /// What clients do.
    public typealias Offer = KeyValueService

    /// What every node is set to.
    public let options: PrimaryBackupOptions
    private let hasSessions: Bool

    /// Name, source and options.
    public static let descriptor = SystemDescriptor(
        name: "primary-backup", family: .consensus,
        summary: "replicated key-value store whose primary writes to all backups of an agreed view",
        source:
            "Alsberg & Day 1976; Budhiraja, Marzullo, Schneider & Toueg 1993; views as in Lin et al. 2008 (PacificA)",
        options: [
            OptionSpecification(
                "mode", .choice(PrimaryBackupMode.allCases.map(\.rawValue)), default: "sync",
                help: "answer a write once all backups hold it, or once the primary does (a failover loses writes)"),
            OptionSpecification(
                "reads", .choice(PrimaryBackupReads.allCases.map(\.rawValue)), default: "round",
                help: "how the primary knows that it still is the primary before it answers a read"),
            OptionSpecification(
                "copies", .choice(PrimaryBackupCopies.allCases.map(\.rawValue)), default: "majority",
                help: "fewest members of a view: a majority of the nodes, or the primary alone"),
            OptionSpecification(
                "batch", .integer(1...65_536), default: "1024",
                help: "most entries in an update; 1 sends each request at once"),
            OptionSpecification(
                "pipeline", .integer(1...256), default: "16", help: "most unanswered updates to a backup (sync)"),
            OptionSpecification(
                "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
                help: "bytes of applied entries after which a snapshot is taken"),
            OptionSpecification(
                "timeout-ms", .integer(10...60_000), default: "300",
                help: "shortest silence in milliseconds after which a primary or backup is replaced; a sixth of it "
                    + "lies between heartbeats"),
            OptionSpecification(
                "sessions", .toggle, default: "off", help: "clients have sessions: a retried command is applied once"),
        ],
        defaultNodes: 3, nodeRange: 1...9,
        mutations: PrimaryBackupMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// Primary-backup replication with a user's choice of options.
    ///
    /// - Throws: ``OptionError`` where an option or planted fault is unknown or out of range.
    public init(options: VariantOptions, mutation: String? = nil) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        var chosen = PrimaryBackupOptions()
        chosen.mode = PrimaryBackupMode(rawValue: resolved.text("mode")) ?? chosen.mode
        chosen.reads = PrimaryBackupReads(rawValue: resolved.text("reads")) ?? chosen.reads
        chosen.copies = PrimaryBackupCopies(rawValue: resolved.text("copies")) ?? chosen.copies
        chosen.batchEntries = resolved.integer("batch")
        chosen.window = resolved.integer("pipeline")
        chosen.snapshotBytes = resolved.integer("snapshot-bytes")
        chosen.timeout = .milliseconds(UInt64(resolved.integer("timeout-ms")))
        chosen.mutation = mutation.flatMap(PrimaryBackupMutation.init)
        self.options = chosen
        hasSessions = resolved.isOn("sessions")
    }

    /// A node before its start.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> Node {
        PrimaryBackup(id: id, members: members, options: options)
    }

    /// A client before its start.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> Client {
        KeyValueClient(
            members: members, preferred: preferred, timeoutNanoseconds: timeoutNanoseconds, usesSession: hasSessions)
    }

    /// Linearizable in both forms: by that promise the asynchronous one is judged too, since it answers as if it kept
    /// it. A run without a failover is correct; one with a failover that lost writes is violated, and shows which.
    public var consistency: ConsistencyModel { .linearizable }

    /// How far a node has applied, unless it is putting its state together.
    public static func replicaState(of node: Node) -> ReplicaState? {
        guard node.rebuilding == nil else { return nil }
        return ReplicaState(
            replica: "\(node.id)", applied: node.lastApplied.rawValue, digest: node.machine.digest)
    }

    /// A synchronous write (Alsberg & Day 1976, n-host resiliency): request, update, answer, reply; N−1 messages each
    /// way; all disks sync at once. An asynchronous one: request and reply around the primary's sync; then N−1 updates,
    /// which nobody answers. A read asks all nodes in a round and needs a majority's answers, or, under a lease, costs
    /// the client's two messages only. A single node has no one to ask.
    public func costs(nodes: Int) -> [OperationCost] {
        let others = nodes - 1
        return KeyValueService.kinds.map { kind in
            if kind == "get" {
                return options.reads == .lease || nodes == 1
                    ? OperationCost(kind: kind, messageDelays: 2, messages: 0, syncDelays: 0, syncs: 0)
                    : OperationCost(kind: kind, messageDelays: 4, messages: 2 * others, syncDelays: 0, syncs: 0)
            }
            return options.isSynchronous && nodes > 1
                ? OperationCost(
                    kind: kind, messageDelays: 4, messages: 2 * others, syncDelays: 1, syncs: nodes,
                    disksBusy: nodes)
                : OperationCost(kind: kind, messageDelays: 2, messages: others, syncDelays: 1, syncs: nodes)
        }
    }

    /// A minority: the others make the next view. None where a view may be one node.
    public func toleratedFailures(nodes: Int) -> Int { options.copies == .majority ? (nodes - 1) / 2 : 0 }

    /// A node that has lost its disk is given everything again by the primary. It is a copy then and no more: it is in no
    /// view and isn't asked for promises, for it can't know what it had promised.
    public static var allowsReplacement: Bool { true }

    /// Snapshots after every few updates, small messages, short pipelines.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        .rareForReplicatedLogs(seed: seed)
    }

    /// What views promise, and what a log promises within them.
    public static var invariants: [InvariantCheck<Node>] {
        [
            InvariantCheck(OnePrimaryPerView()), InvariantCheck(PromisesAreKept()),
            InvariantCheck(CommittedIsHeldByMembers()), InvariantCheck(PrimaryCompleteness()),
            InvariantCheck(PrimaryBackupLogMatching()), InvariantCheck(BackupsApplyTheSame()),
        ]
    }
}
