import ByteCoding
import ProtocolKit

/// What the nodes of a primary-backup cluster say to each other.
public enum PrimaryBackupMessage: Hashable, Sendable {
    /// A node asks for the promise to follow its epoch, or whether it would get it.
    case promiseRequest(PromiseRequest)
    /// The answer to it.
    case promise(ViewPromise)
    /// The receiver has the better log: it should stand itself.
    case nomination
    /// A primary asks to agree to a view.
    case viewProposal(View)
    /// The view of this number is accepted.
    case viewAcceptance(ViewNumber)
    /// A primary's epoch is over: a later one is promised.
    case outbid(ViewEpoch)
    /// A primary sends entries, or shows that it lives.
    case update(Update)
    /// The answer to it.
    case updateAnswer(UpdateAnswer)
    /// A primary sends a part of its snapshot.
    case snapshotPart(SnapshotTransferPart)
    /// The answer to it.
    case snapshotAnswer(SnapshotTransferAnswer)
}

/// A node asks for the promise to follow its epoch (Paxos's phase 1, Viewstamped Replication's StartViewChange), or,
/// before it disturbs anyone, whether it would get it.
public struct PromiseRequest: Hashable, Sendable {
    /// The epoch that it would begin.
    public var epoch: ViewEpoch
    /// Whether it is only asking.
    public var isProbe: Bool
}

/// A node's promise to refuse everything of epochs before the asked one, with what it holds (DoViewChange).
public struct ViewPromise: Hashable, Sendable {
    /// The epoch that was asked for.
    public var epoch: ViewEpoch
    /// Whether it answers a probe: nothing is promised.
    public var isProbe: Bool
    /// The epoch that is promised; higher than the asked one, it is a refusal.
    public var promised: ViewEpoch
    /// The latest view that the node has accepted.
    public var view: View
    /// The end of its log.
    public var end: LogEnd
}

/// Where a log ends. Of two logs the one whose last entry is of the later epoch is ahead; of one epoch, the longer.
public struct LogEnd: Hashable, Comparable, Sendable {
    /// The last entry's epoch.
    public var epoch: ViewEpoch
    /// The last entry's index.
    public var index: LogIndex

    /// By epoch first.
    public static func < (left: LogEnd, right: LogEnd) -> Bool {
        (left.epoch, left.index) < (right.epoch, right.index)
    }
}

/// A primary's entries for another node, or none: a heartbeat.
public struct Update: Hashable, Sendable {
    /// The primary's epoch.
    public var epoch: ViewEpoch
    /// Index of the entry before the first.
    public var previousIndex: LogIndex
    /// Epoch of that entry.
    public var previousEpoch: ViewEpoch
    /// Everything through here is held by all members of the view.
    public var commitIndex: LogIndex
    /// The primary's latest round of heartbeats, by which it knows that it still is the primary.
    public var round: UInt64
    /// Whether it is to be answered; an asynchronous primary's entries mostly aren't.
    public var wantsAnswer: Bool
    /// The entries, without gaps from `previousIndex` + 1 on.
    public var entries: ContiguousArray<LogRecord>

    /// A message of its parts.
    @inlinable
    public init(
        epoch: ViewEpoch, previousIndex: LogIndex, previousEpoch: ViewEpoch, commitIndex: LogIndex, round: UInt64,
        wantsAnswer: Bool, entries: ContiguousArray<LogRecord>
    ) {
        self.epoch = epoch
        self.previousIndex = previousIndex
        self.previousEpoch = previousEpoch
        self.commitIndex = commitIndex
        self.round = round
        self.wantsAnswer = wantsAnswer
        self.entries = entries
    }
}

/// A node's answer to an update.
public struct UpdateAnswer: Hashable, Sendable {
    /// What became of the entries.
    public enum Outcome: Hashable, Sendable {
        /// The logs agree through `match`, and that much is durable.
        case matched(LogIndex)
        /// The entry at `previousIndex` is missing or of another epoch; the first entry of that other epoch
        /// (`conflictEpoch`, zero when missing) is at `conflictIndex`.
        case conflict(previousIndex: LogIndex, conflictEpoch: ViewEpoch, conflictIndex: LogIndex)
    }

    /// The epoch that was answered.
    public var epoch: ViewEpoch
    /// The latest round that the node heard of; 0 from one whose word doesn't count.
    public var round: UInt64
    /// Whether the node may be a member: it remembers all that it promised.
    public var isEligible: Bool
    /// What became of the entries.
    public var outcome: Outcome

    /// A message of its parts.
    @inlinable
    public init(epoch: ViewEpoch, round: UInt64, isEligible: Bool, outcome: Outcome) {
        self.epoch = epoch
        self.round = round
        self.isEligible = isEligible
        self.outcome = outcome
    }
}

/// A part of a primary's snapshot, for a node whose next entry is compacted away.
public struct SnapshotTransferPart: Hashable, Sendable {
    /// The primary's epoch.
    public var epoch: ViewEpoch
    /// The last entry that the snapshot contains.
    public var mark: SnapshotMark
    /// Where the part starts, in bytes.
    public var offset: UInt64
    /// The part.
    public var data: Bytes
    /// Whether it is the last.
    public var isLast: Bool
}

/// How far a node has a snapshot.
public struct SnapshotTransferAnswer: Hashable, Sendable {
    /// The epoch that was answered.
    public var epoch: ViewEpoch
    /// Which snapshot, by the last index in it.
    public var index: LogIndex
    /// Where the next part that it can use starts, in bytes.
    public var nextOffset: UInt64
    /// Whether the snapshot is durable and in use.
    public var isInstalled: Bool
}
