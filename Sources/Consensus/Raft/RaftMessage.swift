import ByteCoding
import ProtocolKit

/// What Raft's servers say to each other: the RPCs of figures 2 and 13 of the paper, as one-way messages.
public enum RaftMessage: Hashable, Sendable {
    /// A candidate asks for a vote, or whether it would get one.
    case requestVote(RequestVote)
    /// The answer to it.
    case voteResponse(VoteResponse)
    /// A leader replicates entries, or shows that it lives.
    case appendEntries(AppendEntries)
    /// The answer to it.
    case appendResponse(AppendResponse)
    /// A leader sends a part of its snapshot.
    case installSnapshot(InstallSnapshot)
    /// The answer to it.
    case snapshotResponse(SnapshotResponse)
    /// A leader asks a follower to take over.
    case timeoutNow(TimeoutNow)
}

/// A candidate asks for a vote (figure 2), or, before it disturbs anyone, whether it would get one (thesis, 9.6).
public struct RequestVote: Hashable, Sendable {
    /// The candidate's term; of a pre-vote, the term it would begin.
    public var term: Term
    /// Index of the candidate's last entry.
    public var lastLogIndex: LogIndex
    /// Term of that entry.
    public var lastLogTerm: Term
    /// Whether it is only asking.
    public var isPreVote: Bool
    /// Whether the leader has asked the candidate to take over (thesis, section 3.10).
    public var isTakingOver = false
}

/// A server's vote.
public struct VoteResponse: Hashable, Sendable {
    /// The voter's term; of a granted pre-vote, the term that was asked for.
    public var term: Term
    /// Whether the vote was given.
    public var isGranted: Bool
    /// Whether it answers a pre-vote.
    public var isPreVote: Bool
    /// The voter's disk.
    public var birth = Birth.first
}

/// A leader's entries for a follower, or none: a heartbeat.
public struct AppendEntries: Hashable, Sendable {
    /// The leader's term.
    public var term: Term
    /// Index of the entry before the first.
    public var previousIndex: LogIndex
    /// Term of that entry.
    public var previousTerm: Term
    /// The leader's commit index.
    public var commitIndex: LogIndex
    /// The leader's latest round of heartbeats, by which it knows that it still leads (thesis, section 6.4).
    public var round: UInt64
    /// The entries, without gaps from `previousIndex` + 1 on.
    public var entries: ContiguousArray<LogRecord>

    /// A message of its parts.
    @inlinable
    public init(
        term: Term, previousIndex: LogIndex, previousTerm: Term, commitIndex: LogIndex, round: UInt64,
        entries: ContiguousArray<LogRecord>
    ) {
        self.term = term
        self.previousIndex = previousIndex
        self.previousTerm = previousTerm
        self.commitIndex = commitIndex
        self.round = round
        self.entries = entries
    }
}

/// A follower's answer to AppendEntries.
public struct AppendResponse: Hashable, Sendable {
    /// What became of the entries.
    public enum Outcome: Hashable, Sendable {
        /// The logs agree through `match`, and that much is durable.
        case matched(LogIndex)
        /// The entry at `previousIndex` is missing or of another term; the follower's first entry of that other term
        /// (`conflictTerm`, zero when missing) is at `conflictIndex` (paper, end of section 5.3).
        case conflict(previousIndex: LogIndex, conflictTerm: Term, conflictIndex: LogIndex)
    }

    /// The follower's term.
    public var term: Term
    /// The latest round that it heard of.
    public var round: UInt64
    /// What became of the entries.
    public var outcome: Outcome
    /// The follower's disk.
    public var birth: Birth

    /// A message of its parts.
    @inlinable
    public init(term: Term, round: UInt64, outcome: Outcome, birth: Birth = .first) {
        self.term = term
        self.round = round
        self.outcome = outcome
        self.birth = birth
    }
}

/// A part of a leader's snapshot (figure 13), for a follower whose next entry is compacted away.
public struct InstallSnapshot: Hashable, Sendable {
    /// The leader's term.
    public var term: Term
    /// The last entry that the snapshot contains.
    public var mark: SnapshotMark
    /// Where the part starts, in bytes.
    public var offset: UInt64
    /// The part.
    public var data: Bytes
    /// Whether it is the last.
    public var isLast: Bool
}

/// How far a follower has a snapshot.
public struct SnapshotResponse: Hashable, Sendable {
    /// The follower's term.
    public var term: Term
    /// Which snapshot, by the last index in it.
    public var index: LogIndex
    /// Where the next part that it can use starts, in bytes.
    public var nextOffset: UInt64
    /// Whether the snapshot is durable and in use.
    public var isInstalled: Bool
    /// The follower's disk.
    public var birth = Birth.first
}

/// A leader asks a follower that has the whole log to begin an election at once (thesis, section 3.10).
public struct TimeoutNow: Hashable, Sendable {
    /// The leader's term.
    public var term: Term
}
