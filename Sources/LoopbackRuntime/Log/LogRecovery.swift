import ByteCoding
import Glibc
import ProtocolKit

/// What a log folder holds after a restart.
struct RecoveredLog {
    var hardState: Bytes?
    var incarnation: UInt64 = 0
    var records: [LogRecord] = []
    var discardedThrough = LogIndex.zero
    /// Segments in order: epoch, bytes of records, highest entry in it.
    var segments: [(epoch: UInt64, end: Int, highestIndex: LogIndex)] = []
    /// Bytes of a torn last record that were dropped.
    var droppedBytes = 0
}

/// Reads a node's segments back.
///
/// A last record is dropped as torn when a sector that it should fill, and everything after the record, holds the zeros
/// that the file was filled with: a write that the crash cut short. Everything else that doesn't check is refused, since
/// dropping it could forget what was promised.
enum LogRecovery {
    static func recover(
        folder: String, epochs: [UInt64], identity: LogFormat.Identity
    ) throws(RuntimeError) -> RecoveredLog {
        var log = RecoveredLog()
        for (position, epoch) in epochs.enumerated() {
            guard epoch > 0, epoch < LogFormat.epochBound else {
                throw .corrupt(path: folder, offset: 0, reason: "there can be no segment \(epoch)")
            }
            if position > 0, epoch != epochs[position - 1] + 1 {
                throw .corrupt(
                    path: folder, offset: 0, reason: "segment \(epochs[position - 1] + 1) between two others is missing"
                )
            }
            let path = "\(folder)/\(LogFolder.segmentName(epoch))"
            let contents = try LogFolder.read(path)
            let isLast = position == epochs.count - 1
            try contents.withUnsafeBytes { (region) throws(RuntimeError) in
                try scan(region, path: path, epoch: epoch, identity: identity, isLast: isLast, into: &log)
            }
        }
        let discarded = log.discardedThrough
        log.records.removeAll { $0.index <= discarded }
        if let first = log.records.first, first.index != discarded.next {
            throw .corrupt(
                path: folder, offset: 0, reason: "entries \(discarded.next) to \(first.index.previous) are missing")
        }
        return log
    }

    /// Cuts a torn tail off its file, so that the segment is whole when others follow it.
    static func mend(_ log: RecoveredLog, folder: String) throws(RuntimeError) {
        guard log.droppedBytes > 0, let last = log.segments.last else { return }
        let path = "\(folder)/\(LogFolder.segmentName(last.epoch))"
        let fd = try LogFolder.open(writing: path, flags: 0)
        defer { close(fd) }
        guard ftruncate(fd, off_t(last.end)) == 0, fsync(fd) == 0 else {
            throw .cannotWrite(path: path, reason: Socket.reason())
        }
    }

    private static func scan(
        _ region: UnsafeRawBufferPointer, path: String, epoch: UInt64, identity: LogFormat.Identity, isLast: Bool,
        into log: inout RecoveredLog
    ) throws(RuntimeError) {
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
                throw .foreignData(path: path, reason: "its header names another node, cluster or version")
            }
            throw .corrupt(path: path, offset: 0, reason: "the header isn't a log segment's")
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
                throw .corrupt(path: path, offset: offset, reason: "a record's length and its checksum don't match")
            case .record(let length): end = offset + LogFormat.recordHeaderBytes + length
            }
            guard end <= region.count, let next = check(region, offset, end, chain) else {
                guard isLast, isTorn(region, offset, min(end, region.count), claimedEnd: end) else {
                    throw .corrupt(path: path, offset: offset, reason: "a record's checksum doesn't match")
                }
                log.droppedBytes = min(end, region.count) - offset
                break
            }
            chain = next
            try apply(
                UnsafeRawBufferPointer(rebasing: region[(offset + LogFormat.recordHeaderBytes)..<end]), path: path,
                offset: offset, highest: &highest, into: &log)
            offset = end
        }
        if isLast, log.droppedBytes == 0, let stray = region[offset...].firstIndex(where: { $0 != 0 }) {
            throw .corrupt(path: path, offset: stray, reason: "bytes after the last record that no record explains")
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

    private static func readHeader(_ region: UnsafeRawBufferPointer, at offset: Int, _ chain: UInt32) -> Header {
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

    private static func check(_ region: UnsafeRawBufferPointer, _ offset: Int, _ end: Int, _ chain: UInt32) -> UInt32? {
        let seeded = checksum(UnsafeRawBufferPointer(rebasing: region[offset..<(offset + 4)]), seed: chain)
        let body = UnsafeRawBufferPointer(rebasing: region[(offset + LogFormat.recordHeaderBytes)..<end])
        let next = checksum(body, seed: seeded)
        let stored = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
        return next == stored ? next : nil
    }

    /// Whether a record that doesn't check can only have been cut short: some sector that lies in it (or the rest of the
    /// file, where the file itself is cut) is zeros to its end, and nothing follows the record.
    private static func isTorn(_ region: UnsafeRawBufferPointer, _ start: Int, _ end: Int, claimedEnd: Int) -> Bool {
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

    private static func apply(
        _ record: UnsafeRawBufferPointer, path: String, offset: Int, highest: inout LogIndex,
        into log: inout RecoveredLog
    ) throws(RuntimeError) {
        let body = UnsafeRawBufferPointer(rebasing: record[1...])
        switch LogFormat.Kind(rawValue: record[0]) {
        case .entry:
            guard let entry = LogFormat.decodeEntry(body) else {
                throw .corrupt(path: path, offset: offset, reason: "an entry is too short")
            }
            if let last = log.records.last, entry.index != last.index.next {
                throw .corrupt(path: path, offset: offset, reason: "entry \(entry.index) follows entry \(last.index)")
            }
            highest = max(highest, entry.index)
            log.records.append(entry)
        case .truncateSuffix:
            guard let from = LogFormat.decodeIndex(body) else {
                throw .corrupt(path: path, offset: offset, reason: "a truncation is malformed")
            }
            while let last = log.records.last, last.index >= from { log.records.removeLast() }
        case .discardPrefix:
            guard let through = LogFormat.decodeIndex(body) else {
                throw .corrupt(path: path, offset: offset, reason: "a discard is malformed")
            }
            log.discardedThrough = max(log.discardedThrough, through)
            if let last = log.records.last, last.index <= through { log.records.removeAll() }
        case .hardState: log.hardState = Bytes(copying: body)
        case .incarnation:
            guard let number = LogFormat.decodeIndex(body) else {
                throw .corrupt(path: path, offset: offset, reason: "an incarnation is malformed")
            }
            log.incarnation = number.rawValue
        case nil: throw .corrupt(path: path, offset: offset, reason: "unknown record kind \(record[0])")
        }
    }
}
