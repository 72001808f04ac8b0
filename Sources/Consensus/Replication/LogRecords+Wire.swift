import ByteCoding
import ProtocolKit

/// Bounds on what a peer may send.
enum WireLimits {
    /// Log records or requests in a message.
    static let entries = 1 << 16
    /// Bytes of one.
    static let entryBytes = 64 << 20
    /// Bytes of all of a message.
    static let messageBytes = 256 << 20
    /// Bytes of a part of a snapshot.
    static let chunkBytes = 64 << 20
    /// Indices, terms and counts stay so far below the end of their type that no arithmetic on them overflows.
    static let number = UInt64(1) << 56
}

// Log records in a message: their number, a table of tags, kinds and lengths, and then all payloads in one stretch, so that
// the receiver copies them with a single allocation.

extension ByteWriter {
    /// Bytes of a row of the table.
    static let recordBytes = 13

    /// Appends records that follow each other in their log.
    mutating func write(_ records: ContiguousArray<LogRecord>) {
        write(UInt32(records.count))
        for record in records {
            write(record.tag)
            write(record.kind)
            write(UInt32(record.payload.count))
        }
        for record in records { write(raw: record.payload) }
    }
}

extension ByteReader {
    /// Reads an index, term or count within its bound.
    mutating func readNumber(_ what: StaticString) throws(WireError) -> UInt64 {
        let number = try read(UInt64.self)
        guard number <= WireLimits.number else {
            throw .tooLarge(what: what, value: number, limit: WireLimits.number)
        }
        return number
    }

    /// Reads an index within its bound.
    mutating func readIndex() throws(WireError) -> LogIndex { LogIndex(try readNumber("index")) }

    /// Reads the records that follow `previous`.
    ///
    /// - Parameter check: throws where a record's tag or content can't be.
    mutating func readRecords(
        after previous: LogIndex, _ check: (_ record: LogRecord) throws(WireError) -> Void
    ) throws(WireError) -> ContiguousArray<LogRecord> {
        let count = try readCount(limit: WireLimits.entries, of: "number of entries")
        guard count > 0 else { return [] }
        var table = ByteReader(try readRegion(count: count * ByteWriter.recordBytes))
        let payloads = Bytes(copying: try readRegion(count: try Self.payloadBytes(table, count: count)))
        var records: ContiguousArray<LogRecord> = []
        records.reserveCapacity(count)
        var (index, offset) = (previous, 0)
        for _ in 0..<count {
            index = index.next
            let tag = try table.read(UInt64.self)
            let kind = try table.read(UInt8.self)
            guard EntryKind(rawValue: kind) != nil else {
                throw .unknownTag(what: "kind of entry", value: UInt64(kind))
            }
            let length = Int(try table.read(UInt32.self))
            let record = LogRecord(index: index, tag: tag, kind: kind, payload: payloads[offset..<offset + length])
            try check(record)
            records.append(record)
            offset += length
        }
        return records
    }

    /// The length of all payloads, within its bound.
    private static func payloadBytes(_ table: ByteReader, count: Int) throws(WireError) -> Int {
        var lengths = table
        var total = 0
        for _ in 0..<count {
            _ = try lengths.readRegion(count: ByteWriter.recordBytes - 4)
            total += try lengths.readCount(limit: WireLimits.entryBytes, of: "length of an entry")
        }
        guard total <= WireLimits.messageBytes else {
            throw .tooLarge(what: "length of all entries", value: UInt64(total), limit: UInt64(WireLimits.messageBytes))
        }
        return total
    }
}
