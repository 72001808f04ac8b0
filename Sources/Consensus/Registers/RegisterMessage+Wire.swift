import ByteCoding
import ProtocolKit

extension RegisterMessage: WireCodable {
    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .query(let message):
            writer.write(UInt8(1))
            writer.write(message.round)
            writer.writeBody(message.body, count: message.count)
        case .answer(let message):
            writer.write(UInt8(2))
            writer.write(message.round)
            message.replacements.encode(into: &writer)
            writer.writeBody(message.body, count: message.count)
        case .store(let message):
            writer.write(UInt8(3))
            writer.write(message.round)
            writer.writeBody(message.body, count: message.count)
        case .stored(let message):
            writer.write(UInt8(4))
            message.replacements.encode(into: &writer)
            writer.write(UInt32(message.rounds.count))
            for round in message.rounds { writer.write(round) }
        case .transferRequest(let message):
            writer.write(UInt8(5))
            writer.write(message.replacedIn)
            writer.write(message.incarnation)
            writer.write(message.position)
        case .transferPart(let message):
            writer.write(UInt8(6))
            writer.write(message.incarnation)
            writer.write(message.position)
            writer.write(UInt8(message.next == nil ? 0 : 1))
            if let next = message.next { writer.write(next) }
            writer.writeBody(message.body, count: message.count)
        }
    }

    /// Reads a tag and the fields that belong to it; a body's every item is looked at, so that it can be walked through
    /// afterwards without surprises.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1:
            let round = try reader.read(UInt64.self)
            let (body, count) = try reader.readBody(QueryItem.check)
            self = .query(RegisterQuery(round: round, count: count, body: body))
        case 2:
            let round = try reader.read(UInt64.self)
            let replacements = try Replacements(from: &reader)
            let (body, count) = try reader.readBody(AnswerItem.check)
            self = .answer(RegisterAnswer(round: round, replacements: replacements, count: count, body: body))
        case 3:
            let round = try reader.read(UInt64.self)
            let (body, count) = try reader.readBody(RegisterEntry.check)
            self = .store(RegisterStoreRequest(round: round, count: count, body: body))
        case 4:
            let replacements = try Replacements(from: &reader)
            var rounds: ContiguousArray<UInt64> = []
            let count = try reader.readCount(limit: RegisterLimits.rounds, of: "number of rounds")
            guard count * 8 <= reader.remaining else { throw .truncated }
            rounds.reserveCapacity(count)
            for _ in 0..<count { rounds.append(try reader.read()) }
            self = .stored(RegisterAcknowledgement(replacements: replacements, rounds: rounds))
        case 5:
            self = .transferRequest(
                RegisterTransferRequest(
                    replacedIn: try reader.readIncarnation(), incarnation: try reader.readIncarnation(),
                    position: try reader.readPosition()))
        case 6: self = .transferPart(try RegisterTransferPart(from: &reader))
        default: throw .unknownTag(what: "register message", value: UInt64(tag))
        }
    }
}

extension RegisterTransferPart {
    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        incarnation = try reader.readIncarnation()
        position = try reader.readPosition()
        next = try reader.readBool() ? try reader.readPosition() : nil
        (body, count) = try reader.readBody(RegisterEntry.check)
    }
}

/// A key of a query, in place.
struct QueryItem {
    let known: RegisterTag
    let key: UnsafeRawBufferPointer

    static let headerBytes = 20

    init(from reader: inout ByteReader) throws(WireError) {
        known = try reader.readTag()
        key = try reader.readRegion(
            count: try reader.readCount(limit: RegisterLimits.keyBytes, of: "length of a key"))
    }

    static func check(_ body: UnsafeRawBufferPointer, count: Int) throws(WireError) {
        var reader = ByteReader(body)
        for _ in 0..<count { _ = try QueryItem(from: &reader) }
        try reader.expectEnd()
    }
}

/// What a replica holds of a key, in place.
struct AnswerItem {
    let holding: RegisterAnswer.Holding
    let tag: RegisterTag
    /// Where the value lies in the body.
    let value: Range<Int>

    init(from reader: inout ByteReader, of body: Int) throws(WireError) {
        let bits = try reader.read(UInt8.self)
        holding = RegisterAnswer.Holding(rawValue: bits)
        guard holding.isSubset(of: .all) else { throw .unknownTag(what: "holding", value: UInt64(bits)) }
        tag = try reader.readValueTag()
        guard holding.contains(.value) else {
            value = 0..<0
            return
        }
        let count = try reader.readCount(limit: RegisterLimits.valueBytes, of: "length of a value")
        let start = body - reader.remaining
        _ = try reader.readRegion(count: count)
        value = start..<start + count
    }

    static func check(_ body: UnsafeRawBufferPointer, count: Int) throws(WireError) {
        var reader = ByteReader(body)
        for _ in 0..<count { _ = try AnswerItem(from: &reader, of: body.count) }
        try reader.expectEnd()
    }
}

extension ByteWriter {
    fileprivate mutating func writeBody(_ body: Bytes, count: Int) {
        write(UInt32(count))
        write(body)
    }

    fileprivate mutating func write(_ position: RegisterPosition) {
        write(UInt32(truncatingIfNeeded: position.shard))
        write(UInt32(truncatingIfNeeded: position.item))
    }
}

extension ByteReader {
    fileprivate mutating func readBody(
        _ check: (UnsafeRawBufferPointer, Int) throws(WireError) -> Void
    ) throws(WireError) -> (body: Bytes, count: Int) {
        let count = try readCount(limit: RegisterLimits.operations, of: "number of operations")
        let region = try readRegion(count: try readCount(limit: RegisterLimits.bodyBytes, of: "length of a body"))
        try check(region, count)
        return (Bytes(copying: region), count)
    }

    fileprivate mutating func readPosition() throws(WireError) -> RegisterPosition {
        RegisterPosition(
            try readCount(limit: RegisterStore.shardCount, of: "shard"),
            try readCount(limit: Int(Int32.max), of: "position"))
    }
}
