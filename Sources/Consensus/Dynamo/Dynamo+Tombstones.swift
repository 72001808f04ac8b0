import ByteCoding
import ProtocolKit

/// Tombstones: a deletion is a version like any other, because a replica that has missed it would bring the value back.
///
/// It is kept until the time of grace is over by the replica's wall clock, which must therefore exceed the longest time
/// that a replica, or a hint, can be cut off, and the error of the clocks; then each replica forgets it by itself. A
/// replica that comes back later than that brings the deleted value back. Past ``DynamoLimits/tombstones`` of them the
/// oldest go before their time.
extension Dynamo {
    /// Whether a deletion's time of grace is over.
    func isPastGrace(_ deletedAt: UInt64, at now: Now) -> Bool {
        deletedAt < now.wall && now.wall - deletedAt > grace
    }

    private var grace: UInt64 { options.mutation == .dropTombstoneEarly ? 0 : options.tombstoneGrace }

    private var collectionInterval: UInt64 { max(.milliseconds(10), min(grace / 4, .seconds(1))) }

    /// Notes a tombstone, to be collected in time.
    mutating func bury(_ record: VersionedRecord, at now: Now, effects: inout Effects<Self>) {
        tombstones.append(Tombstone(deletedAt: record.cell.deletedAt, key: record.key, hash: record.hash))
        guard !isCollectionSet else { return }
        isCollectionSet = true
        effects.setTimer(DynamoTimer.collection, at: now.monotonic + collectionInterval)
    }

    /// Forgets the keys whose deletion is long enough ago. The log isn't told: a restarted node forgets them again.
    mutating func collectTombstones(at now: Now, effects: inout Effects<Self>) {
        isCollectionSet = false
        var looked = 0
        while let next = tombstones.first, looked < DynamoLimits.gatheredParts {
            guard isPastGrace(next.deletedAt, at: now) || tombstones.count > DynamoLimits.tombstones else { break }
            looked += 1
            tombstones.removeFirst()
            guard let cell = store.cell(next.key, hash: next.hash), cell.isTombstone,
                cell.deletedAt == next.deletedAt
            else { continue }
            store.remove(next.key, hash: next.hash)
            journal.stored.append(next.key)
        }
        guard !tombstones.isEmpty else { return }
        isCollectionSet = true
        effects.setTimer(DynamoTimer.collection, at: now.monotonic + collectionInterval)
    }

    /// Notes the tombstones that were recovered.
    mutating func buryRecovered(at now: Now, effects: inout Effects<Self>) {
        var found: [VersionedRecord] = []
        for partition in store.partitions where store.tombstones > 0 {
            for item in partition.table.items where item.content.isTombstone {
                found.append(VersionedRecord(key: item.key, hash: item.hash, cell: item.content))
            }
        }
        found.sort { $0.cell.deletedAt != $1.cell.deletedAt ? $0.cell.deletedAt < $1.cell.deletedAt : $0.key < $1.key }
        for record in found { bury(record, at: now, effects: &effects) }
    }
}
