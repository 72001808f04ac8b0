import ByteCoding
import ProtocolKit
import RESP

/// What the coordinator answers.
public enum BankResponse: Hashable, Sendable {
    /// The transaction's outcome, or what it read.
    case result(BankResult)
    /// The request wasn't served.
    case refused(Refusal)
}

extension BankResponse: ClientResponse {
    private static let committedWord: Bytes = "COMMITTED"

    /// The answer that isn't one.
    public static func refusal(_ refusal: Refusal) -> Self { .refused(refusal) }

    /// The refusal, if it is one.
    public var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }

    /// Reads `COMMITTED`, `ABORTED reason` or an array of integers; nil for anything else.
    public init?(_ value: RESPValue) {
        switch value {
        case .simple(Self.committedWord): self = .result(.committed)
        case .simple(let text):
            let line = text.text
            guard let reason = AbortReason.allCases.first(where: { line == "ABORTED \($0.word)" }) else { return nil }
            self = .result(.aborted(reason))
        case .array(let elements):
            var values: [Int64] = []
            values.reserveCapacity(elements.count)
            for element in elements {
                guard case .integer(let number) = element else { return nil }
                values.append(number)
            }
            self = .result(.values(values))
        case .integer, .error, .bulk, .null: return nil
        }
    }

    /// Appends the value.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .result(.committed): writer.writeSimple("COMMITTED")
        case .result(.aborted(let reason)):
            writer.write(literal: "+ABORTED ")
            writer.write(literal: reason.word)
            writer.writeLineEnd()
        case .result(.values(let values)):
            writer.writeArrayHeader(values.count)
            for value in values { writer.writeInteger(value) }
        case .refused: preconditionFailure("a refusal is coded by the client port")
        }
    }
}
