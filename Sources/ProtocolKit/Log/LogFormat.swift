import ByteCoding

/// The write-ahead log's form on disk, which the real log writes and the simulated disk takes for damage to be found in.
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
public enum LogFormat {
    /// What a segment begins with: "COCHWAL1" read as a little-endian number.
    public static let magic: UInt64 = 0x314C_4157_4843_4F43
    /// Of the form.
    public static let version: UInt32 = 2
    /// Length of a segment's header.
    public static let headerBytes = 48
    /// Length of what stands before a record's kind.
    public static let recordHeaderBytes = 12
    /// What a disk writes whole or not at all.
    public static let sectorBytes = 512
    /// Segments are numbered below this: what the published mark of the synced end has room for.
    public static let epochBound: UInt64 = 1 << 24
    /// Longest record.
    public static let recordBound = 64 << 20

    /// What a record is.
    public enum Kind: UInt8, Sendable {
        /// An entry of the node's log.
        case entry = 1
        /// The entries from a position on are removed.
        case truncateSuffix = 2
        /// The entries up to a position are no longer needed.
        case discardPrefix = 3
        /// The hard state from here on.
        case hardState = 4
        /// A start of the node.
        case incarnation = 5
    }

    /// Whose log it is.
    public struct Identity: Equatable, Sendable {
        /// The cluster's number.
        public var cluster: UInt64
        /// The node's.
        public var node: UInt32
        /// An identity of its parts.
        public init(cluster: UInt64, node: UInt32) {
            self.cluster = cluster
            self.node = node
        }
    }

    /// A segment's header, and what the first record's checksums continue.
    public static func header(epoch: UInt64, identity: Identity) -> (bytes: Bytes, chain: UInt32) {
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
    @inlinable
    @inline(__always)
    public static func begin(_ kind: Kind, in writer: inout ByteWriter) -> Int {
        let start = writer.count
        writer.write(UInt64(0))
        writer.write(UInt32(0))
        writer.write(kind.rawValue)
        return start
    }

    /// Completes the record that was begun at `start` and returns the chain after it.
    @inlinable
    @inline(__always)
    public static func end(_ start: Int, in writer: inout ByteWriter, chain: UInt32) -> UInt32 {
        let length = UInt32(writer.count - start - recordHeaderBytes)
        writer.patch(length, at: start)
        let region = writer.readable
        let seeded = checksum(UnsafeRawBufferPointer(rebasing: region[start..<(start + 4)]), seed: chain)
        let next = checksum(UnsafeRawBufferPointer(rebasing: region[(start + recordHeaderBytes)...]), seed: seeded)
        writer.patch(seeded, at: start + 4)
        writer.patch(next, at: start + 8)
        return next
    }

    /// Writes an entry's body.
    @inlinable
    public static func encode(_ record: LogRecord, into writer: inout ByteWriter) {
        writer.write(record.index.rawValue)
        writer.write(record.tag)
        writer.write(record.kind)
        writer.write(raw: record.payload)
    }

    /// The entry of a body, or nil where it is too short for one.
    public static func decodeEntry(_ body: UnsafeRawBufferPointer) -> LogRecord? {
        guard body.count >= 17 else { return nil }
        return LogRecord(
            index: LogIndex(UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))),
            tag: UInt64(littleEndian: body.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), kind: body[16],
            payload: Bytes(copying: UnsafeRawBufferPointer(rebasing: body[17...])))
    }

    /// The position that a body consists of, or nil where it isn't one.
    public static func decodeIndex(_ body: UnsafeRawBufferPointer) -> LogIndex? {
        body.count == 8 ? LogIndex(UInt64(littleEndian: body.loadUnaligned(as: UInt64.self))) : nil
    }
}
