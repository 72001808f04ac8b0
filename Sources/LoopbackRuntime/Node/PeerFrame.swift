import ByteCoding
import ProtocolKit

/// What nodes say first on a connection, so that strangers are told apart from peers.
struct PeerHello: WireCodable, Equatable {
    static let magic: UInt32 = 0x4842_4F43
    static let version: UInt32 = 1

    var cluster: UInt64
    var node: NodeID
    var incarnation: UInt64

    init(cluster: UInt64, node: NodeID, incarnation: UInt64) {
        self.cluster = cluster
        self.node = node
        self.incarnation = incarnation
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.write(cluster)
        writer.write(node.rawValue)
        writer.write(incarnation)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        guard try reader.read(UInt32.self) == Self.magic else { throw .invalid(what: "greeting") }
        let version = try reader.read(UInt32.self)
        guard version == Self.version else { throw .unknownTag(what: "wire version", value: UInt64(version)) }
        cluster = try reader.read()
        node = NodeID(try reader.read())
        incarnation = try reader.read()
    }
}

/// Frames between nodes: a length in 32 bits, then that many bytes.
enum PeerFrame {
    /// Longest frame.
    static let bound = 64 << 20
    static let headerBytes = 4
    /// Longest greeting: what a stranger may make a node keep.
    static let greetingBound = 64

    /// The body of the first frame in `region`, nil while it is incomplete.
    @inline(__always)
    static func next(
        _ region: UnsafeRawBufferPointer, bound: Int = PeerFrame.bound
    ) throws(WireError) -> UnsafeRawBufferPointer? {
        guard region.count >= headerBytes else { return nil }
        let length = Int(UInt32(littleEndian: region.loadUnaligned(as: UInt32.self)))
        guard length <= bound else { throw .tooLarge(what: "frame", value: UInt64(length), limit: UInt64(bound)) }
        guard region.count >= headerBytes + length else { return nil }
        return UnsafeRawBufferPointer(rebasing: region[headerBytes..<(headerBytes + length)])
    }
}
