import ProtocolKit

/// How reads are made linearizable (Ongaro's thesis, section 6.4).
public enum RaftReads: String, Sendable, CaseIterable {
    /// Through the log, as a write.
    case log
    /// One round of heartbeats confirms the leadership for all reads that wait.
    case readIndex = "read-index"
    /// The leader answers alone while a quorum has promised to follow nobody else (section 6.4.1).
    case lease
}

/// Rules that can be left out, for tests of the checkers.
public enum RaftMutation: String, Sendable, CaseIterable {
    /// The vote isn't written to the hard state.
    case voteTwice = "vote-twice"
    /// A follower acknowledges entries before they are durable.
    case skipSync = "skip-sync-before-ack"
    /// An entry of an old term is committed by counting replicas (figure 8 of the paper).
    case commitOldTerm = "commit-old-term"
    /// The leader counts its own copy as a quorum.
    case acknowledgeBeforeQuorum = "ack-before-quorum"
    /// Whoever takes itself for the leader answers reads at once.
    case readWithoutLeaseCheck = "read-without-lease-check"
    /// A lease runs from the receipt of the acknowledgement.
    case leaseFromReply = "lease-from-reply"
    /// A follower keeps a conflicting suffix.
    case noTruncate = "no-truncate-on-conflict"
    /// Reads don't wait for an entry of the leader's own term to be committed.
    case forgetNoOperation = "forget-noop"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .voteTwice: "a vote is durable before it is given (section 5.2)"
        case .skipSync: "entries are durable before they are acknowledged (section 5.3)"
        case .commitOldTerm: "only entries of the own term are committed by counting (section 5.4.2)"
        case .acknowledgeBeforeQuorum: "an entry is committed once a majority holds it (section 5.3)"
        case .readWithoutLeaseCheck: "leadership is confirmed before a read is answered (section 8)"
        case .leaseFromReply: "a lease runs from the sending of the heartbeat (thesis, section 6.4.1)"
        case .noTruncate: "a conflicting entry and all that follow it are deleted (section 5.3)"
        case .forgetNoOperation: "a leader commits an entry of its own term before it serves reads (section 8)"
        }
    }
}

/// What a Raft node is set to.
public struct RaftOptions: Sendable {
    /// The most entries in one AppendEntries.
    public var batchEntries = 1_024
    /// About the most payload bytes in one AppendEntries; a larger entry goes alone.
    public var batchBytes = 1 << 20
    /// The most AppendEntries with entries under way to a follower.
    public var window = 16
    /// Whether followers write in parallel with the leader (thesis, section 10.2.1).
    public var isParallel = true
    /// Whether a candidate asks first whether it could win (thesis, section 9.6).
    public var hasPreVote = true
    /// Whether a leader that hears from no quorum for an election timeout steps down (thesis, section 6.2).
    public var checksQuorum = true
    /// How reads are made linearizable.
    public var reads = RaftReads.readIndex
    /// Bytes of applied entries after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written and sent.
    public var snapshotChunkBytes = 64 << 10
    /// The shortest election timeout in nanoseconds; timeouts are drawn from it up to twice as much.
    public var electionTimeout = UInt64.milliseconds(300)
    /// The most entries that a leader holds uncommitted before it refuses requests.
    public var maximumUncommittedEntries = 1 << 16
    /// The most payload bytes that a leader holds uncommitted before it refuses requests.
    public var maximumUncommittedBytes = 64 << 20
    /// The most reads that wait for a round.
    public var maximumWaitingReads = 1 << 16
    /// A rule left out on purpose.
    public var mutation: RaftMutation?

    /// The defaults.
    public init() {}

    /// Nanoseconds between heartbeats.
    @inlinable
    public var heartbeatInterval: UInt64 { electionTimeout / 6 }

    /// How long a lease lasts: what the shortest election timeout leaves after clocks that differ by a tenth.
    @inlinable
    public var leaseDuration: UInt64 { electionTimeout - electionTimeout / 10 }
}
