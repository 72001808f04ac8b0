import ByteCoding
import ProtocolKit
import RESP

/// A request to a Zab node: a plain command, which is answered plainly, or one after `AFTER zxid`, by which a client
/// says the latest state that it has seen and asks to be told what it sees now.
public struct OrderedRequest<Content: PrefixedRequest>: ClientRequest {
    /// The command.
    public let content: Content
    /// The last identifier that the client has seen; nil for a plain command.
    public let lastSeen: Zxid?

    /// A command, plain or of a client that has seen this much.
    @inlinable
    public init(_ content: Content, after lastSeen: Zxid? = nil) {
        self.content = content
        self.lastSeen = lastSeen
    }

    /// Reads `AFTER zxid command ...` or a plain command.
    @inlinable
    public init(_ command: RESPCommand) throws(CommandError) {
        guard command.matches("AFTER") else {
            content = try Content(command)
            lastSeen = nil
            return
        }
        guard command.count >= 3 else { throw .wrongArguments(usage: "AFTER zxid command ...") }
        guard let number = command.integer(1), number >= 0 else { throw .notAnInteger(argument: "zxid") }
        lastSeen = Zxid(UInt64(number))
        content = try Content(command, from: 2)
    }

    /// Appends the command.
    public func encode(into writer: inout ByteWriter) {
        guard let lastSeen else { return content.encode(into: &writer) }
        content.encode(into: &writer, behind: 2) { writer in
            writer.writeBulk(literal: "AFTER")
            writer.writeBulk(decimal: Int(truncatingIfNeeded: lastSeen.rawValue))
        }
    }
}
