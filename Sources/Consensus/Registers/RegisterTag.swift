import ByteCoding
import ProtocolKit

/// The version of a register's value: sequence number first, then the writer (Lynch & Shvartsman 1997, section 3).
///
/// The writer is a node, its incarnation and a counter, because a node coordinates many clients' writes at once and its
/// memory ends with its process: two writes of one node may find the same highest sequence, and one that was cut short by
/// a crash may have left its tag at a minority. So no tag is given out twice, without a sync of its own. Gifford's version
/// number (1979, section 3) is the sequence; the writer breaks the ties that his locks prevent.
public struct RegisterTag: Hashable, Sendable, BitwiseCopyable {
    private static let counterBits = UInt64(41)
    private static let nodeBits = UInt64(8)

    /// Sequence and node.
    let upper: UInt64
    /// Incarnation and counter.
    let lower: UInt64

    /// The tag of a register that was never written.
    public static let zero = RegisterTag(upper: 0, lower: 0)
    /// No tag is higher.
    static let highest = RegisterTag(upper: .max, lower: .max)

    /// Most writes that a node coordinates in one incarnation.
    static let counterLimit = UInt64(1) << counterBits - 1
    /// Sequences stay so far below the end of their type that no arithmetic on them overflows.
    static let sequenceLimit = UInt64(1) << 55

    init(upper: UInt64, lower: UInt64) {
        self.upper = upper
        self.lower = lower
    }

    /// A tag of its parts; incarnations are below 2²³.
    init(sequence: UInt64, node: NodeID, incarnation: UInt64, counter: UInt64) {
        upper = sequence << Self.nodeBits | UInt64(node.rawValue & 0xFF)
        lower = incarnation << Self.counterBits | counter
    }

    /// How many writes preceded it, one after the other.
    public var sequence: UInt64 { upper >> Self.nodeBits }
    /// Who coordinated the write.
    public var node: NodeID { NodeID(UInt32(truncatingIfNeeded: upper & 0xFF)) }
    /// In which of its incarnations.
    public var incarnation: UInt64 { lower >> Self.counterBits }
    /// As which of its writes.
    public var counter: UInt64 { lower & Self.counterLimit }
}

extension RegisterTag: Comparable {
    /// Lexicographic order of sequence, node, incarnation and counter.
    public static func < (left: RegisterTag, right: RegisterTag) -> Bool {
        left.upper != right.upper ? left.upper < right.upper : left.lower < right.lower
    }
}

extension RegisterTag: CustomStringConvertible {
    /// `7@2.1.40`: sequence, node, incarnation, counter.
    public var description: String { "\(sequence)@\(node).\(incarnation).\(counter)" }
}

extension ByteWriter {
    /// Appends a tag.
    mutating func write(_ tag: RegisterTag) {
        write(tag.upper)
        write(tag.lower)
    }
}

extension ByteReader {
    /// Reads a tag as it is.
    mutating func readTag() throws(WireError) -> RegisterTag {
        RegisterTag(upper: try read(), lower: try read())
    }

    /// Reads the tag of a value.
    mutating func readValueTag() throws(WireError) -> RegisterTag {
        let tag = try readTag()
        guard tag.sequence <= RegisterTag.sequenceLimit else {
            throw .tooLarge(what: "sequence", value: tag.sequence, limit: RegisterTag.sequenceLimit)
        }
        return tag
    }
}
