import ByteCoding
import ProtocolKit
import RESP

/// An answer of a Zab node.
public enum OrderedResponse<Content: ClientResponse>: ClientResponse {
    /// To a plain command.
    case plain(Content)
    /// To a command after `AFTER`: the answer, and the identifier of the write, or of the state that was read.
    case ordered(Content, Zxid)
    /// The node hasn't seen what the client has; its own last identifier. The client should ask elsewhere.
    case behind(Zxid)

    /// An answer with its identifier where one was asked for; a refusal has none.
    @inlinable
    public init(_ content: Content, at zxid: Zxid?) {
        if let zxid, content.refusal == nil { self = .ordered(content, zxid) } else { self = .plain(content) }
    }

    /// The answer that isn't one.
    @inlinable
    public static func refusal(_ refusal: Refusal) -> Self { .plain(.refusal(refusal)) }

    /// The refusal, if it is one.
    @inlinable
    public var refusal: Refusal? {
        if case .plain(let content) = self { content.refusal } else { nil }
    }

    /// Reads a plain answer, or an array: identifier and answer, or an identifier alone where the node is behind.
    @inlinable
    public init?(_ value: RESPValue) {
        guard case .array(let elements) = value else {
            guard let content = Content(value) else { return nil }
            self = .plain(content)
            return
        }
        guard case .integer(let number)? = elements.first, number >= 0 else { return nil }
        let zxid = Zxid(UInt64(number))
        switch elements.count {
        case 1: self = .behind(zxid)
        case 2:
            guard let content = Content(elements[1]) else { return nil }
            self = .ordered(content, zxid)
        default: return nil
        }
    }

    /// Appends the value.
    @inlinable
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .plain(let content): content.encode(into: &writer)
        case .ordered(let content, let zxid):
            writer.writeArrayHeader(2)
            writer.writeInteger(Int64(truncatingIfNeeded: zxid.rawValue))
            content.encode(into: &writer)
        case .behind(let zxid):
            writer.writeArrayHeader(1)
            writer.writeInteger(Int64(truncatingIfNeeded: zxid.rawValue))
        }
    }
}

extension OrderedResponse: Equatable where Content: Equatable {}
extension OrderedResponse: Hashable where Content: Hashable {}
