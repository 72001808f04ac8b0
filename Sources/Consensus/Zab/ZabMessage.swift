import ByteCoding
import ProtocolKit

/// What Zab's processes say to each other, with the paper's names in capitals (Junqueira, Reed & Serafini 2011, section
/// 4; FLE, TRUNC, SNAP, UPTODATE and the forwarded requests: Medeiros 2012).
///
/// The paper assumes FIFO channels that lose nothing while they last. Here every message says to which ``Bond`` and
/// place of the history it belongs, so that it can be lost, repeated or overtaken.
public enum ZabMessage: Hashable, Sendable {
    /// Phase 0: whom a process would elect, or follows.
    case notification(Notification)
    /// CEPOCH: a follower tells its prospective leader the epoch that it has accepted.
    case followerEpoch(FollowerEpoch)
    /// NEWEPOCH: a prospective leader proposes an epoch.
    case newEpoch(Bond)
    /// ACK-E: a follower has accepted the epoch, and has this history.
    case epochAccepted(EpochAccepted)
    /// DIFF or TRUNC: where the follower's history and the leader's part.
    case synchronise(Synchronise)
    /// SNAP: a part of the leader's snapshot.
    case snapshot(ZabSnapshotPart)
    /// How far a follower has a snapshot.
    case snapshotTaken(ZabSnapshotTaken)
    /// NEWLEADER: the history ends here; follow me with it.
    case newLeader(Bond, HistoryPoint)
    /// ACK-LD: the follower has that history, durably.
    case newLeaderAccepted(Bond, LogIndex)
    /// PROPOSE, of one transaction or several; COMMIT of earlier ones rides along.
    case propose(Propose)
    /// ACK of all proposals up to one.
    case acknowledge(Acknowledge)
    /// COMMIT of all transactions up to one; a new follower's first is UPTODATE.
    case commit(Bond, LogIndex)
    /// Requests of a follower's clients.
    case forward(Forward)
    /// A follower asks for a quorum round on behalf of its reads up to this number.
    case sync(Bond, UInt64)
    /// The round is over: everything committed before it is covered by this index.
    case synced(Bond, number: UInt64, committed: LogIndex)
    /// The leader shows that it lives and asks whether it is still followed.
    case ping(Ping)
    /// It is.
    case pong(Pong)
    /// A process whose disk was replaced asks the others to forget its predecessor's attempts, those before this one.
    case introduce(UInt64)
    /// Done; and the last epoch that the sender has accepted.
    case introduced(UInt64, Epoch)
}

/// What ties a follower to a leader: one attempt of the one to follow, in one epoch of the other. Whatever was sent in
/// another attempt is ignored, as what a broken connection held back would be.
public struct Bond: Hashable, Sendable, BitwiseCopyable {
    /// The follower's attempt, which grows over restarts too.
    public var session: UInt64
    /// The leader's epoch.
    public var epoch: Epoch

    /// A bond of its parts.
    @inlinable
    public init(session: UInt64, epoch: Epoch) {
        self.session = session
        self.epoch = epoch
    }
}

/// A vote for a process by its history: the later the better, its number decides between equals (Fast Leader Election).
public struct Vote: Hashable, Sendable, Comparable, BitwiseCopyable {
    /// The epoch of the candidate's history (f.a in the paper).
    public var epoch: Epoch
    /// The last identifier of its history.
    public var zxid: Zxid
    /// The candidate.
    public var candidate: NodeID

    /// The order of preference.
    public static func < (left: Vote, right: Vote) -> Bool {
        (left.epoch, left.zxid, left.candidate) < (right.epoch, right.zxid, right.candidate)
    }
}

/// Whom a process would elect in a round of elections, or whom it follows since.
public struct Notification: Hashable, Sendable {
    /// The round.
    public var round: UInt64
    /// What the sender is doing.
    public var role: ZabRole
    /// Its vote.
    public var vote: Vote
}

/// CEPOCH(f.p).
public struct FollowerEpoch: Hashable, Sendable {
    /// The follower's attempt.
    public var session: UInt64
    /// The last epoch that it accepted (f.p).
    public var acceptedEpoch: Epoch
    /// Whose epoch that was; nil if it has accepted none.
    public var acceptedFrom: NodeID?
    /// Whether its disk was replaced: it must not be counted on for what it may have promised before.
    public var isReplacement: Bool
}

