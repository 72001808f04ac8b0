import ByteCoding
import RESP

/// A request whose command can stand behind words of a protocol's own: `AFTER 17 GET key`.
public protocol PrefixedRequest: ReplicatedRequest {
    /// Reads the command that begins with an argument of a longer one.
    init(_ command: RESPCommand, from base: Int) throws(CommandError)
    /// Appends the command behind `count` arguments, which `prefix` writes.
    func encode(into writer: inout ByteWriter, behind count: Int, _ prefix: (inout ByteWriter) -> Void)
}
