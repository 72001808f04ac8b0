import ProtocolKit

/// How writes of one key that happen at once are reconciled (section 4.4 of the Dynamo paper).
public enum DynamoConflicts: String, Sendable, CaseIterable {
    /// The greatest of (wall time, node, incarnation, counter) stays: timestamp-based reconciliation.
    case lastWriterWins = "lww"
    /// All stay as siblings until a client that has read them writes over them: version vectors.
    case versionVectors = "version-vectors"
}

/// Who finds the coordinator of a key (section 6.4 of the Dynamo paper).
public enum DynamoRouting: String, Sendable, CaseIterable {
    /// The client knows the ring and asks a replica of the key.
    case client
    /// The client asks any node; one that isn't a replica of the key forwards the request.
    case server
}

/// Rules that can be left out, for tests of the checkers.
public enum DynamoMutation: String, Sendable, CaseIterable {
    /// A hint is removed when it is sent.
    case dropHint = "drop-hint"
    /// The coordinator answers a write as soon as it has it itself.
    case acknowledgeBeforeW = "ack-before-w"
    /// A replica acknowledges a write before it is durable.
    case skipSync = "skip-sync"
    /// A restarted node numbers its versions from the beginning, as if it had never run.
    case reuseVersionCounter = "reuse-version-counter"
    /// A replica stores whatever comes.
    case overwriteNewer = "overwrite-newer"
    /// Of two concurrent sets of siblings a merge keeps one.
    case forgetSibling = "forget-sibling"
    /// A write's context isn't taken over: what its client has seen stays beside it.
    case ignoreContext = "ignore-context"
    /// Tombstones are collected at once.
    case dropTombstoneEarly = "drop-tombstone-early"
    /// Replicas never compare half of the partitions.
    case skipRange = "skip-range"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .dropHint: "a hinted replica is kept until it is delivered (section 4.6)"
        case .acknowledgeBeforeW: "a write succeeds once W nodes have responded (section 4.5)"
        case .skipSync: "a replica responds once it has stored the write (section 4.5)"
        case .reuseVersionCounter: "a version names one write, across restarts (section 4.4)"
        case .overwriteNewer: "a replica keeps the newer of two versions (section 4.4)"
        case .forgetSibling: "versions on parallel branches are kept until they are reconciled (section 4.4)"
        case .ignoreContext: "a put with a context replaces the versions that it has seen (section 4.4)"
        case .dropTombstoneEarly: "a tombstone outlives every replica's absence"
        case .skipRange: "anti-entropy compares every range that two replicas share (section 4.7)"
        }
    }
}

/// What a Dynamo node is set to.
public struct DynamoOptions: Sendable {
    /// N: how many replicas a key has; fewer where there are fewer nodes.
    public var replicas = 3
    /// R: how many answers a read waits for; nil for a majority of the replicas.
    public var readQuorum: Int?
    /// W: how many answers a write waits for; nil for a majority of the replicas.
    public var writeQuorum: Int?
    /// How concurrent writes are reconciled.
    public var conflicts = DynamoConflicts.lastWriterWins
    /// Whether quorums are sloppy: other nodes stand in for replicas that can't be reached, and hand over later.
    public var hasHints = true
    /// Whether a read brings the replicas up to date that it found stale.
    public var hasReadRepair = true
    /// Nanoseconds between a node's comparisons with a peer; 0 for never.
    public var antiEntropyInterval = UInt64.seconds(1)
    /// How long a tombstone is kept by wall clock, in nanoseconds.
    public var tombstoneGrace = UInt64.seconds(86_400)
    /// How long a coordinator waits for its quorum, in nanoseconds.
    public var quorumTimeout = UInt64.seconds(1)
    /// Bytes of log after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written.
    public var snapshotChunkBytes = 64 << 10
    /// A rule left out on purpose.
    public var mutation: DynamoMutation?

    /// The defaults.
    public init() {}

    /// How long a replica may be silent before the coordinator asks another node to stand in for it.
    @inlinable
    public var silence: UInt64 { quorumTimeout / 4 }

    /// How often a node looks for hints that can be delivered, in nanoseconds.
    @inlinable
    public var handoffInterval: UInt64 { .milliseconds(100) }

    /// How long a silent node is taken to be down unless it is heard from, in nanoseconds.
    @inlinable
    public var suspicion: UInt64 { .seconds(1) }
}

/// Bounds of a Dynamo node.
enum DynamoLimits {
    /// Operations that a coordinator has under way; more are refused.
    static let pending = 1 << 16
    /// Hints that a node keeps; what is beyond is left to anti-entropy.
    static let hints = 1 << 20
    /// Concurrent values of a key beyond which a write is refused that doesn't replace any.
    static let siblings = 256
    /// Concurrent values that a peer's message may hold: what two partitions' worth of them merge to, several times.
    static let siblingsOnWire = 1 << 14
    /// Entries of a version vector; beyond them those of the oldest incarnations are dropped (section 4.4).
    static let clockEntries = 256
    /// Entries of a version vector that a message may hold.
    static let clockEntriesOnWire = 1 << 12
    /// Counters and wall times stay so far below the end of their type that no arithmetic on them overflows.
    static let number = UInt64(1) << 62
    /// Parts of a message.
    static let parts = 1 << 16
    /// Parts that a node gathers before it sends them within a turn.
    static let gatheredParts = 4_096
    /// About the most bytes that a node gathers before it sends them within a turn.
    static let gatheredBytes = 1 << 20
    /// Bytes of a record: a key and its siblings.
    static let recordBytes = 256 << 20
    /// Ranges, or keys, in one message of a comparison.
    static let compared = 1_024
    /// Tombstones that a node keeps: beyond them the oldest go before their time.
    static let tombstones = 1 << 20
}
