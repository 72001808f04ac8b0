import ByteCoding
import ProtocolKit

extension DynamoMessage: WireCodable {
    /// A count and the parts.
    public func encode(into writer: inout ByteWriter) {
        writer.write(UInt32(parts.count))
        for part in parts { part.encode(into: &writer) }
    }

    /// Reads a count and the parts.
    public init(from reader: inout ByteReader) throws(WireError) {
        let count = try reader.readCount(limit: DynamoLimits.parts, of: "parts of a message")
        parts = []
        parts.reserveCapacity(min(count, reader.remaining / 9 + 1))
        for _ in 0..<count { parts.append(try DynamoPart(from: &reader)) }
    }
}

extension DynamoPart: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .write(let name, let hintFor, let record):
            writer.write(UInt8(1))
            writer.write(name)
            writer.write(hintFor ?? .max)
            record.encode(into: &writer)
        case .written(let name):
            writer.write(UInt8(2))
            writer.write(name)
        case .read(let name, let key, let digest):
            writer.write(UInt8(3))
            writer.write(name)
            writer.write(key)
            writer.write(digest)
        case .readSame(let name):
            writer.write(UInt8(4))
            writer.write(name)
        case .readAnswer(let name, let cell):
            writer.write(UInt8(5))
            writer.write(name)
            writer.write(UInt8(cell == nil ? 0 : 1))
            cell?.encode(into: &writer)
        case .forward(let name, let incarnation, let number, let request):
            writer.write(UInt8(6))
            writer.write(name)
            writer.write(incarnation)
            writer.write(number)
            request.encodeForwarded(into: &writer)
        case .forwardAnswer(let name, let response):
            writer.write(UInt8(7))
            writer.write(name)
            response.encodeForwarded(into: &writer)
        default: encodeUpkeep(into: &writer)
        }
    }

    /// What keeps replicas alike.
    private func encodeUpkeep(into writer: inout ByteWriter) {
        switch self {
        case .repair(let record):
            writer.write(UInt8(8))
            record.encode(into: &writer)
        case .handoff(let record, let revision):
            writer.write(UInt8(9))
            writer.write(revision)
            record.encode(into: &writer)
        case .handedOff(let key, let revision):
            writer.write(UInt8(10))
            writer.write(revision)
            writer.write(key)
        case .ranges(let ranges):
            writer.write(UInt8(11))
            writer.write(UInt32(ranges.count))
            for item in ranges {
                item.range.encode(into: &writer)
                writer.write(item.digest)
                writer.write(item.count)
            }
        case .keys(let range, let keys):
            writer.write(UInt8(12))
            range.encode(into: &writer)
            writer.write(UInt32(keys.count))
            for item in keys {
                writer.write(item.hash)
                writer.write(item.digest)
            }
        case .want(let hashes):
            writer.write(UInt8(13))
            writer.write(UInt32(hashes.count))
            for hash in hashes { writer.write(hash) }
        case .write, .written, .read, .readSame, .readAnswer, .forward, .forwardAnswer:
            preconditionFailure("coded above")
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1:
            let name: OperationName = try reader.read()
            let hintFor = try reader.read(UInt8.self)
            guard hintFor < 63 || hintFor == .max else { throw .invalid(what: "replica of a hint") }
            self = .write(name, hintFor: hintFor == .max ? nil : hintFor, try VersionedRecord(from: &reader))
        case 2: self = .written(try reader.read())
        case 3:
            self = .read(
                try reader.read(), key: try reader.readBytes(limit: KeyValueLimits.keyBytes),
                digest: try reader.read())
        case 4: self = .readSame(try reader.read())
        case 5: self = .readAnswer(try reader.read(), try reader.readBool() ? try Cell(from: &reader) : nil)
        case 6:
            self = .forward(
                try reader.read(), incarnation: try reader.read(), number: try reader.read(),
                try DynamoRequest(forwardedFrom: &reader))
        case 7: self = .forwardAnswer(try reader.read(), try DynamoResponse(forwardedFrom: &reader))
        default: self = try Self.upkeep(tag, from: &reader)
        }
    }

    private static func upkeep(_ tag: UInt8, from reader: inout ByteReader) throws(WireError) -> DynamoPart {
        switch tag {
        case 8: return .repair(try VersionedRecord(from: &reader))
        case 9:
            let revision: UInt64 = try reader.read()
            return .handoff(try VersionedRecord(from: &reader), revision: revision)
        case 10:
            let revision: UInt64 = try reader.read()
            return .handedOff(key: try reader.readBytes(limit: KeyValueLimits.keyBytes), revision: revision)
        case 11:
            var ranges: [RangeDigest] = []
            for _ in 0..<(try reader.readCount(limit: DynamoLimits.compared, of: "ranges")) {
                ranges.append(
                    RangeDigest(
                        range: try HashRange(from: &reader), digest: try reader.read(), count: try reader.read()))
            }
            return .ranges(ranges)
        case 12:
            let range = try HashRange(from: &reader)
            var keys: [KeyDigest] = []
            for _ in 0..<(try reader.readCount(limit: DynamoLimits.compared, of: "keys")) {
                keys.append(KeyDigest(hash: try reader.read(), digest: try reader.read()))
            }
            return .keys(range, keys)
        case 13:
            var hashes: [UInt64] = []
            for _ in 0..<(try reader.readCount(limit: DynamoLimits.compared, of: "keys")) {
                hashes.append(try reader.read())
            }
            return .want(hashes)
        default: throw .unknownTag(what: "part of a message", value: UInt64(tag))
        }
    }
}

extension HashRange: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(depth)
        writer.write(prefix)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        depth = try reader.read()
        prefix = try reader.read()
        guard depth % 4 == 0, depth <= 60 else { throw .invalid(what: "depth of a range") }
        guard prefix & (UInt64.max >> UInt64(depth)) == 0 else { throw .invalid(what: "bits of a range") }
    }
}