/// ACK-E(f.a, h), with the history's last transaction in place of all of it.
public struct EpochAccepted: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The epoch of the follower's history (f.a).
    public var currentEpoch: Epoch
    /// Its last transaction.
    public var last: HistoryPoint
    /// Whether the epoch is accepted for this leader; not when it was for another, who never became established.
    public var isPromise: Bool
}

/// DIFF and TRUNC.
public struct Synchronise: Hashable, Sendable {
    /// Which of them.
    public enum Kind: UInt8, Hashable, Sendable {
        /// The follower's last transaction is in the leader's history: proposals follow.
        case diff
        /// It isn't: everything after this point has to go.
        case truncate
    }

    /// The bond.
    public var bond: Bond
    /// Which of them.
    public var kind: Kind
    /// The leader's last transaction that isn't later than the follower's last.
    public var point: HistoryPoint
}

/// A part of a leader's snapshot.
public struct ZabSnapshotPart: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The last transaction that the snapshot contains.
    public var mark: SnapshotMark
    /// Where the part starts, in bytes.
    public var offset: UInt64
    /// The part.
    public var data: Bytes
    /// Whether it is the last.
    public var isLast: Bool
}

/// How far a follower has a snapshot.
public struct ZabSnapshotTaken: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// Which snapshot, by the last index in it.
    public var index: LogIndex
    /// Where the next part that it can use starts, in bytes.
    public var nextOffset: UInt64
    /// Whether the snapshot is durable and in use.
    public var isInstalled: Bool
}

/// PROPOSE.
public struct Propose: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The transaction before the first.
    public var previous: HistoryPoint
    /// COMMIT of everything up to here; nil before the leader is established.
    public var committed: LogIndex?
    /// Which of the transactions the follower's own clients asked for.
    public var own: OwnProposals
    /// The transactions, without gaps from `previous` on.
    public var transactions: ContiguousArray<LogRecord>

    /// A message of its parts.
    @inlinable
    public init(
        bond: Bond, previous: HistoryPoint, committed: LogIndex?, own: OwnProposals,
        transactions: ContiguousArray<LogRecord>
    ) {
        self.bond = bond
        self.previous = previous
        self.committed = committed
        self.own = own
        self.transactions = transactions
    }
}

/// Which of a message's proposals a follower had forwarded: its requests from `first` on, one for each place.
public struct OwnProposals: Hashable, Sendable {
    /// The first request's number.
    public var first: UInt64
    /// Places in the message's transactions, rising.
    public var places: ContiguousArray<UInt32>

    /// Requests of their parts.
    @inlinable
    public init(first: UInt64, places: ContiguousArray<UInt32>) {
        self.first = first
        self.places = places
    }

    /// None; doesn't allocate.
    @inlinable
    public static var none: OwnProposals { OwnProposals(first: 0, places: []) }
}

/// ACK.
public struct Acknowledge: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The follower has the leader's history up to here, durably.
    public var index: LogIndex
    /// Whether something between this and what came later is missing.
    public var isGap: Bool

    /// A message of its parts.
    @inlinable
    public init(bond: Bond, index: LogIndex, isGap: Bool) {
        self.bond = bond
        self.index = index
        self.isGap = isGap
    }
}

/// Requests that a follower sends on to its leader, in the order in which clients sent them.
public struct Forward: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The first request's number; they are numbered from 1 in a bond.
    public var first: UInt64
    /// The requests in binary form.
    public var payloads: ContiguousArray<Bytes>

    /// A message of its parts.
    @inlinable
    public init(bond: Bond, first: UInt64, payloads: ContiguousArray<Bytes>) {
        self.bond = bond
        self.first = first
        self.payloads = payloads
    }
}

/// A leader's heartbeat.
public struct Ping: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// Grows from ping to ping: an answer to a later one answers the earlier.
    public var round: UInt64
    /// COMMIT of everything up to here; nil before the leader is established.
    public var committed: LogIndex?
    /// The follower's requests up to this number are proposed.
    public var forwarded: UInt64
}

/// The answer to a heartbeat.
public struct Pong: Hashable, Sendable {
    /// The bond.
    public var bond: Bond
    /// The ping's round.
    public var round: UInt64
    /// How far the follower has the leader's history, durably; nil while it isn't known to have a common history.
    public var index: LogIndex?
}
