import ProtocolKit

/// Bounds on what a peer may send and on what a replica puts into one message.
enum RegisterLimits {
    /// Longest key in bytes.
    static let keyBytes = KeyValueLimits.keyBytes
    /// Longest value in bytes.
    static let valueBytes = KeyValueLimits.valueBytes
    /// Operations in a message.
    static let operations = 1 << 16
    /// Rounds acknowledged in a message.
    static let rounds = 1 << 16
    /// Bytes of a message's body: with its last item it may exceed what it is filled to by one value.
    static let bodyBytes = 32 << 20
    /// Bytes of values to which an answer to a query is filled: values beyond are asked for again.
    static let answerBytes = 8 << 20
    /// Bytes of entries to which a part of a transfer is filled.
    static let transferBytes = 64 << 10
    /// Nodes.
    static let nodes = 63
    /// Bits of a round's number below the incarnation.
    static let roundBits = UInt64(40)
}
