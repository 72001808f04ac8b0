import ProtocolKit

/// When a primary answers a write.
public enum PrimaryBackupMode: String, Sendable, CaseIterable {
    /// Once all members of its view hold it durably.
    case synchronous = "sync"
    /// Once it is durable at the primary, which sends it on afterwards.
    case asynchronous = "async"
}

/// How a primary makes sure that it still is the primary before it answers a read.
public enum PrimaryBackupReads: String, Sendable, CaseIterable {
    /// One round of heartbeats, answered by a majority of all nodes, confirms it for all reads that wait.
    case round
    /// A majority has promised to help no other node into office for a while.
    case lease
}

/// How small a view may get.
public enum PrimaryBackupCopies: String, Sendable, CaseIterable {
    /// A majority of all nodes: whichever minority fails, somebody is left who holds everything.
    case majority
    /// The primary alone: writes go on with fewer copies (Kafka's `min.insync.replicas=1`).
    case one
}

/// Rules that can be left out, for tests of the checkers.
public enum PrimaryBackupMutation: String, Sendable, CaseIterable {
    /// A synchronous primary answers once its own disk has the entry.
    case acknowledgeBeforeBackups = "ack-before-backups"
    /// A primary stops waiting for a silent backup without a new view.
    case dropWithoutViewChange = "drop-backup-without-view-change"
    /// The promised epoch isn't written to the hard state.
    case promiseNotPersisted = "promise-not-persisted"
    /// The accepted view isn't written to the hard state.
    case viewNotPersisted = "view-not-persisted"
    /// A backup takes updates of epochs before the one that it promised.
    case noViewCheck = "no-view-check"
    /// Of the candidates the one with the shortest log wins.
    case shortestLogWins = "shortest-log-wins"
    /// A node outside the newest view may become primary.
    case staleCandidate = "stale-candidate"
    /// A node becomes a member before it holds what was acknowledged.
    case admitUnsynchronised = "admit-unsynchronised"
    /// Whoever takes itself for the primary answers reads at once.
    case readWithoutCheck = "read-without-check"
    /// A lease runs from the receipt of the answers.
    case leaseFromReply = "lease-from-reply"
    /// A new primary answers reads before it has applied what its predecessors acknowledged.
    case readBeforeCaughtUp = "read-before-caught-up"
    /// A backup answers before its disk has the entries.
    case skipSync = "skip-sync"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .acknowledgeBeforeBackups: "all members of the view hold a write before it is acknowledged"
        case .dropWithoutViewChange: "a view gets smaller by agreement only"
        case .promiseNotPersisted: "a promise is durable before it is given"
        case .viewNotPersisted: "a view is durable before it is accepted"
        case .noViewCheck: "a backup refuses updates of epochs before the one that it promised"
        case .shortestLogWins: "of the candidates the one with the longest log becomes primary"
        case .staleCandidate: "only a member of the newest view becomes primary"
        case .admitUnsynchronised: "a node holds all that was acknowledged before it becomes a member"
        case .readWithoutCheck: "a primary knows that it still is the primary before it answers a read"
        case .leaseFromReply: "a lease runs from the sending of the heartbeat"
        case .readBeforeCaughtUp: "a new primary applies what was acknowledged before it serves reads"
        case .skipSync: "entries are durable before they are answered for"
        }
    }
}

/// What a node of a primary-backup cluster is set to.
public struct PrimaryBackupOptions: Sendable {
    /// When writes are answered.
    public var mode = PrimaryBackupMode.synchronous
    /// How reads are made linearizable.
    public var reads = PrimaryBackupReads.round
    /// How small a view may get.
    public var copies = PrimaryBackupCopies.majority
    /// The most entries in one update.
    public var batchEntries = 1_024
    /// About the most payload bytes in one update; a larger entry goes alone.
    public var batchBytes = 1 << 20
    /// The most updates with entries under way to a backup, where backups answer each.
    public var window = 16
    /// The most entries under way to a backup of an asynchronous primary, whose backups answer heartbeats only.
    public var maximumShippedEntries = 1 << 16
    /// Bytes of applied entries after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written and sent.
    public var snapshotChunkBytes = 64 << 10
    /// How long a primary is silent before a backup wants to replace it, at least, in nanoseconds; and how long a
    /// backup is silent before its primary goes on without it.
    public var timeout = UInt64.milliseconds(300)
    /// The most entries that a primary holds unanswered before it refuses requests.
    public var maximumUnansweredEntries = 1 << 16
    /// The most payload bytes that a primary holds unanswered before it refuses requests.
    public var maximumUnansweredBytes = 64 << 20
    /// The most reads that wait for a round.
    public var maximumWaitingReads = 1 << 16
    /// A rule left out on purpose.
    public var mutation: PrimaryBackupMutation?

    /// The defaults.
    public init() {}

    /// Whether writes are answered only once all members hold them.
    @inlinable
    public var isSynchronous: Bool { mode == .synchronous }

    /// Nanoseconds between heartbeats.
    @inlinable
    public var heartbeatInterval: UInt64 { timeout / 6 }

    /// How long a lease lasts: what the timeout leaves after clocks that differ by a tenth.
    @inlinable
    public var leaseDuration: UInt64 { timeout - timeout / 10 }
}
