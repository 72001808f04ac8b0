import ProtocolKit

/// Which acceptors have accepted the leader's proposals, slot by slot: a commander for each slot (van Renesse &
/// Altinbuken 2015, section 4.2), in one machine word.
@usableFromInline
struct Tally: Sendable {
    /// The acceptors, a bit each, for the slots after `base`.
    @usableFromInline var votes = Fifo<UInt16>()
    /// Every slot through this one is decided.
    @usableFromInline var base = LogIndex.zero

    @inlinable
    init() {}

    /// Begins again with nothing accepted in the slots after `base` up to `last`.
    mutating func reset(after base: LogIndex, through last: LogIndex) {
        self.base = base
        votes.removeAll()
        for _ in base.rawValue..<max(base, last).rawValue { votes.append(0) }
    }

    /// Adds the next slot.
    @inlinable
    mutating func open() { votes.append(0) }

    /// An acceptor has accepted in the slots from one through another; those that aren't tallied are passed over.
    @inlinable
    mutating func count(_ acceptor: Int, from first: LogIndex, through last: LogIndex) {
        let bit = UInt16(1) << UInt16(acceptor)
        var place = first.rawValue > base.rawValue ? Int(first.rawValue &- base.rawValue &- 1) : 0
        let end = last.rawValue > base.rawValue ? min(Int(last.rawValue &- base.rawValue), votes.count) : 0
        while place < end {
            votes[place] |= bit
            place &+= 1
        }
    }

    /// How many slots at the front have a quorum.
    @inlinable
    func decidable(quorum: Int) -> Int {
        var count = 0
        while count < votes.count, votes[count].nonzeroBitCount >= quorum { count &+= 1 }
        return count
    }

    /// The first slots are decided.
    @inlinable
    mutating func removeFirst(_ count: Int) {
        votes.removeFirst(count)
        base = LogIndex(base.rawValue &+ UInt64(count))
    }

    /// The slots through one turn out to be decided.
    mutating func skip(through slot: LogIndex) {
        guard slot > base else { return }
        votes.removeFirst(min(votes.count, Int(slot.rawValue - base.rawValue)))
        base = slot
    }
}
