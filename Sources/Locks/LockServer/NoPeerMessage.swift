import ByteCoding

/// The message of a node that has no peers: there is none, and every attempt to read one is refused.
public enum NoPeerMessage: WireCodable, Sendable {
    /// Appends nothing: there is no value to code.
    public func encode(into writer: inout ByteWriter) {}

    /// Refuses.
    public init(from reader: inout ByteReader) throws(WireError) {
        throw .invalid(what: "message: this node has no peers")
    }
}
