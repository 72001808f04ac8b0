import ByteCoding

/// A snapshot's form on disk: a header (magic, version, node, cluster, position, tag, CRC-32C of these), the data, and a
/// trailer (length and CRC-32C of the data).
public enum SnapshotFormat {
    /// What a snapshot begins with.
    public static let magic: UInt64 = 0x3150_4E53_4843_4F43
    /// Length of the header.
    public static let headerBytes = 48
    /// Length of the trailer.
    public static let trailerBytes = 12
    private static let checkedHeaderBytes = 40

    /// The header of a snapshot.
    public static func header(_ mark: SnapshotMark, identity: LogFormat.Identity) -> Bytes {
        var writer = ByteWriter(capacity: headerBytes)
        writer.write(magic)
        writer.write(LogFormat.version)
        writer.write(identity.node)
        writer.write(identity.cluster)
        writer.write(mark.index.rawValue)
        writer.write(mark.tag)
        writer.write(checksum(writer.readable))
        writer.write(UInt32(0))
        return writer.bytes()
    }

    /// The trailer of data with this length and checksum.
    public static func trailer(count: Int, checksum: UInt32) -> Bytes {
        var writer = ByteWriter(capacity: trailerBytes)
        writer.write(UInt64(count))
        writer.write(checksum)
        return writer.bytes()
    }

    /// What a whole file stands for and where its data lie.
    ///
    /// - Throws: ``LogDamage`` for what doesn't check.
    public static func check(
        _ region: UnsafeRawBufferPointer, identity: LogFormat.Identity
    ) throws(LogDamage) -> (mark: SnapshotMark, data: Range<Int>) {
        guard region.count >= headerBytes + trailerBytes,
            UInt64(littleEndian: region.loadUnaligned(as: UInt64.self)) == magic
        else { throw LogDamage(offset: 0, reason: "the header isn't a snapshot's") }
        let checked = UnsafeRawBufferPointer(rebasing: region[..<checkedHeaderBytes])
        let headerChecksum = region.loadUnaligned(fromByteOffset: checkedHeaderBytes, as: UInt32.self)
        guard checksum(checked) == UInt32(littleEndian: headerChecksum) else {
            throw LogDamage(offset: 0, reason: "the header's checksum doesn't match")
        }
        let mark = SnapshotMark(
            index: LogIndex(UInt64(littleEndian: region.loadUnaligned(fromByteOffset: 24, as: UInt64.self))),
            tag: UInt64(littleEndian: region.loadUnaligned(fromByteOffset: 32, as: UInt64.self)))
        let expected = header(mark, identity: identity)
        guard expected.withUnsafeBytes({ $0.elementsEqual(region[..<headerBytes]) }) else {
            throw LogDamage(offset: 0, isForeign: true, reason: "its header names another node, cluster or version")
        }
        let end = region.count - trailerBytes
        let data = UnsafeRawBufferPointer(rebasing: region[headerBytes..<end])
        let count = UInt64(littleEndian: region.loadUnaligned(fromByteOffset: end, as: UInt64.self))
        let crc = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: end + 8, as: UInt32.self))
        guard count == UInt64(data.count), checksum(data) == crc else {
            throw LogDamage(offset: headerBytes, reason: "the data's checksum doesn't match")
        }
        return (mark, headerBytes..<end)
    }
}
