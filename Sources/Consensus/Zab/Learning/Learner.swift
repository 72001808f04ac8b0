import ProtocolKit

/// What a leader knows of another process: whether it follows, and how its history is being made the leader's.
@usableFromInline
struct Learner: Sendable {
    /// How far the two have come.
    @usableFromInline
    enum Stage: UInt8, Sendable {
        /// It doesn't follow.
        case absent
        /// CEPOCH has come; it is asked to accept an epoch.
        case discovering
        /// It has accepted the epoch; the synchronisation hasn't begun.
        case accepted
        /// It was told to remove the end of its history.
        case truncating
        /// It is being sent a snapshot.
        case transferring
        /// It is told the transactions that it lacks, one after the other.
        case streaming
    }

    @usableFromInline let id: NodeID
    @usableFromInline var stage = Stage.absent
    /// Its attempt to follow.
    @usableFromInline var session = UInt64(0)
    /// Whether it is counted for quorums: one whose disk was replaced isn't at first.
    @usableFromInline var isCounted = true
    /// The last epoch that it had accepted when it came.
    @usableFromInline var acceptedEpoch = Epoch.zero
    /// Whether it has promised this leader's epoch.
    @usableFromInline var hasPromised = false
    /// The end of its history, as it last said.
    @usableFromInline var last = HistoryPoint.start
    /// Where its history and the leader's part.
    @usableFromInline var common = HistoryPoint.start
    /// Whether it has said that its history is a prefix of the leader's.
    @usableFromInline var isInLine = false
    /// The end of the history that NEWLEADER stands for, and whether NEWLEADER has left.
    @usableFromInline var newLeader = HistoryPoint.start
    @usableFromInline var isNewLeaderSent = false
    @usableFromInline var hasAcknowledgedNewLeader = false

    @usableFromInline var next = LogIndex(1)
    @usableFromInline var match = LogIndex.zero
    @usableFromInline var matchAtHeartbeat = LogIndex.zero
    /// Where a gap was last mended, so that the messages that were under way don't mend it again and again.
    @usableFromInline var mended = LogIndex.zero
    @usableFromInline var inFlight: InFlight
    /// The last commit that it was told of.
    @usableFromInline var toldCommitted = LogIndex.zero
    /// Whether it was told that the leader is established (UPTODATE).
    @usableFromInline var isToldEstablished = false

    @usableFromInline var contact = UInt64(0)
    @usableFromInline var acknowledgedRound = UInt64(0)
    /// Its requests up to this number are proposed.
    @usableFromInline var forwarded = UInt64(0)
    @usableFromInline var own = OwnQueue()
    /// The last of them.
    @usableFromInline var lastOwn = LogIndex.zero
    @usableFromInline var transfer: ZabSnapshotTransfer?

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }

    /// Whether its acknowledgements count: it follows with a history that begins as the leader's, and is no stranger to
    /// what it promised before.
    @inlinable
    var isFollowing: Bool { hasAcknowledgedNewLeader && isCounted }

    /// Sends again from the first transaction that isn't known to be there.
    @usableFromInline
    mutating func rewind() {
        next = max(match, common.index).next
        inFlight.removeAll()
        own.rewind(to: next)
    }

    /// Begins to send what follows a point that both histories have.
    mutating func stream(from point: HistoryPoint) {
        stage = .streaming
        common = point
        transfer = nil
        rewind()
    }
}

/// The proposals that a follower's own clients asked for and that it hasn't acknowledged: it is told which they are.
@usableFromInline
struct OwnQueue: Sendable {
    @usableFromInline var indices = Fifo<LogIndex>()
    /// How many of them lie before the next transaction to send.
    @usableFromInline var passed = 0
    /// The number of the first.
    @usableFromInline var first = UInt64(1)

    @inlinable
    init() {}

    @inlinable
    mutating func append(_ index: LogIndex) {
        indices.append(index)
    }

    /// Those among `count` transactions after `previous`, which are the next to be sent.
    @inlinable
    mutating func take(after previous: LogIndex, count: Int) -> OwnProposals {
        guard passed < indices.count else { return .none }
        let last = previous.rawValue &+ UInt64(count)
        guard indices[passed].rawValue <= last else { return .none }
        var own = OwnProposals(first: first &+ UInt64(passed), places: [])
        while passed < indices.count, indices[passed].rawValue <= last {
            own.places.append(UInt32(truncatingIfNeeded: indices[passed].rawValue &- previous.rawValue &- 1))
            passed &+= 1
        }
        return own
    }

    /// Forgets those that the follower has acknowledged.
    @inlinable
    mutating func removeAll(through match: LogIndex) {
        while !indices.isEmpty, indices[0] <= match {
            indices.removeFirst()
            first &+= 1
            if passed > 0 { passed &-= 1 }
        }
    }

    @usableFromInline
    mutating func rewind(to next: LogIndex) {
        passed = 0
        while passed < indices.count, indices[passed] < next { passed += 1 }
    }
}

/// A snapshot on its way to a follower.
@usableFromInline
struct ZabSnapshotTransfer: Sendable {
    /// Names the transfer to the disk that reads for it.
    @usableFromInline var number: UInt64
    /// The snapshot that the sent parts belong to.
    @usableFromInline var mark: SnapshotMark?
    /// Where the part that is under way starts.
    @usableFromInline var offset = UInt64(0)
    /// When the disk or the follower was last asked for something.
    @usableFromInline var since: UInt64
}
