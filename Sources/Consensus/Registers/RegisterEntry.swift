import ByteCoding

/// A register's key, tag and value in their binary form, in place: an item of a store message, a record of the log, an
/// item of a snapshot.
///
/// Tag, length of the key, length of the value, key, value.
struct RegisterEntry {
    let tag: RegisterTag
    let key: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer

    static let headerBytes = 24

    /// Bytes of an entry with a key and value of these lengths.
    static func byteCount(key: Int, value: Int) -> Int { headerBytes + key + value }

    /// The next entry.
    init(from reader: inout ByteReader) throws(WireError) {
        tag = try reader.readValueTag()
        let keyCount = try reader.readCount(limit: RegisterLimits.keyBytes, of: "length of a key")
        let valueCount = try reader.readCount(limit: RegisterLimits.valueBytes, of: "length of a value")
        key = try reader.readRegion(count: keyCount)
        value = try reader.readRegion(count: valueCount)
    }

    /// Bytes of the entry.
    var byteCount: Int { Self.byteCount(key: key.count, value: value.count) }

    static func write(
        _ tag: RegisterTag, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, into writer: inout ByteWriter
    ) {
        writer.write(tag)
        writer.write(UInt32(key.count))
        writer.write(UInt32(value.count))
        writer.write(raw: key)
        writer.write(raw: value)
    }

    /// Refuses a body that isn't a sequence of so many entries.
    static func check(_ body: UnsafeRawBufferPointer, count: Int) throws(WireError) {
        var reader = ByteReader(body)
        for _ in 0..<count { _ = try RegisterEntry(from: &reader) }
        try reader.expectEnd()
    }
}
