import ByteCoding
import ProtocolKit
import RESP

/// What a Dynamo node answers.
public enum DynamoResponse: Hashable, Sendable {
    /// A write in the plain form was done.
    case done
    /// The latest writer's value.
    case value(Bytes)
    /// The key is absent.
    case absent
    /// After a deletion in the plain form whether there was something, 1 or 0.
    case integer(Int64)
    /// What the client has now seen, and the values in place, the latest writer's first. After a write the values are
    /// those beside the one written.
    case versions(context: Bytes, values: [Bytes])
    /// The node didn't serve the request.
    case refused(Refusal)
}

extension DynamoResponse: ClientResponse {
    /// The answer that isn't one.
    public static func refusal(_ refusal: Refusal) -> DynamoResponse { .refused(refusal) }

    /// The refusal, if it is one.
    public var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }

    /// Reads a value.
    public init?(_ value: RESPValue) {
        switch value {
        case .simple: self = .done
        case .bulk(let bytes): self = .value(bytes)
        case .null: self = .absent
        case .integer(let number): self = .integer(number)
        case .array(let elements):
            guard case .bulk(let context)? = elements.first else { return nil }
            var values: [Bytes] = []
            for element in elements.dropFirst() {
                guard case .bulk(let bytes) = element else { return nil }
                values.append(bytes)
            }
            self = .versions(context: context, values: values)
        case .error: return nil
        }
    }

    /// Appends the value.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .done: writer.writeSimple("OK")
        case .value(let bytes): writer.writeBulk(bytes)
        case .absent: writer.writeNull()
        case .integer(let number): writer.writeInteger(number)
        case .versions(let context, let values):
            writer.writeArrayHeader(1 + values.count)
            writer.writeBulk(context)
            for value in values { writer.writeBulk(value) }
        case .refused: preconditionFailure("refusals are written by the client port")
        }
    }
}

extension DynamoResponse {
    /// Appends the form in which a coordinator answers the node that forwarded a request to it.
    func encodeForwarded(into writer: inout ByteWriter) {
        switch self {
        case .done: writer.write(UInt8(0))
        case .value(let bytes):
            writer.write(UInt8(1))
            writer.write(bytes)
        case .absent: writer.write(UInt8(2))
        case .integer(let number):
            writer.write(UInt8(3))
            writer.write(number)
        case .versions(let context, let values):
            writer.write(UInt8(4))
            writer.write(context)
            writer.write(UInt32(values.count))
            for value in values { writer.write(value) }
        case .refused(let refusal):
            writer.write(UInt8(5))
            switch refusal {
            case .noLeader: writer.write(UInt8(0))
            case .rejected(let reason):
                writer.write(UInt8(2))
                writer.write(Bytes(reason))
            default: writer.write(UInt8(1))
            }
        }
    }

    /// Reads what a coordinator answers.
    init(forwardedFrom reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 0: self = .done
        case 1: self = .value(try reader.readBytes(limit: KeyValueLimits.valueBytes))
        case 2: self = .absent
        case 3: self = .integer(try reader.read())
        case 4:
            let context = try reader.readBytes(limit: DynamoRequest.contextBytes)
            var values: [Bytes] = []
            for _ in 0..<(try reader.readCount(limit: DynamoLimits.siblingsOnWire, of: "values")) {
                values.append(try reader.readBytes(limit: KeyValueLimits.valueBytes))
            }
            self = .versions(context: context, values: values)
        case 5: self = .refused(try Self.refusal(from: &reader))
        default: throw .unknownTag(what: "answer", value: UInt64(tag))
        }
    }

    private static func refusal(from reader: inout ByteReader) throws(WireError) -> Refusal {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 0: return .noLeader
        case 1: return .overloaded
        case 2: return .rejected(try reader.readBytes(limit: 4_096).text)
        default: throw .unknownTag(what: "refusal", value: UInt64(tag))
        }
    }
}
