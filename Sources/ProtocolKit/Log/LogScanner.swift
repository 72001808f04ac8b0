import ByteCoding

/// What a log holds after a restart.
public struct RecoveredLog: Sendable {
    /// The last hard state.
    public var hardState: Bytes?
    /// How often the node was started.
    public var incarnation: UInt64 = 0
    /// The entries after the discarded prefix.
    public var records: [LogRecord] = []
    /// Everything up to here is no longer needed.
    public var discardedThrough = LogIndex.zero
    /// Segments in order: epoch, bytes of records, highest entry in it.
    public var segments: [(epoch: UInt64, end: Int, highestIndex: LogIndex)] = []
    /// Bytes of a torn last record that were dropped.
    public var droppedBytes = 0

    /// Nothing yet.
    public init() {}
}

/// What doesn't check in a log or snapshot: whoever holds it can't start with it.
public struct LogDamage: Error, Sendable, Hashable {
    /// Where, in bytes from the segment's beginning.
    public var offset: Int
    /// Whether it is whole, but not this node's.
    public var isForeign: Bool
    /// What doesn't check.
    public var reason: String

    /// Damage of its parts.
    public init(offset: Int, isForeign: Bool = false, reason: String) {
        self.offset = offset
        self.isForeign = isForeign
        self.reason = reason
    }
}

/// Reads a log's segments back, in order.
///
/// A last record is dropped as torn when a sector that it should fill, and everything after the record, holds the zeros
/// that the segment was filled with: a write that the crash cut short. Everything else that doesn't check is refused,
/// since dropping it could forget what was promised.
public struct LogScanner {
    private let identity: LogFormat.Identity
    /// What was read so far.
    public private(set) var log = RecoveredLog()

    /// A reader of a node's log.
    public init(identity: LogFormat.Identity) { self.identity = identity }

    /// Ends the reading: drops the entries of the discarded prefix.
    ///
    /// - Throws: ``LogDamage`` where entries are missing.
    public mutating func finish() throws(LogDamage) {
        let discarded = log.discardedThrough
        log.records.removeAll { $0.index <= discarded }
        if let first = log.records.first, first.index != discarded.next {
            throw LogDamage(offset: 0, reason: "entries \(discarded.next) to \(first.index.previous) are missing")
        }
    }

    /// Reads the next segment.
    ///
    /// - Throws: ``LogDamage`` for what doesn't check and can't be a write that was cut short.
    public mutating func read(_ region: UnsafeRawBufferPointer, epoch: UInt64, isLast: Bool) throws(LogDamage) {
        let header = LogFormat.header(epoch: epoch, identity: identity)
        if isLast, region.allSatisfy({ $0 == 0 }) {
            // The segment was made and its header never reached the disk: nothing was promised from it.
            log.segments.append((epoch, 0, .zero))
            return
        }
        guard region.count >= LogFormat.headerBytes,
            header.bytes.withUnsafeBytes({ $0.elementsEqual(region[..<LogFormat.headerBytes]) })
        else {
            let magic = region.count >= 8 ? UInt64(littleEndian: region.loadUnaligned(as: UInt64.self)) : 0
            if magic == LogFormat.magic {
                throw LogDamage(offset: 0, isForeign: true, reason: "its header names another node, cluster or version")
            }
            throw LogDamage(offset: 0, reason: "the header isn't a log segment's")
        }
        var offset = LogFormat.headerBytes
        var chain = header.chain
        var highest = LogIndex.zero
        reading: while true {
            let end: Int
            switch readHeader(region, at: offset, chain) {
            case .none: break reading
            case .cutShort where isLast:
                log.droppedBytes = min(LogFormat.recordHeaderBytes, region.count - offset)
                break reading
            case .cutShort, .damaged:
                throw LogDamage(offset: offset, reason: "a record's length and its checksum don't match")
            case .record(let length): end = offset + LogFormat.recordHeaderBytes + length
            }
            guard end <= region.count, let next = check(region, offset, end, chain) else {
                guard isLast, isTorn(region, offset, min(end, region.count), claimedEnd: end) else {
                    throw LogDamage(offset: offset, reason: "a record's checksum doesn't match")
                }
                log.droppedBytes = min(end, region.count) - offset
                break
            }
            chain = next
            try apply(
                UnsafeRawBufferPointer(rebasing: region[(offset + LogFormat.recordHeaderBytes)..<end]), at: offset,
                highest: &highest)
            offset = end
        }
        if isLast, log.droppedBytes == 0, let stray = region[offset...].firstIndex(where: { $0 != 0 }) {
            throw LogDamage(offset: stray, reason: "bytes after the last record that no record explains")
        }
        log.segments.append((epoch, offset, highest))
    }

