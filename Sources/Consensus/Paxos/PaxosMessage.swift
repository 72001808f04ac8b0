import ByteCoding
import ProtocolKit

/// What the nodes of Paxos say to each other: the messages of both phases for one slot (Lamport 2001, section 2.2), and
/// what nodes that lag are brought up to date with.
public enum PaxosMessage: Hashable, Sendable {
    /// 1a: a proposer asks for promises.
    case prepare(Prepare)
    /// 1b: an acceptor promises, and tells what it has accepted.
    case promise(Promise)
    /// 2a: a proposer asks for acceptance.
    case accept(Accept)
    /// 2b: an acceptor has accepted.
    case accepted(Accepted)
    /// An acceptor has promised itself to a higher ballot.
    case preempted(Preempted)
    /// How far the sender knows slots to be decided.
    case notice(Notice)
    /// A learner asks for the decisions from a slot on.
    case learn(Learn)
    /// Decisions.
    case decisions(Decisions)
    /// A node asks for a part of a snapshot.
    case snapshotRequest(SnapshotFetchRequest)
    /// A part of a snapshot.
    case snapshotPart(SnapshotFetchPart)
}

extension PaxosMessage {
    /// How far a node knows slots to be decided. It rides on what a proposer sends anyway, so that learning costs nothing.
    public struct Notice: Hashable, Sendable {
        /// Every slot through this one is decided.
        public var decided: LogIndex
        /// A ballot in which the value of that slot is chosen: whoever has accepted for the slot in this ballot or a higher
        /// one has accepted that value (P2b).
        public var ballot: Ballot
    }

    /// 1a.
    public struct Prepare: Hashable, Sendable {
        /// The slot.
        public var slot: LogIndex
        /// The ballot.
        public var ballot: Ballot
        /// What the proposer knows to be decided.
        public var notice: Notice
    }

    /// 1b.
    public struct Promise: Hashable, Sendable {
        /// The slot.
        public var slot: LogIndex
        /// The promise: nothing is accepted for the slot in a lower ballot any more.
        public var ballot: Ballot
        /// What was accepted for the slot in the highest ballot, if anything was.
        public var accepted: PValue?
    }

    /// 2a.
    public struct Accept: Hashable, Sendable {
        /// The ballot.
        public var ballot: Ballot
        /// The value; its index is the slot, its tag the decree's name.
        public var record: LogRecord
        /// What the proposer knows to be decided.
        public var notice: Notice
    }

    /// 2b.
    public struct Accepted: Hashable, Sendable {
        /// The slot.
        public var slot: LogIndex
        /// The ballot.
        public var ballot: Ballot
    }

    /// The answer to 1a or 2a in too low a ballot.
    public struct Preempted: Hashable, Sendable {
        /// The slot.
        public var slot: LogIndex
        /// What the acceptor has promised.
        public var promised: Ballot
    }

    /// A learner's question.
    public struct Learn: Hashable, Sendable {
        /// The first slot whose decision it lacks.
        public var first: LogIndex
    }

    /// The values of consecutive decided slots.
    public struct Decisions: Hashable, Sendable {
        /// Slots through this one are compacted away: who lacks them has to fetch a snapshot.
        public var base: LogIndex
        /// The values, each with a ballot as in ``Notice/ballot``.
        public var values: ContiguousArray<PValue>
        /// How far the sender knows slots to be decided.
        public var notice: Notice
    }
}
