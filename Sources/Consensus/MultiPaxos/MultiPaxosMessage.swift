import ByteCoding
import ProtocolKit

/// What the nodes of multi-paxos say to each other: the messages 1a to 2b of van Renesse & Altinbuken 2015, for ranges
/// of slots, and what nodes that lag are brought up to date with.
public enum MultiPaxosMessage: Hashable, Sendable {
    /// 1a: who wants to lead asks for promises.
    case prepare(Prepare)
    /// 1b: an acceptor promises, and tells what it has accepted.
    case promise(Promise)
    /// 2a: a leader proposes values, or shows that it lives.
    case accept(Accept)
    /// 2b: an acceptor has accepted.
    case accepted(Accepted)
    /// An acceptor knows of no higher ballot; says nothing of slots.
    case confirmed(Confirmed)
    /// An acceptor has promised itself to a higher ballot.
    case preempted(Preempted)
    /// A leader has no longer what the receiver lacks, but a snapshot.
    case snapshotOffer(SnapshotOffer)
    /// A node asks for a part of a snapshot.
    case snapshotRequest(SnapshotFetchRequest)
    /// A part of a snapshot.
    case snapshotPart(SnapshotFetchPart)
}

/// A value accepted in a ballot for a slot (van Renesse & Altinbuken 2015, section 4.1).
public struct PValue: Hashable, Sendable {
    /// The ballot.
    public var ballot: Ballot
    /// The value; its index is the slot, its tag the ballot in which the value was first proposed.
    public var record: LogRecord
}

extension MultiPaxosMessage {
    /// 1a for every slot from one on at once.
    public struct Prepare: Hashable, Sendable {
        /// The ballot that its sender wants to lead.
        public var ballot: Ballot
        /// The first slot that it wants to hear of: where an acceptor's answer comes in parts, that of the next part.
        public var first: LogIndex
    }

    /// A part of 1b.
    public struct Promise: Hashable, Sendable {
        /// The promise: nothing is accepted in a lower ballot any more.
        public var ballot: Ballot
        /// The first slot that was asked for.
        public var first: LogIndex
        /// Slots through this one are discarded; where `first` is one of them, a snapshot has to come first.
        public var base: LogIndex
        /// Every slot through this one is known to be decided.
        public var decided: LogIndex
        /// What was accepted, in the order of the slots.
        public var values: ContiguousArray<PValue>
        /// Where the next part begins; zero after the last.
        public var next: LogIndex
    }

    /// 2a for consecutive slots, or a heartbeat.
    public struct Accept: Hashable, Sendable {
        /// The leader's ballot.
        public var ballot: Ballot
        /// Every slot through this one is decided.
        public var decided: LogIndex
        /// The leader's latest round, by whose answers it knows that it still leads.
        public var round: UInt64
        /// The values; indices are slots, without gaps.
        public var values: ContiguousArray<LogRecord>

        /// A message of its parts.
        @inlinable
        public init(ballot: Ballot, decided: LogIndex, round: UInt64, values: ContiguousArray<LogRecord>) {
            self.ballot = ballot
            self.decided = decided
            self.round = round
            self.values = values
        }
    }

    /// 2b for everything that a turn has brought.
    public struct Accepted: Hashable, Sendable {
        /// The ballot.
        public var ballot: Ballot
        /// Every slot through this one is accepted in this ballot or known to be decided, durably.
        public var through: LogIndex
        /// The latest round that the acceptor heard of.
        public var round: UInt64
        /// Slots accepted beyond a gap, first and last; zero when there are none.
        public var strayFirst: LogIndex
        /// The last of them.
        public var strayLast: LogIndex
        /// Whether it counts: a node that has lost its disk only learns.
        public var isVoter: Bool

        /// A message of its parts.
        @inlinable
        public init(
            ballot: Ballot, through: LogIndex, round: UInt64, strayFirst: LogIndex = .zero, strayLast: LogIndex = .zero,
            isVoter: Bool = true
        ) {
            self.ballot = ballot
            self.through = through
            self.round = round
            self.strayFirst = strayFirst
            self.strayLast = strayLast
            self.isVoter = isVoter
        }
    }

    /// An answer to a round that needn't wait for the disk.
    public struct Confirmed: Hashable, Sendable {
        /// The ballot.
        public var ballot: Ballot
        /// The latest round that the acceptor heard of.
        public var round: UInt64

        /// A message of its parts.
        @inlinable
        public init(ballot: Ballot, round: UInt64) {
            self.ballot = ballot
            self.round = round
        }
    }

    /// The answer to 1a or 2a in too low a ballot.
    public struct Preempted: Hashable, Sendable {
        /// What the acceptor has promised.
        public var promised: Ballot
    }

    /// What the receiver lacks is compacted away.
    public struct SnapshotOffer: Hashable, Sendable {
        /// The leader's ballot.
        public var ballot: Ballot
        /// Slots through this one are in the snapshot.
        public var slot: LogIndex
    }
}
