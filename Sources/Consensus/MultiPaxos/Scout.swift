import ProtocolKit

/// Phase 1 of a ballot, at the node that wants to lead it: a scout (van Renesse & Altinbuken 2015, section 4.3), once for
/// all slots.
@usableFromInline
struct Scout: Sendable {
    @usableFromInline let ballot: Ballot
    /// What the acceptors have reported after the slots that are known to be decided: the pvalue of the highest ballot of
    /// each slot.
    @usableFromInline var adopted = AcceptedSlots()
    /// Every slot through this one is decided, as some acceptor knows.
    @usableFromInline var decided: LogIndex
    /// For every other node the slot at which its next part begins; zero once it has promised in full.
    @usableFromInline var expected: ContiguousArray<LogIndex>
    /// How far each of them knew slots to be decided.
    @usableFromInline var known: ContiguousArray<LogIndex>
    /// Whether enough others have promised, so that the node itself promises last.
    @usableFromInline var isOwnPromiseAsked = false

    init(ballot: Ballot, decided: LogIndex, peers: Int) {
        self.ballot = ballot
        self.decided = decided
        adopted.discard(through: decided)
        expected = ContiguousArray(repeating: decided.next, count: peers)
        known = ContiguousArray(repeating: decided, count: peers)
    }

    /// The first slot that it asks for.
    var first: LogIndex { adopted.base.next }

    /// How many others have promised in full.
    var promises: Int { expected.reduce(0) { $0 + ($1 == .zero ? 1 : 0) } }

    /// Takes a reported pvalue over where it is of a higher ballot than what is known for the slot.
    mutating func adopt(_ value: PValue) {
        guard value.record.index > adopted.base, value.ballot > adopted.ballot(at: value.record.index) else { return }
        adopted.set(value.record, in: value.ballot)
    }
}
