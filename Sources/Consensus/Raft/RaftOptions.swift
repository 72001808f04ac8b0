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
    /// A follower deletes what follows an old message's entries though they don't conflict.
    case truncateAlways = "truncate-always"
    /// Servers vote although they have just heard from a leader.
    case voteWithoutStickiness = "vote-without-stickiness"
    /// A leader goes on serving leases after it has asked another to take over.
    case transferKeepsLease = "transfer-keeps-lease"
    /// While configurations overlap, a majority of the new one is enough.
    case jointOneMajority = "joint-one-majority"
    /// A learner's acknowledgement counts towards the majority of voters.
    case learnerCountsAsVoter = "learner-counts-as-voter"
    /// A change of the membership begins before the last one is committed, and before an entry of the own term is.
    case changeBeforeCommit = "change-before-commit"
    /// A snapshot doesn't bring its configuration along.
    case forgetConfiguration = "config-left-out-of-snapshot"
    /// A voter that has lost its disk goes on as if it hadn't.
    case wipedVoterVotes = "wiped-voter-votes"

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
        case .truncateAlways: "only a conflicting entry is deleted, with all that follow it (section 5.3)"
        case .voteWithoutStickiness: "no vote within an election timeout of a leader's word (thesis, section 6.4.1)"
        case .transferKeepsLease: "a leadership transfer ends the lease (thesis, section 6.4.1)"
        case .jointOneMajority: "agreement needs a majority of both configurations while they overlap (section 6)"
        case .learnerCountsAsVoter: "a learner doesn't count towards majorities (thesis, section 4.2.1)"
        case .changeBeforeCommit: "a change begins after the last one, and an entry of the own term, is committed"
        case .forgetConfiguration: "a snapshot includes the latest configuration in it (section 7)"
        case .wipedVoterVotes: "a server that has forgotten its promises is a new server (section 5.2)"
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
    /// Whether a leader that hears from no quorum for an election timeout steps down (thesis, section 6.2), and servers
    /// that have just heard from a leader don't vote (section 4.2.3).
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
    /// How many of the nodes are voters to begin with; nil for all. The others have no part until they are added.
    public var voters: Int?
    /// Mean nanoseconds between random changes of the membership that the leader asks itself for, in simulations; 0 for
    /// none.
    public var churnInterval = UInt64(0)
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
