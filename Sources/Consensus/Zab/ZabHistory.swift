import ByteCoding
import ProtocolKit

/// A place in a history: a transaction's index and identifier. Two histories that have the same identifier agree on
/// everything up to it, the index included.
public struct HistoryPoint: Hashable, Sendable, BitwiseCopyable {
    /// The transaction's index, from 1.
    public let index: LogIndex
    /// Its identifier.
    public let zxid: Zxid

    /// A place of its parts.
    @inlinable
    public init(index: LogIndex, zxid: Zxid) {
        self.index = index
        self.zxid = zxid
    }

    /// Before the first transaction.
    public static let start = HistoryPoint(index: .zero, zxid: .zero)
}

/// A process's history (h in the paper) in memory: the accepted transactions after `base`, without gaps, in the order of
/// their identifiers.
@usableFromInline
struct ZabHistory: Sendable {
    @usableFromInline var records: ContiguousArray<LogRecord> = []
    /// Slots before this one are discarded and hold nothing.
    @usableFromInline var head = 0
    /// The last discarded transaction.
    @usableFromInline var base = HistoryPoint.start
    /// How often a suffix was removed: tells whoever watches that indices may mean other transactions now.
    @usableFromInline var truncations = UInt64(0)

    /// An empty history.
    @inlinable
    init() {}

    @inlinable
    var lastIndex: LogIndex { LogIndex(base.index.rawValue &+ UInt64(records.count &- head)) }

    @inlinable
    var lastZxid: Zxid { records.count == head ? base.zxid : Zxid(records[records.count &- 1].tag) }

    @inlinable
    var last: HistoryPoint { HistoryPoint(index: lastIndex, zxid: lastZxid) }

    @inlinable
    func slot(_ index: LogIndex) -> Int {
        head &+ Int(truncatingIfNeeded: index.rawValue &- base.index.rawValue &- 1)
    }

    /// The identifier at an index; nil where the history doesn't know (discarded, or not there yet).
    @inlinable
    func zxid(at index: LogIndex) -> Zxid? {
        guard index.rawValue > base.index.rawValue else { return index == base.index ? base.zxid : nil }
        let slot = slot(index)
        return slot < records.count ? Zxid(records[slot].tag) : nil
    }

    /// The transaction at an index after `base` and up to `lastIndex`.
    @inlinable
    subscript(index: LogIndex) -> LogRecord {
        assert(index > base.index && index <= lastIndex, "transaction \(index) is not in the history")
        return records[slot(index)]
    }

    /// Appends the transaction at `lastIndex` + 1.
    @inlinable
    mutating func append(_ record: LogRecord) {
        assert(record.index.rawValue == lastIndex.rawValue &+ 1, "transaction \(record.index) leaves a gap")
        records.append(record)
    }

    /// A copy of transactions from `first` on: at most `count`, and about `bytes` of payload (at least one).
    @inlinable
    func transactions(
        from first: LogIndex, through last: LogIndex, count: Int, bytes: Int
    ) -> ContiguousArray<LogRecord> {
        let start = slot(first)
        let limit = start &+ min(count, Int(truncatingIfNeeded: last.rawValue &- first.rawValue &+ 1))
        var end = start
        var size = 0
        while end < limit {
            size &+= records[end].payload.count &+ 16
            if size > bytes, end > start { break }
            end &+= 1
        }
        return ContiguousArray(records[start..<end])
    }

    /// The last transaction whose identifier is at most `zxid`; nil when that is discarded.
    func latest(notAfter zxid: Zxid) -> HistoryPoint? {
        guard zxid >= base.zxid else { return nil }
        var low = head
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].tag <= zxid.rawValue { low = middle + 1 } else { high = middle }
        }
        guard low > head else { return base }
        return HistoryPoint(index: records[low - 1].index, zxid: Zxid(records[low - 1].tag))
    }

    /// Removes the transactions from an index on.
    mutating func truncate(from index: LogIndex) {
        assert(index > base.index, "transaction \(index) is discarded already")
        records.removeLast(Int(lastIndex.rawValue - index.rawValue) + 1)
        truncations += 1
    }

    /// Gives up the transactions through an index.
    @usableFromInline
    mutating func discard(through index: LogIndex) {
        guard index > base.index, let zxid = zxid(at: index) else { return }
        let count = Int(index.rawValue - base.index.rawValue)
        let nothing = LogRecord(index: .zero, tag: 0, kind: 0, payload: Bytes())
        for slot in head..<head + count { records[slot] = nothing }
        head += count
        base = HistoryPoint(index: index, zxid: zxid)
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
        base = HistoryPoint(mark)
        truncations += 1
    }
}

extension HistoryPoint {
    /// The last transaction that a snapshot contains.
    init(_ mark: SnapshotMark) {
        self.init(index: mark.index, zxid: Zxid(mark.tag))
    }

    /// The mark of a snapshot that ends here.
    var mark: SnapshotMark { SnapshotMark(index: index, tag: zxid.rawValue) }
}
