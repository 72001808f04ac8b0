import ByteCoding
import ProtocolKit

/// The log in memory: the entries after `baseIndex`, which stand in one array without gaps.
@usableFromInline
struct RaftLog: Sendable {
    @usableFromInline var records: ContiguousArray<LogRecord> = []
    /// Slots before this one are discarded and hold nothing.
    @usableFromInline var head = 0
    /// The last discarded index; zero when nothing is.
    @usableFromInline var baseIndex = LogIndex.zero
    /// The term of the entry at `baseIndex`.
    @usableFromInline var baseTerm = Term.zero
    /// How often a suffix was removed: tells whoever watches the log that indices may mean other entries now.
    @usableFromInline var truncations = UInt64(0)

    /// An empty log.
    @inlinable
    init() {}

    /// The index of the last entry, or of the last discarded one.
    @inlinable
    var lastIndex: LogIndex { LogIndex(baseIndex.rawValue &+ UInt64(records.count &- head)) }

    /// The term of the last entry, or of the last discarded one.
    @inlinable
    var lastTerm: Term { records.count == head ? baseTerm : Term(records[records.count &- 1].tag) }

    /// The term of the entry at an index; nil where the log doesn't know (discarded, or not there yet).
    @inlinable
    func term(at index: LogIndex) -> Term? {
        if index.rawValue > baseIndex.rawValue {
            let slot = head &+ Int(truncatingIfNeeded: index.rawValue &- baseIndex.rawValue &- 1)
            return slot < records.count ? Term(records[slot].tag) : nil
        }
        return index == baseIndex ? baseTerm : nil
    }

    /// The entry at an index after `baseIndex` and up to `lastIndex`.
    @inlinable
    subscript(index: LogIndex) -> LogRecord {
        assert(index > baseIndex && index <= lastIndex, "entry \(index) is not in the log")
        return records[head &+ Int(truncatingIfNeeded: index.rawValue &- baseIndex.rawValue &- 1)]
    }

    /// Appends the entry at `lastIndex` + 1.
    @inlinable
    mutating func append(_ record: LogRecord) {
        assert(record.index.rawValue == lastIndex.rawValue &+ 1, "entry \(record.index) leaves a gap")
        records.append(record)
    }

    /// A copy of entries from `first` on: at most `count`, and no more than about `bytes` of payload (at least one).
    @inlinable
    func entries(from first: LogIndex, through last: LogIndex, count: Int, bytes: Int) -> ContiguousArray<LogRecord> {
        let start = head &+ Int(truncatingIfNeeded: first.rawValue &- baseIndex.rawValue &- 1)
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

    /// Removes the entries from an index on.
    mutating func truncate(from index: LogIndex) {
        assert(index > baseIndex, "entry \(index) is discarded already")
        records.removeLast(Int(lastIndex.rawValue - index.rawValue) + 1)
        truncations += 1
    }

    /// Gives up the entries through an index.
    @usableFromInline
    mutating func discard(through index: LogIndex) {
        guard index > baseIndex, let term = term(at: index) else { return }
        let count = Int(index.rawValue - baseIndex.rawValue)
        let nothing = LogRecord(index: .zero, tag: 0, kind: 0, payload: Bytes())
        for slot in head..<head + count { records[slot] = nothing }
        head += count
        baseIndex = index
        baseTerm = term
        if head == records.count {
            records.removeAll(keepingCapacity: records.capacity <= 1 << 16)
            head = 0
        } else if head >= 4_096, head * 2 >= records.count {
            records.removeSubrange(0..<head)
            head = 0
        }
    }

    /// Begins again after a snapshot that replaces everything.
    mutating func reset(to mark: SnapshotMark) {
        records.removeAll()
        head = 0
        baseIndex = mark.index
        baseTerm = Term(mark.tag)
        truncations += 1
    }

    /// The first index whose term is at least `term`; `lastIndex` + 1 if there is none. Terms never fall in a log.
    func firstIndex(withTermAtLeast term: Term) -> LogIndex {
        var low = head
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].tag < term.rawValue { low = middle + 1 } else { high = middle }
        }
        return LogIndex(baseIndex.rawValue + UInt64(low - head) + 1)
    }

    /// The last index of a term, or nil if the log has no entry of it.
    func lastIndex(ofTerm term: Term) -> LogIndex? {
        let index = firstIndex(withTermAtLeast: term.next).previous
        return self.term(at: index) == term ? index : nil
    }
}