    private enum Header {
        /// The records end here.
        case none
        case record(length: Int)
        /// Only the sectors before a boundary inside the header were written, or the file ends inside it.
        case cutShort
        case damaged
    }

    private func readHeader(_ region: UnsafeRawBufferPointer, at offset: Int, _ chain: UInt32) -> Header {
        let end = offset + LogFormat.recordHeaderBytes
        guard end <= region.count else {
            return region[offset...].allSatisfy { $0 == 0 } ? .none : .cutShort
        }
        let length = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        let stored = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        if checksum(UnsafeRawBufferPointer(rebasing: region[offset..<(offset + 4)]), seed: chain) == stored {
            return length > 0 && length <= LogFormat.recordBound ? .record(length: Int(length)) : .damaged
        }
        if length == 0, stored == 0 { return .none }
        let boundary = (offset / LogFormat.sectorBytes + 1) * LogFormat.sectorBytes
        return boundary < end && region[boundary...].allSatisfy { $0 == 0 } ? .cutShort : .damaged
    }

    private func check(_ region: UnsafeRawBufferPointer, _ offset: Int, _ end: Int, _ chain: UInt32) -> UInt32? {
        let seeded = checksum(UnsafeRawBufferPointer(rebasing: region[offset..<(offset + 4)]), seed: chain)
        let body = UnsafeRawBufferPointer(rebasing: region[(offset + LogFormat.recordHeaderBytes)..<end])
        let next = checksum(body, seed: seeded)
        let stored = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
        return next == stored ? next : nil
    }

    /// Whether a record that doesn't check can only have been cut short: some sector that lies in it (or the rest of the
    /// file, where the file itself is cut) is zeros to its end, and nothing follows the record.
    private func isTorn(_ region: UnsafeRawBufferPointer, _ start: Int, _ end: Int, claimedEnd: Int) -> Bool {
        guard region[end...].allSatisfy({ $0 == 0 }) else { return false }
        if claimedEnd > region.count { return true }
        var sector = start
        while sector < end {
            let next = min((sector / LogFormat.sectorBytes + 1) * LogFormat.sectorBytes, end)
            if region[sector..<next].allSatisfy({ $0 == 0 }) { return true }
            sector = next
        }
        return false
    }

    private mutating func apply(
        _ record: UnsafeRawBufferPointer, at offset: Int, highest: inout LogIndex
    ) throws(LogDamage) {
        let body = UnsafeRawBufferPointer(rebasing: record[1...])
        switch LogFormat.Kind(rawValue: record[0]) {
        case .entry:
            guard let entry = LogFormat.decodeEntry(body) else {
                throw LogDamage(offset: offset, reason: "an entry is too short")
            }
            if let last = log.records.last, entry.index != last.index.next {
                throw LogDamage(offset: offset, reason: "entry \(entry.index) follows entry \(last.index)")
            }
            highest = max(highest, entry.index)
            log.records.append(entry)
        case .truncateSuffix:
            guard let from = LogFormat.decodeIndex(body) else {
                throw LogDamage(offset: offset, reason: "a truncation is malformed")
            }
            while let last = log.records.last, last.index >= from { log.records.removeLast() }
        case .discardPrefix:
            guard let through = LogFormat.decodeIndex(body) else {
                throw LogDamage(offset: offset, reason: "a discard is malformed")
            }
            log.discardedThrough = max(log.discardedThrough, through)
            if let last = log.records.last, last.index <= through { log.records.removeAll() }
        case .hardState: log.hardState = Bytes(copying: body)
        case .incarnation:
            guard let number = LogFormat.decodeIndex(body) else {
                throw LogDamage(offset: offset, reason: "an incarnation is malformed")
            }
            log.incarnation = number.rawValue
        case nil: throw LogDamage(offset: offset, reason: "unknown record kind \(record[0])")
        }
    }
}
