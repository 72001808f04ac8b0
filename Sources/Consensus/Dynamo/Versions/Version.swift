import ByteCoding
import ProtocolKit

/// One write event: the `counter`-th of an actor (Preguiça et al. 2012, "Dotted version vectors").
///
/// An actor is a node's incarnation, so that a node that has lost what it had not synced never names two writes alike,
/// and never claims to have seen what it has forgotten. A node that stands in for a key's replicas and forgets the key
/// when it has handed it over is another actor each time: its `generation` counts them, 0 being the replica itself.
struct Dot: Hashable, Sendable, BitwiseCopyable {
    /// Node, incarnation and generation in 8, 24 and 32 bits.
    let actor: UInt64
    /// The number of the write among the actor's.
    let counter: UInt64

    static func actor(node: NodeID, incarnation: UInt64, generation: UInt32 = 0) -> UInt64 {
        UInt64(node.rawValue & 0xFF) << 56 | (incarnation & 0xFF_FFFF) << 32 | UInt64(generation)
    }
}

extension Dot: Comparable {
    static func < (left: Dot, right: Dot) -> Bool {
        left.actor != right.actor ? left.actor < right.actor : left.counter < right.counter
    }
}

/// A version of a value: the event that wrote it and its coordinator's wall clock, by which last-writer-wins orders:
/// (wall time, node, incarnation, counter).
struct Version: Hashable, Sendable, BitwiseCopyable {
    /// Nanoseconds since 1970 on the coordinator's clock, which may be wrong.
    let wall: UInt64
    let dot: Dot
}

extension Version: Comparable {
    static func < (left: Version, right: Version) -> Bool {
        left.wall != right.wall ? left.wall < right.wall : left.dot < right.dot
    }
}

extension Version: CustomStringConvertible {
    var description: String {
        "\(dot.actor >> 56).\(dot.actor >> 32 & 0xFF_FFFF).\(dot.actor & 0xFFFF_FFFF):\(dot.counter)@\(wall)"
    }
}

extension Version: WireCodable {
    static let byteCount = 24

    func encode(into writer: inout ByteWriter) {
        writer.write(wall)
        writer.write(dot.actor)
        writer.write(dot.counter)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        wall = try reader.read()
        dot = Dot(actor: try reader.read(), counter: try reader.read())
        guard wall <= DynamoLimits.number, dot.counter <= DynamoLimits.number else { throw .invalid(what: "version") }
    }
}
