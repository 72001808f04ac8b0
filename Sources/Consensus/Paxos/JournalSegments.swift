import ProtocolKit

/// Which slots the records of an acceptor's journal are for, told by stretches of it.
///
/// Paxos accepts slots in any order and some more than once, while a log's records are consecutive: so the log is a
/// journal whose positions say nothing of slots. A stretch at its front can be given up once all of its slots are in a
/// snapshot. The newest stretch never is, so that a recovered journal tells its own position.
@usableFromInline
struct JournalSegments: Sendable {
    @usableFromInline
    struct Segment: Sendable {
        /// Position of its first record.
        @usableFromInline let first: UInt64
        @usableFromInline var highestSlot: LogIndex

        @inlinable
        init(first: UInt64, highestSlot: LogIndex) {
            self.first = first
            self.highestSlot = highestSlot
        }
    }

    /// Records of a stretch.
    @inlinable
    static var length: UInt64 { 256 }

    /// The position of the last record.
    @usableFromInline var last = UInt64(0)
    @usableFromInline var segments = Fifo<Segment>()

    @inlinable
    init() {}

    /// Whether the next record begins a stretch.
    @inlinable
    var isFull: Bool {
        segments.isEmpty || last &- segments[segments.count &- 1].first &+ 1 >= Self.length
    }

    /// Notes that the next record is for a slot; returns the record's position.
    ///
    /// - Parameter mayBegin: whether a stretch may begin with it.
    @inlinable
    mutating func append(_ slot: LogIndex, mayBegin: Bool) -> LogIndex {
        let begins = mayBegin && isFull
        last &+= 1
        if begins {
            segments.append(Segment(first: last, highestSlot: slot))
        } else if segments[segments.count &- 1].highestSlot < slot {
            segments[segments.count &- 1].highestSlot = slot
        }
        return LogIndex(last)
    }

    /// Gives up the stretches at the front whose slots are all at or before `slot`.
    ///
    /// - Returns: the position of the last record given up, or nil.
    mutating func discard(through slot: LogIndex) -> LogIndex? {
        var count = 0
        while count + 1 < segments.count, segments[count].highestSlot <= slot { count += 1 }
        guard count > 0 else { return nil }
        segments.removeFirst(count)
        return LogIndex(segments[0].first).previous
    }

    /// Notes a recovered record.
    mutating func recover(_ position: LogIndex, slot: LogIndex, mayBegin: Bool) {
        if segments.isEmpty { last = position.rawValue - 1 }
        _ = append(slot, mayBegin: mayBegin || segments.isEmpty)
    }
}
