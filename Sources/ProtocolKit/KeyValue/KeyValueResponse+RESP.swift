import ByteCoding
import RESP

extension KeyValueResponse: ClientResponse {
    /// The answer that isn't one.
    @inlinable
    public static func refusal(_ refusal: Refusal) -> KeyValueResponse { .refused(refusal) }

    /// The refusal, if it is one.
    @inlinable
    public var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }

    /// Reads a value.
    @inlinable
    public init?(_ value: RESPValue) {
        switch value {
        case .simple: self = .done
        case .bulk(let bytes): self = .value(bytes)
        case .null: self = .absent
        case .integer(let number): self = .integer(number)
        case .error, .array: return nil
        }
    }

    /// Appends the value.
    @inlinable
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .done: writer.writeSimple("OK")
        case .value(let bytes): writer.writeBulk(bytes)
        case .absent: writer.writeNull()
        case .integer(let number): writer.writeInteger(number)
        case .refused: preconditionFailure("refusals are written by the client port")
        }
    }
}
