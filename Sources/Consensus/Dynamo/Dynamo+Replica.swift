import ByteCoding
import ProtocolKit

/// What the log's records are.
enum DynamoRecordKind {
    /// A key's cell in the store: a ``VersionedRecord``.
    static let stored: UInt8 = 1
    /// What is kept of a key for replicas: their bits, a ``VersionedRecord``.
    static let kept: UInt8 = 2
    /// The replicas that a write in the store is owed to: their bits, the key.
    static let owed: UInt8 = 3
    /// A hint's remaining replicas, 0 when it is gone: their bits, the key.
    static let delivered: UInt8 = 4
}

extension Dynamo {
    /// Stores a write that another node coordinates, or keeps it for a replica, and says so once it is durable. One that
    /// is superseded already is acknowledged when what superseded it is durable.
    mutating func store(
        _ record: VersionedRecord, hintFor replica: UInt8?, as name: DynamoPart.OperationName, for coordinator: Int,
        at now: Now, effects: inout Effects<Self>
    ) {
        if let replica, Int(replica) != me {
            guard Int(replica) < members.count, keep(record, for: 1 << UInt64(replica), at: now, effects: &effects)
            else { return }
        } else {
            guard ring.isReplica(me, of: PreferenceRing.partition(of: record.hash)) else { return }
            takeOver(record, at: now, effects: &effects)
        }
        peers[coordinator].tellOnceDurable(.written(name))
    }

    /// Merges a record with what this replica holds of the key, and writes what has changed to the log.
    mutating func takeOver(_ record: VersionedRecord, at now: Now, effects: inout Effects<Self>) {
        guard ring.isReplica(me, of: PreferenceRing.partition(of: record.hash)) else { return }
        if record.cell.isTombstone, isPastGrace(record.cell.deletedAt, at: now),
            store.cell(record.key, hash: record.hash) == nil
        {
            // It was collected here; taking it back would keep it for ever, passed to and fro among the replicas.
            return
        }
        let changed: VersionedRecord
        switch options.mutation {
        case .overwriteNewer:
            store.set(record)
            changed = record
        case .forgetSibling where store.cell(record.key, hash: record.hash)?.includes(record.cell) == false:
            changed = withoutSiblings(record)
            store.set(changed)
        default:
            switch store.merge(record) {
            case .known: return
            case .stored: changed = record
            case .merged(let merged): changed = merged
            }
        }
        journal.stored.append(changed.key)
        append(DynamoRecordKind.stored, changed.payload, effects: &effects)
        if case .siblings(let set) = changed.cell, set.siblings.count > 1 { effects.count(.siblingsKept) }
        if changed.cell.isTombstone { bury(changed, at: now, effects: &effects) }
    }

    /// The planted fault: the one of two concurrent sets that comes replaces the one that is there, seen or not.
    private func withoutSiblings(_ record: VersionedRecord) -> VersionedRecord {
        guard case .siblings(var set) = record.cell,
            case .siblings(let mine)? = store.cell(record.key, hash: record.hash)
        else { return record }
        set.clock.join(mine.clock)
        return VersionedRecord(key: record.key, hash: record.hash, cell: .siblings(set))
    }

    /// Adds a record to the log.
    mutating func append(_ kind: UInt8, _ payload: Bytes, effects: inout Effects<Self>) {
        lastIndex = lastIndex.next
        effects.append(LogRecord(index: lastIndex, tag: 0, kind: kind, payload: payload))
        bytesSinceSnapshot += payload.count + 32
    }
}
