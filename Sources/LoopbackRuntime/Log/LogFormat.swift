import ByteCoding
import ProtocolKit

/// The write-ahead log's form on disk.
///
/// A segment is a file `wal-<epoch>` that was filled with zeros before its first record, so that a sync has no block to
/// allocate and a missing sector can be told from a wrong one. It begins with a header (magic, version, epoch, node,
/// cluster, a CRC), then come records:
///
/// | bytes | what |
/// |---|---|
/// | 4 | length n of kind and body, never 0 |
/// | 4 | CRC-32C of the length, continued from the previous record's CRC (from the header's for the first) |
/// | 4 | CRC-32C of length, kind and body, continued likewise |
/// | 1 | kind |
/// | n − 1 | body |
///
/// The length has a CRC of its own, since a record that was cut short is told from a damaged one by where it should end.
/// The chain makes every record vouch for all before it, and the epoch in the header makes records of different files
/// strangers to each other.
enum LogFormat {
    static let magic: UInt64 = 0x314C_4157_4843_4F43  // "COCHWAL1" read as a little-endian number
    static let version: UInt32 = 2
    static let headerBytes = 48
    static let recordHeaderBytes = 12
    static let sectorBytes = 512
    /// Segments are numbered below this: what ``SyncedMark`` has room for.
    static let epochBound: UInt64 = 1 << 24
    /// Longest record.
    static let recordBound = 64 << 20

    enum Kind: UInt8 {
        case entry = 1
        case truncateSuffix = 2
        case discardPrefix = 3
        case hardState = 4
        case incarnation = 5
    }

    /// Whose log it is.
    struct Identity: Equatable {
        var cluster: UInt64
        var node: UInt32
    }

    static func header(epoch: UInt64, identity: Identity) -> (bytes: Bytes, chain: UInt32) {
        var writer = ByteWriter(capacity: headerBytes)
        writer.write(magic)
        writer.write(version)
        writer.write(identity.node)
        writer.write(epoch)
        writer.write(identity.cluster)
        writer.write(UInt64(0))
        writer.write(UInt32(0))
        let chain = checksum(writer.readable)
        writer.write(chain)
        return (writer.bytes(), chain)
    }

    /// Begins a record at the end of the writer and returns where.
    @inline(__always)
    static func begin(_ kind: Kind, in writer: inout ByteWriter) -> Int {
        let start = writer.count
        writer.write(UInt64(0))
        writer.write(UInt32(0))
        writer.write(kind.rawValue)
        return start
    }

    /// Completes the record that was begun at `start` and returns the chain after it.
    @inline(__always)
    static func end(_ start: Int, in writer: inout ByteWriter, chain: UInt32) -> UInt32 {
        let length = UInt32(writer.count - start - recordHeaderBytes)
        writer.patch(length, at: start)
        let region = writer.readable
        let seeded = checksum(UnsafeRawBufferPointer(rebasing: region[start..<(start + 4)]), seed: chain)
        let next = checksum(UnsafeRawBufferPointer(rebasing: region[(start + recordHeaderBytes)...]), seed: seeded)
        writer.patch(seeded, at: start + 4)
        writer.patch(next, at: start + 8)
        return next
    }

    static func encode(_ record: LogRecord, into writer: inout ByteWriter) {
        writer.write(record.index.rawValue)
        writer.write(record.tag)
        writer.write(record.kind)
        writer.write(raw: record.payload)
    }

    static func decodeEntry(_ body: UnsafeRawBufferPointer) -> LogRecord? {
        guard body.count >= 17 else { return nil }
        return LogRecord(
            index: LogIndex(UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))),
            tag: UInt64(littleEndian: body.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), kind: body[16],
            payload: Bytes(copying: UnsafeRawBufferPointer(rebasing: body[17...])))
    }

    static func decodeIndex(_ body: UnsafeRawBufferPointer) -> LogIndex? {
        body.count == 8 ? LogIndex(UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))) : nil
    }
}
