import ByteCoding

/// The keys that a node is a replica of, by partition, each partition with a digest.
///
/// The digests are the leaves of the Merkle tree by which replicas compare themselves (section 4.7 of the Dynamo paper).
/// A range's digest is the sum of its keys' digests, so that a write changes one number and every node above and below
/// the leaves, for whichever keys two replicas share, is summed up when it is asked for.
struct ReplicaStore: Sendable {
    struct Partition: Sendable {
        var table = KeyTable<Cell>()
        /// The sum of the keys' digests, without overflow checks.
        var digest: UInt64 = 0
    }

    private(set) var partitions = ContiguousArray(repeating: Partition(), count: PreferenceRing.partitions)
    private(set) var count = 0
    /// Number of keys without a value.
    private(set) var tombstones = 0

    /// What is known of a key.
    func cell(_ key: Bytes, hash: UInt64) -> Cell? {
        let partition = PreferenceRing.partition(of: hash)
        guard let position = partitions[partition].table.find(key, hash: hash) else { return nil }
        return partitions[partition].table.items[position].content
    }

    /// What becomes of a record that comes in.
    enum Outcome {
        /// Everything in it was known.
        case known
        /// It is stored as it came.
        case stored
        /// It was merged with what was there, to this.
        case merged(VersionedRecord)
    }

    /// Merges a record with what is there.
    mutating func merge(_ record: VersionedRecord) -> Outcome {
        let partition = PreferenceRing.partition(of: record.hash)
        guard let position = partitions[partition].table.find(record.key, hash: record.hash) else {
            insert(record, partition)
            return .stored
        }
        var cell = partitions[partition].table.items[position].content
        let merge = cell.merge(record.cell)
        guard merge.tookOver else { return .known }
        if merge.otherIsStale {
            let merged = VersionedRecord(key: record.key, hash: record.hash, cell: cell)
            replace(partition, position, merged)
            return .merged(merged)
        }
        replace(partition, position, record)
        return .stored
    }

    /// Puts a record in the place of whatever is there.
    mutating func set(_ record: VersionedRecord) {
        let partition = PreferenceRing.partition(of: record.hash)
        if let position = partitions[partition].table.find(record.key, hash: record.hash) {
            replace(partition, position, record)
        } else {
            insert(record, partition)
        }
    }

    private mutating func insert(_ record: VersionedRecord, _ partition: Int) {
        partitions[partition].table.insert(record.key, hash: record.hash, record.cell)
        partitions[partition].digest &+= Self.digest(record.hash, record.cell)
        count += 1
        if record.cell.isTombstone { tombstones += 1 }
    }

    private mutating func replace(_ partition: Int, _ position: Int, _ record: VersionedRecord) {
        forget(partition, position)
        partitions[partition].table.replace(at: position, key: record.key, record.cell)
        partitions[partition].digest &+= Self.digest(record.hash, record.cell)
        if record.cell.isTombstone { tombstones += 1 }
    }

    /// Removes a key.
    mutating func remove(_ key: Bytes, hash: UInt64) {
        let partition = PreferenceRing.partition(of: hash)
        guard let position = partitions[partition].table.find(key, hash: hash) else { return }
        forget(partition, position)
        partitions[partition].table.remove(at: position)
        count -= 1
    }

    /// Takes a key's share out of the digest and the count of tombstones.
    private mutating func forget(_ partition: Int, _ position: Int) {
        let cell = partitions[partition].table.items[position].content
        partitions[partition].digest &-= Self.digest(partitions[partition].table.items[position].hash, cell)
        if cell.isTombstone { tombstones -= 1 }
    }

    static func digest(_ hash: UInt64, _ cell: Cell) -> UInt64 { KeyHash.mix(hash, cell.digest) }
}
