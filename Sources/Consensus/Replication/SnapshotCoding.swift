import ByteCoding
import ProtocolKit

/// Writes a state's snapshot to disk, a chunk at a time, from a frozen copy: no step does all of it.
///
/// On disk each chunk follows its length in 32 bits, because a snapshot is sent and read back in other pieces than it
/// was written in.
@usableFromInline
struct SnapshotWriter<Machine: SnapshottableState>: Sendable {
    /// What stands on disk complete, if anything.
    @usableFromInline var stored: SnapshotMark?
    /// The frozen copy that is being written.
    @usableFromInline var frozen: Machine.Snapshot?
    /// The snapshot that is being written or committed.
    @usableFromInline var mark = SnapshotMark(index: .zero, tag: 0)
    /// The ticket of the snapshot that is complete but not yet durable.
    @usableFromInline var ticket = Ticket.none
    /// Bytes of the snapshot that is being written, or was written last.
    @usableFromInline var bytes = 0

    @usableFromInline
    init() {}

    /// Whether chunks are left to write.
    @inlinable
    var isWriting: Bool { frozen != nil }

    /// Whether no snapshot is under way.
    @inlinable
    var isIdle: Bool { frozen == nil && ticket == .none }

    /// Begins a snapshot of a state.
    ///
    /// - Parameter header: what the protocol itself needs to have in it, as the first chunk.
    @usableFromInline
    mutating func begin<Node: ProtocolNode>(
        _ machine: Machine, at mark: SnapshotMark, header: Bytes? = nil, effects: inout Effects<Node>
    ) {
        assert(isIdle, "one snapshot at a time")
        self.mark = mark
        bytes = 0
        frozen = machine.snapshot()
        effects.beginSnapshot(mark)
        if let header { write(header, effects: &effects) }
    }

    private mutating func write<Node: ProtocolNode>(_ chunk: Bytes, effects: inout Effects<Node>) {
        var length = ByteWriter(capacity: 64)
        length.write(UInt32(chunk.count))
        effects.writeSnapshot(length.bytes())
        effects.writeSnapshot(chunk)
        bytes += 4 + chunk.count
    }

    /// Writes the next chunk, or completes the snapshot after the last.
    @usableFromInline
    mutating func writeNext<Node: ProtocolNode>(chunkBytes: Int, effects: inout Effects<Node>) {
        guard frozen != nil else { return }
        if let chunk = frozen!.nextChunk(bytes: chunkBytes) {
            write(chunk, effects: &effects)
        } else {
            frozen = nil
            ticket = effects.commitSnapshot()
        }
    }

    /// Gives up the snapshot that is being written; one that is complete stays so.
    @usableFromInline
    mutating func abandon() {
        frozen = nil
    }

    /// A ticket is durable. True when it completes the snapshot.
    @usableFromInline
    mutating func persisted(through durable: Ticket) -> Bool {
        guard ticket != .none, ticket <= durable else { return false }
        ticket = .none
        stored = mark
        return true
    }
}

/// Puts a state together from the pieces of a stored snapshot, wherever they were cut.
@usableFromInline
struct SnapshotAssembler<Machine: SnapshottableState>: Sendable {
    private var machine = Machine()
    private var pending: [UInt8] = []
    private let hasHeader: Bool
    /// The first chunk, where that is the protocol's own.
    private(set) var header: Bytes?

    /// A chunk is far smaller: a state gives it at about 64 KiB, or one item.
    private static var limit: Int { WireLimits.messageBytes }

    /// - Parameter hasHeader: whether the first chunk is the protocol's own.
    init(hasHeader: Bool = false) {
        self.hasHeader = hasHeader
    }

    /// Takes the next piece.
    mutating func take(_ data: Bytes) throws(WireError) {
        data.withUnsafeBytes { pending.append(contentsOf: $0) }
        guard let first = try length(at: 0), pending.count >= 4 + first else { return }
        let gathered = Bytes(pending)
        var offset = 0
        while let count = try length(at: offset), gathered.count >= offset + 4 + count {
            let chunk = gathered[offset + 4..<offset + 4 + count]
            if hasHeader, header == nil {
                header = chunk.compacted()
            } else {
                try machine.restore(chunk: chunk)
            }
            offset += 4 + count
        }
        pending = gathered[offset..<gathered.count].array
    }

    /// The length of the chunk that starts at an offset, once that much is there.
    private func length(at offset: Int) throws(WireError) -> Int? {
        guard pending.count >= offset + 4 else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(pending[offset + $1]) << ($1 * 8) }
        guard length <= Self.limit else {
            throw .tooLarge(what: "snapshot chunk", value: UInt64(length), limit: UInt64(Self.limit))
        }
        return length
    }

    /// The state, once all pieces are taken.
    func finish() throws(WireError) -> Machine {
        guard pending.isEmpty, !hasHeader || header != nil else { throw .truncated }
        return machine
    }
}
