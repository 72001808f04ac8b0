import ByteCoding
import RESP

/// The replicated key-value store: get, put, delete, compare-and-set, increment, append, with client sessions.
///
/// It is cut into shards so that a frozen copy for a snapshot costs little: writing to a shard afterwards copies that
/// shard's table once, not the whole store.
public struct KeyValueStore: StateMachine {
    /// What clients ask.
    public typealias Request = KeyValueRequest

    static let shardCount = 256
    var shards: ContiguousArray<KeyValueTable>
    var sessions = SessionTable()
    var replicatedMilliseconds: UInt64 = 0
    /// Sum of the hashes of all items: independent of their order.
    private var itemDigest: UInt64 = 0
    private var itemCount = 0

    /// An empty store.
    public init() {
        shards = ContiguousArray(repeating: KeyValueTable(), count: Self.shardCount)
    }

    /// Number of keys.
    public var count: Int { itemCount }

    /// Applies a command that is chosen at a log position.
    public mutating func apply(_ payload: Bytes, at index: LogIndex) -> KeyValueResponse {
        payload.withUnsafeBytes { region in
            guard let view = KeyValueView(region) else { return .refused(.rejected("malformed command")) }
            guard let stamp = view.stamp else { return execute(view, at: index) }
            switch sessions.admit(stamp, now: replicatedMilliseconds) {
            case .answer(let response): return response
            case .apply:
                let response = execute(view, at: index)
                sessions.keep(response, for: stamp)
                return response
            }
        }
    }

    /// Moves replicated time forward; silent sessions expire.
    public mutating func advance(toReplicatedMilliseconds time: UInt64) {
        guard time > replicatedMilliseconds else { return }
        replicatedMilliseconds = time
        sessions.expire(now: time)
    }

    /// Answers a read.
    public func query(_ payload: Bytes) -> KeyValueResponse {
        payload.withUnsafeBytes { region in
            guard let view = KeyValueView(region), view.tag == CommandTag.get else {
                return .refused(.rejected("not a read"))
            }
            return read(view)
        }
    }

    /// A digest of keys, values and sessions.
    public var digest: UInt64 {
        sessions.sessions.reduce(itemDigest) { $0 &* 31 &+ $1.id.rawValue &+ UInt64($1.answers.count) }
    }

    private func read(_ view: KeyValueView) -> KeyValueResponse {
        let hash = KeyValueTable.hash(view.key)
        let shard = Self.shard(hash)
        guard let position = shards[shard].find(view.key, hash: hash) else { return .absent }
        return .value(Bytes(shards[shard].items[position].value))
    }

    private mutating func execute(_ view: KeyValueView, at index: LogIndex) -> KeyValueResponse {
        let hash = KeyValueTable.hash(view.key)
        switch view.tag {
        case CommandTag.get: return read(view)
        case CommandTag.put:
            write(view.key, hash, view.tail)
            return .done
        case CommandTag.delete: return .integer(remove(view.key, hash) ? 1 : 0)
        case CommandTag.putIfAbsent:
            guard shards[Self.shard(hash)].find(view.key, hash: hash) == nil else { return .integer(0) }
            write(view.key, hash, view.tail)
            return .integer(1)
        case CommandTag.compareAndSet: return compareAndSet(view, hash)
        case CommandTag.increment: return increment(view, hash)
        case CommandTag.append: return append(view, hash)
        case CommandTag.openSession: return sessions.open(at: index, now: replicatedMilliseconds)
        default: return .refused(.rejected("unknown operation \(view.tag)"))
        }
    }

    private static func shard(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 56)
    }

    private static func itemHash(_ keyHash: UInt64, _ value: UnsafeRawBufferPointer) -> UInt64 {
        keyHash &* 0x9E37_79B9_7F4A_7C15 ^ KeyValueTable.hash(value)
    }

    private mutating func write(_ key: UnsafeRawBufferPointer, _ hash: UInt64, _ value: UnsafeRawBufferPointer) {
        let shard = Self.shard(hash)
        if let position = shards[shard].find(key, hash: hash) {
            forget(shard, position)
            shards[shard].replace(at: position, with: value)
        } else {
            shards[shard].insert(key, hash: hash, value: [UInt8](value))
            itemCount += 1
        }
        itemDigest &+= Self.itemHash(hash, value)
    }

    /// Takes an item's share out of the digest.
    private mutating func forget(_ shard: Int, _ position: Int) {
        let hash = shards[shard].items[position].hash
        itemDigest &-= shards[shard].items[position].value.withUnsafeBytes { Self.itemHash(hash, $0) }
    }

    private mutating func remove(_ key: UnsafeRawBufferPointer, _ hash: UInt64) -> Bool {
        let shard = Self.shard(hash)
        guard let position = shards[shard].find(key, hash: hash) else { return false }
        forget(shard, position)
        shards[shard].remove(at: position)
        itemCount -= 1
        return true
    }

    private mutating func compareAndSet(_ view: KeyValueView, _ hash: UInt64) -> KeyValueResponse {
        guard let pair = view.pair else { return .refused(.rejected("malformed compare-and-set")) }
        let shard = Self.shard(hash)
        guard let position = shards[shard].find(view.key, hash: hash),
            shards[shard].items[position].value.elementsEqual(pair.expected)
        else { return .integer(0) }
        write(view.key, hash, pair.value)
        return .integer(1)
    }

    private mutating func increment(_ view: KeyValueView, _ hash: UInt64) -> KeyValueResponse {
        guard let delta = view.delta else { return .refused(.rejected("malformed increment")) }
        let shard = Self.shard(hash)
        var current: Int64 = 0
        if let position = shards[shard].find(view.key, hash: hash) {
            let number = shards[shard].items[position].value.withUnsafeBytes { parseDecimal($0) }
            guard let number else { return .refused(.rejected("value is not an integer or out of range")) }
            current = number
        }
        let (sum, overflow) = current.addingReportingOverflow(delta)
        guard !overflow else { return .refused(.rejected("increment or decrement would overflow")) }
        Array(String(sum).utf8).withUnsafeBytes { write(view.key, hash, $0) }
        return .integer(sum)
    }

    private mutating func append(_ view: KeyValueView, _ hash: UInt64) -> KeyValueResponse {
        let shard = Self.shard(hash)
        guard let position = shards[shard].find(view.key, hash: hash) else {
            write(view.key, hash, view.tail)
            return .integer(Int64(view.tail.count))
        }
        guard shards[shard].items[position].value.count + view.tail.count <= KeyValueLimits.valueBytes else {
            return .refused(.rejected("the value would be longer than \(KeyValueLimits.valueBytes) bytes"))
        }
        forget(shard, position)
        let count = shards[shard].append(at: position, view.tail)
        itemDigest &+= shards[shard].items[position].value.withUnsafeBytes { Self.itemHash(hash, $0) }
        return .integer(Int64(count))
    }

    /// Takes over an item of a snapshot.
    mutating func restore(key: Bytes, value: Bytes) {
        key.withUnsafeBytes { key in
            value.withUnsafeBytes { write(key, KeyValueTable.hash(key), $0) }
        }
    }
}
