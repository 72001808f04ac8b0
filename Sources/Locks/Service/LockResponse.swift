import ByteCoding
import ProtocolKit
import RESP

/// What a lock server answers.
public enum LockResponse: Hashable, Sendable {
    /// The lock is granted.
    case granted(LockGrant)
    /// The wait was cancelled.
    case withdrawn
    /// Whether it was done (1 or 0: released, cancelled), or the number of the fence's decision, negative for a refusal.
    case number(Int64)
    /// The request wasn't served.
    case refused(Refusal)
}

extension LockResponse: ClientResponse {
    /// The answer that isn't one.
    public static func refusal(_ refusal: Refusal) -> Self { .refused(refusal) }

    /// The refusal, if it is one.
    public var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }

    /// Reads an array of three integers, null, or an integer; nil for anything else.
    public init?(_ value: RESPValue) {
        switch value {
        case .null: self = .withdrawn
        case .integer(let number): self = .number(number)
        case .array(let parts):
            guard parts.count == 3, case .integer(let token) = parts[0], case .integer(let arrival) = parts[1],
                case .integer(let waited) = parts[2], token >= 0, arrival >= 0, waited >= 0
            else { return nil }
            self = .granted(
                LockGrant(token: UInt64(token), arrival: UInt64(arrival), waitedMicroseconds: UInt64(waited)))
        case .simple, .error, .bulk: return nil
        }
    }

    /// Appends the value.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .granted(let grant):
            writer.writeArrayHeader(3)
            writer.writeInteger(Int64(clamping: grant.token))
            writer.writeInteger(Int64(clamping: grant.arrival))
            writer.writeInteger(Int64(clamping: grant.waitedMicroseconds))
        case .withdrawn: writer.writeNull()
        case .number(let number): writer.writeInteger(number)
        case .refused: preconditionFailure("a refusal is coded by the client port")
        }
    }
}
