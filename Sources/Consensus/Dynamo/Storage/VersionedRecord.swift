import ByteCoding
import ProtocolKit

/// A key with what is known of it, in the form in which log, wire and snapshot carry it: coded once where it comes to be.
/// Key and values share the storage of the coded form.
struct VersionedRecord: Hashable, Sendable {
    /// The key after its length, and the cell.
    let payload: Bytes
    let key: Bytes
    let cell: Cell
    /// The key's hash.
    let hash: UInt64

    /// Codes a key with a cell.
    init(key: Bytes, hash: UInt64, cell: Cell) {
        var writer = ByteWriter(capacity: key.count + 96 + (cell.newestValue?.count ?? 0))
        writer.write(key)
        cell.encode(into: &writer)
        payload = writer.bytes()
        self.key = payload[4..<4 + key.count]
        self.hash = hash
        if case .register(let version, let value?) = cell {
            self.cell = .register(version, payload[(payload.count - value.count)..<payload.count])
        } else {
            self.cell = cell
        }
    }

    /// Reads the coded form.
    init(payload: Bytes) throws(WireError) {
        self.payload = payload
        let (keyCount, decoded) = try payload.withUnsafeBytes { (region) throws(WireError) -> (Int, Cell?) in
            var reader = ByteReader(region)
            let keyCount = try reader.readCount(limit: KeyValueLimits.keyBytes, of: "length of a key")
            _ = try reader.readRegion(count: keyCount)
            // The common form is taken apart in place: its value needn't be copied.
            if let cell = try Self.registerWithoutCopy(&reader, payload) { return (keyCount, cell) }
            let cell = try Cell(from: &reader)
            try reader.expectEnd()
            return (keyCount, cell)
        }
        key = payload[4..<4 + keyCount]
        hash = KeyHash.hash(key)
        guard let decoded else { throw .truncated }
        cell = decoded
    }

    private static func registerWithoutCopy(_ reader: inout ByteReader, _ payload: Bytes) throws(WireError) -> Cell? {
        var ahead = reader
        guard try ahead.read(UInt8.self) == Cell.Tag.value else { return nil }
        let version = try Version(from: &ahead)
        let count = try ahead.readCount(limit: KeyValueLimits.valueBytes, of: "length of a value")
        guard ahead.remaining >= count else { throw .truncated }
        guard ahead.remaining == count else { throw .trailingBytes(ahead.remaining - count) }
        return .register(version, payload[(payload.count - count)..<payload.count])
    }
}

extension VersionedRecord: WireCodable {
    /// The payload after its length.
    func encode(into writer: inout ByteWriter) {
        writer.write(payload)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        try self.init(payload: try reader.readBytes(limit: DynamoLimits.recordBytes))
    }
}
