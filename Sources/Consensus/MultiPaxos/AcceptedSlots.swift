import ByteCoding
import ProtocolKit

/// What an acceptor has accepted, slot by slot after `base`, in one array: for each slot the pvalue of the highest ballot
/// (van Renesse & Altinbuken 2015, section 4.5), or nothing yet.
///
/// A record's index is the slot and its tag the value's birth: the ballot in which a leader first proposed it there. A
/// later leader that proposes it again keeps the birth, so that slot and birth name a value whatever happens to it.
@usableFromInline
struct AcceptedSlots: Sendable {
    @usableFromInline var records: ContiguousArray<LogRecord> = []
    /// The ballot in which each was accepted last; zero where nothing was.
    @usableFromInline var ballots: ContiguousArray<Ballot> = []
    /// Places before this one are discarded and hold nothing.
    @usableFromInline var head = 0
    /// The last discarded slot; zero when nothing is.
    @usableFromInline var base = LogIndex.zero
    /// How often a slot was written that isn't the next: tells whoever watches that more than the end has changed.
    @usableFromInline var rewrites = UInt64(0)

    @inlinable
    init() {}

    /// The last slot that has a place.
    @inlinable
    var last: LogIndex { LogIndex(base.rawValue &+ UInt64(records.count &- head)) }

    @inlinable
    func place(_ slot: LogIndex) -> Int {
        head &+ Int(truncatingIfNeeded: slot.rawValue &- base.rawValue &- 1)
    }

    /// The ballot in which a slot's value was accepted; zero where there is none or it is discarded.
    @inlinable
    func ballot(at slot: LogIndex) -> Ballot {
        guard slot.rawValue > base.rawValue else { return .zero }
        let place = place(slot)
        return place < ballots.count ? ballots[place] : .zero
    }

    /// The value at a slot after `base` and up to `last`.
    @inlinable
    subscript(slot: LogIndex) -> LogRecord {
        assert(slot > base && slot <= last, "slot \(slot) has no place")
        return records[place(slot)]
    }

    @usableFromInline
    static func vacant(_ slot: LogIndex) -> LogRecord {
        LogRecord(index: slot, tag: 0, kind: EntryKind.noOperation.rawValue, payload: Bytes())
    }

    /// Accepts a value in the slot after `last`.
    @inlinable
    mutating func append(_ record: LogRecord, in ballot: Ballot) {
        assert(record.index.rawValue == last.rawValue &+ 1, "slot \(record.index) isn't the next")
        records.append(record)
        ballots.append(ballot)
    }

    /// Accepts a value in any slot after `base`, making room up to there.
    @usableFromInline
    mutating func set(_ record: LogRecord, in ballot: Ballot) {
        assert(record.index > base, "slot \(record.index) is discarded")
        while last < record.index.previous { append(Self.vacant(last.next), in: .zero) }
        guard record.index <= last else { return append(record, in: ballot) }
        rewrites += 1
        records[place(record.index)] = record
        ballots[place(record.index)] = ballot
    }

    /// A copy of consecutive values from `first` on: at most `count`, and no more than about `bytes` of payload (at least
    /// one). All of them have been accepted.
    @inlinable
    func values(from first: LogIndex, through last: LogIndex, count: Int, bytes: Int) -> ContiguousArray<LogRecord> {
        let start = place(first)
        let available = Int(truncatingIfNeeded: last.rawValue &- first.rawValue &+ 1)
        let limit = start &+ min(count, available)
        var end = start
        var size = 0
        while end < limit {
            size &+= records[end].payload.count &+ 16
            if size > bytes, end > start { break }
            end &+= 1
        }
        return ContiguousArray(records[start..<end])
    }

    /// The pvalues from `first` on, at most `count` and about `bytes`, and the slot at which the next part begins; zero
    /// when there is none.
    func pvalues(from first: LogIndex, count: Int, bytes: Int) -> (values: ContiguousArray<PValue>, next: LogIndex) {
        var values = ContiguousArray<PValue>()
        var size = 0
        var slot = max(first, base.next)
        while slot <= last {
            if ballot(at: slot) > .zero {
                size += self[slot].payload.count + 32
                if values.count == count || size > bytes && !values.isEmpty { return (values, slot) }
                values.append(PValue(ballot: ballot(at: slot), record: self[slot]))
            }
            slot = slot.next
        }
        return (values, .zero)
    }

    /// Gives up the slots through one, which may lie beyond `last`.
    @usableFromInline
    mutating func discard(through slot: LogIndex) {
        guard slot > base else { return }
        guard slot < last else {
            records.removeAll(keepingCapacity: records.capacity <= 1 << 16)
            ballots.removeAll(keepingCapacity: ballots.capacity <= 1 << 16)
            head = 0
            base = slot
            return
        }
        let count = Int(slot.rawValue - base.rawValue)
        for place in head..<head + count { records[place] = Self.vacant(.zero) }
        head += count
        base = slot
        if head >= 4_096, head * 2 >= records.count {
            records.removeSubrange(0..<head)
            ballots.removeSubrange(0..<head)
            head = 0
        }
    }
}
