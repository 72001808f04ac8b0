import ByteCoding
import ProtocolKit

/// Asks a peer for a part of its stored snapshot.
public struct SnapshotFetchRequest: Hashable, Sendable {
    /// Where the part starts, in bytes.
    public var offset: UInt64
}

/// A part of a peer's stored snapshot.
public struct SnapshotFetchPart: Hashable, Sendable {
    /// What the snapshot stands for.
    public var mark: SnapshotMark
    /// Where the part starts, in bytes.
    public var offset: UInt64
    /// The part.
    public var data: Bytes
    /// Whether it is the last.
    public var isLast: Bool
}

/// A snapshot that a node fetches from a peer, part by part, and puts together beside the state in use.
///
/// The node that lags asks for every part, so that the peer keeps no state of it: who crashed or lost a message asks
/// again.
@usableFromInline
struct SnapshotFetch<Machine: StateMachine>: Sendable {
    /// What comes next.
    enum Next {
        /// The part was of no use.
        case nothing
        /// Ask for the part at ``SnapshotFetch/nextOffset``.
        case ask
        /// All parts are there and on their way to the disk.
        case stored
        /// The parts make no sense: give up.
        case malformed
    }

    /// Whom it asks.
    @usableFromInline let source: NodeID
    /// The snapshot that the parts so far belong to.
    @usableFromInline var mark: SnapshotMark?
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>()
    /// The complete state and the ticket after which it may be used.
    @usableFromInline var complete: (machine: Machine, ticket: Ticket)?
    /// When the peer was last asked, and how often since the last part.
    @usableFromInline var askedAt = UInt64(0)
    @usableFromInline var attempts = 0

    init(source: NodeID) {
        self.source = source
    }

    /// The request for the next part.
    mutating func request(at now: Now) -> SnapshotFetchRequest {
        askedAt = now.monotonic
        attempts += 1
        return SnapshotFetchRequest(offset: nextOffset)
    }

    /// Takes a part in. Where the peer has replaced its snapshot meanwhile, the fetch begins again with the new one.
    mutating func take<Node: ProtocolNode>(_ part: SnapshotFetchPart, effects: inout Effects<Node>) -> Next {
        guard complete == nil else { return .nothing }
        if part.mark != mark {
            if let mark, part.mark.index < mark.index { return .nothing }
            mark = nil
            nextOffset = 0
            guard part.offset == 0 else { return .ask }
            mark = part.mark
            assembler = SnapshotAssembler()
            effects.beginSnapshot(part.mark)
        }
        guard part.offset == nextOffset else { return .nothing }
        attempts = 0
        do {
            try assembler.take(part.data)
            effects.writeSnapshot(part.data)
            nextOffset += UInt64(part.data.count)
            guard part.isLast else { return .ask }
            complete = (try assembler.finish(), effects.commitSnapshot())
            return .stored
        } catch {
            return .malformed
        }
    }
}

extension SnapshotFetchRequest: WireCodable {
    /// Appends the offset.
    public func encode(into writer: inout ByteWriter) {
        writer.write(offset)
    }

    /// Reads an offset.
    public init(from reader: inout ByteReader) throws(WireError) {
        offset = try reader.readSlot().rawValue
    }
}

extension SnapshotFetchPart: WireCodable {
    /// Appends mark, offset, whether it is the last, and the data.
    public func encode(into writer: inout ByteWriter) {
        writer.write(mark.index.rawValue)
        writer.write(mark.tag)
        writer.write(offset)
        writer.write(UInt8(isLast ? 1 : 0))
        writer.write(data)
    }

    /// Reads a part.
    public init(from reader: inout ByteReader) throws(WireError) {
        mark = SnapshotMark(index: try reader.readSlot(), tag: try reader.readSlot().rawValue)
        offset = try reader.readSlot().rawValue
        isLast = try reader.readBool()
        data = try reader.readBytes(limit: WireLimits.chunkBytes)
    }
}
