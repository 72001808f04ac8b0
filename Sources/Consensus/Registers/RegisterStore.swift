import ByteCoding
import ProtocolKit

/// Where a register lies in a store, for as long as the store lives.
public struct RegisterPosition: Hashable, Sendable, BitwiseCopyable {
    let shard: Int32
    let item: Int32

    init(_ shard: Int, _ item: Int) {
        self.shard = Int32(truncatingIfNeeded: shard)
        self.item = Int32(truncatingIfNeeded: item)
    }
}

/// What a replica holds: for each key the highest tag that it was told and that tag's value.
///
/// It isn't the state of a replicated log: replicas hold different things at all times, and only quorums of them mean
/// something. It is cut into shards so that a frozen copy for a snapshot costs little: writing to a shard afterwards
/// copies that shard's table once.
struct RegisterStore: Sendable {
    static let shardCount = 256
    private(set) var shards: ContiguousArray<RegisterTable>
    /// Number of registers.
    private(set) var count = 0

    init() {
        shards = ContiguousArray(repeating: RegisterTable(), count: Self.shardCount)
    }

    private static func shard(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 56)
    }

    /// Where a key lies, or nil.
    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> RegisterPosition? {
        let shard = Self.shard(hash)
        return shards[shard].find(key, hash: hash).map { RegisterPosition(shard, $0) }
    }

    func key(at position: RegisterPosition) -> Bytes {
        shards[Int(position.shard)].items[Int(position.item)].key
    }

    func tag(at position: RegisterPosition) -> RegisterTag {
        shards[Int(position.shard)].items[Int(position.item)].tag
    }

    func ticket(at position: RegisterPosition) -> Ticket {
        shards[Int(position.shard)].items[Int(position.item)].ticket
    }

    func value(at position: RegisterPosition) -> [UInt8] {
        shards[Int(position.shard)].items[Int(position.item)].value
    }

    /// Adds a register that isn't there.
    mutating func insert(_ entry: RegisterEntry, hash: UInt64, ticket: Ticket) -> RegisterPosition {
        count += 1
        let shard = Self.shard(hash)
        return RegisterPosition(
            shard, shards[shard].insert(entry.key, hash: hash, tag: entry.tag, ticket: ticket, value: entry.value))
    }

    /// Replaces what a register holds.
    mutating func replace(at position: RegisterPosition, with entry: RegisterEntry, ticket: Ticket) {
        shards[Int(position.shard)].replace(
            at: Int(position.item), tag: entry.tag, ticket: ticket, value: entry.value)
    }

    /// Takes over what is on disk already, unless something newer is there.
    mutating func restore(_ entry: RegisterEntry) {
        let hash = stableHash(entry.key)
        guard let position = find(entry.key, hash: hash) else {
            _ = insert(entry, hash: hash, ticket: .none)
            return
        }
        if tag(at: position) < entry.tag { replace(at: position, with: entry, ticket: .none) }
    }

    /// Writes entries from a position on until the writer holds `bytes` or the store ends.
    ///
    /// - Returns: how many were written, and where to go on; nil after the last.
    func write(
        from start: RegisterPosition, upTo bytes: Int, into writer: inout ByteWriter
    ) -> (count: Int, next: RegisterPosition?) {
        var shard = Int(start.shard)
        var item = Int(start.item)
        var written = 0
        while shard < shards.count {
            guard item < shards[shard].items.count else {
                shard += 1
                item = 0
                continue
            }
            guard writer.count < bytes else { return (written, RegisterPosition(shard, item)) }
            let next = shards[shard].items[item]
            next.key.withUnsafeBytes { key in
                next.value.withUnsafeBytes { RegisterEntry.write(next.tag, key: key, value: $0, into: &writer) }
            }
            item += 1
            written += 1
        }
        return (written, nil)
    }
}

extension RegisterStore: SnapshottableState {
    /// A frozen copy; costs the table of shards, not their contents.
    func snapshot() -> RegisterSnapshot {
        RegisterSnapshot(store: self)
    }

    /// Takes the next chunk of a snapshot.
    mutating func restore(chunk: Bytes) throws(WireError) {
        try chunk.withUnsafeBytes { (region) throws(WireError) in
            var reader = ByteReader(region)
            while reader.remaining > 0 { restore(try RegisterEntry(from: &reader)) }
        }
    }
}

/// A frozen store on its way to disk: a sequence of entries.
struct RegisterSnapshot: StateSnapshot {
    fileprivate let store: RegisterStore
    private var next: RegisterPosition? = RegisterPosition(0, 0)

    fileprivate init(store: RegisterStore) {
        self.store = store
    }

    /// The next chunk, or nil after the last.
    mutating func nextChunk(bytes: Int) -> Bytes? {
        guard let start = next else { return nil }
        var writer = ByteWriter(capacity: bytes + 4096)
        next = store.write(from: start, upTo: bytes, into: &writer).next
        return writer.isEmpty ? nil : writer.bytes()
    }
}
