import ByteCoding
import ProtocolKit

/// Writes store and hints to disk, a chunk at a time, from frozen copies: no step does all of it. Writing to a partition
/// afterwards copies that partition's table once.
///
/// The snapshot is a sequence of records as the log has them: kind, length, payload.
struct StoreSnapshotWriter: Sendable {
    private var store: ReplicaStore?
    private var hints = KeyTable<Hint>()
    private var partition = 0
    private var item = 0
    /// The snapshot that is being written or committed.
    private(set) var mark = SnapshotMark(index: .zero, tag: 0)
    /// The ticket of the snapshot that is complete but not yet durable.
    private(set) var ticket = Ticket.none

    /// Whether chunks are left to write.
    var isWriting: Bool { store != nil }

    /// Whether no snapshot is under way.
    var isIdle: Bool { store == nil && ticket == .none }

    /// Begins a snapshot.
    mutating func begin(
        _ store: ReplicaStore, _ hints: KeyTable<Hint>, at mark: SnapshotMark, effects: inout Effects<Dynamo>
    ) {
        assert(isIdle, "one snapshot at a time")
        self.mark = mark
        self.store = store
        self.hints = hints
        partition = 0
        item = 0
        effects.beginSnapshot(mark)
    }

    /// Writes about so many bytes, or completes the snapshot where nothing is left.
    mutating func writeNext(bytes: Int, effects: inout Effects<Dynamo>) {
        guard store != nil else { return }
        var writer = ByteWriter(capacity: bytes + 4_096)
        while partition < store!.partitions.count, writer.count < bytes {
            guard item < store!.partitions[partition].table.items.count else {
                partition += 1
                item = 0
                continue
            }
            let next = store!.partitions[partition].table.items[item]
            let record = VersionedRecord(key: next.key, hash: next.hash, cell: next.content)
            Self.write(DynamoRecordKind.stored, record.payload, into: &writer)
            item += 1
        }
        while partition == store!.partitions.count, item < hints.count, writer.count < bytes {
            Self.write(hints.items[item], into: &writer)
            item += 1
        }
        if !writer.isEmpty { return effects.writeSnapshot(writer.bytes()) }
        store = nil
        hints = KeyTable()
        ticket = effects.commitSnapshot()
    }

    private static func write(_ hint: KeyTable<Hint>.Item, into writer: inout ByteWriter) {
        var payload = ByteWriter(capacity: 256)
        payload.write(hint.content.targets)
        if let cell = hint.content.cell {
            payload.write(raw: VersionedRecord(key: hint.key, hash: hint.hash, cell: cell).payload)
            write(DynamoRecordKind.kept, payload.bytes(), into: &writer)
        } else {
            payload.write(hint.key)
            write(DynamoRecordKind.owed, payload.bytes(), into: &writer)
        }
    }

    private static func write(_ kind: UInt8, _ payload: Bytes, into writer: inout ByteWriter) {
        writer.write(kind)
        writer.write(payload)
    }

    /// Tickets are durable. True when that completes the snapshot.
    mutating func persisted(through durable: Ticket) -> Bool {
        guard ticket != .none, ticket <= durable else { return false }
        ticket = .none
        return true
    }
}
