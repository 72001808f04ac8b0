import ByteCoding

/// A set of write events that holds, with each, all earlier ones of its actor: what a replica or client has seen of a
/// key (section 4.4 of the Dynamo paper, where it is called vector clock).
struct VersionVector: Hashable, Sendable {
    struct Entry: Hashable, Sendable, BitwiseCopyable {
        let actor: UInt64
        var counter: UInt64
    }

    /// In the order of the actors, each once.
    private(set) var entries: ContiguousArray<Entry> = []

    init() {}

    var isEmpty: Bool { entries.isEmpty }

    /// The greatest counter seen of an actor, 0 for none.
    subscript(actor: UInt64) -> UInt64 {
        let place = self.place(of: actor)
        return place < entries.count && entries[place].actor == actor ? entries[place].counter : 0
    }

    func covers(_ dot: Dot) -> Bool { self[dot.actor] >= dot.counter }

    /// Whether everything in the other is in this one.
    func covers(_ other: VersionVector) -> Bool {
        var place = 0
        for entry in other.entries {
            while place < entries.count, entries[place].actor < entry.actor { place += 1 }
            guard place < entries.count, entries[place].actor == entry.actor, entries[place].counter >= entry.counter
            else { return false }
        }
        return true
    }

    /// Adds an event and all of its actor before it.
    mutating func insert(_ dot: Dot) {
        let place = self.place(of: dot.actor)
        if place < entries.count, entries[place].actor == dot.actor {
            entries[place].counter = max(entries[place].counter, dot.counter)
        } else {
            entries.insert(Entry(actor: dot.actor, counter: dot.counter), at: place)
        }
    }

    /// Adds everything in the other.
    mutating func join(_ other: VersionVector) {
        if covers(other) { return }
        if other.covers(self) {
            entries = other.entries
            return
        }
        var joined = ContiguousArray<Entry>()
        joined.reserveCapacity(entries.count + other.entries.count)
        var (left, right) = (0, 0)
        while left < entries.count || right < other.entries.count {
            if right == other.entries.count {
                joined.append(entries[left])
                left += 1
            } else if left == entries.count || other.entries[right].actor < entries[left].actor {
                joined.append(other.entries[right])
                right += 1
            } else if entries[left].actor < other.entries[right].actor {
                joined.append(entries[left])
                left += 1
            } else {
                let counter = max(entries[left].counter, other.entries[right].counter)
                joined.append(Entry(actor: entries[left].actor, counter: counter))
                left += 1
                right += 1
            }
        }
        entries = joined
    }

    /// Drops entries of the oldest incarnations while there are more than `limit`, except those of `kept` dots: the
    /// paper's truncation, after which what was overwritten long ago could come back, though nothing is lost.
    mutating func truncate(to limit: Int, keeping kept: (UInt64) -> Bool) {
        guard entries.count > limit else { return }
        let oldest = entries.map(\.actor).filter { !kept($0) }.sorted {
            let (left, right) = ($0 & 0xFF_FFFF << 32, $1 & 0xFF_FFFF << 32)
            return left != right ? left < right : $0 < $1
        }
        let dropped = oldest.prefix(entries.count - limit)
        entries.removeAll { dropped.contains($0.actor) }
    }

    private func place(of actor: UInt64) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].actor < actor { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension VersionVector: WireCodable {
    /// A count and the entries.
    func encode(into writer: inout ByteWriter) {
        writer.write(UInt32(entries.count))
        for entry in entries {
            writer.write(entry.actor)
            writer.write(entry.counter)
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let count = try reader.readCount(limit: DynamoLimits.clockEntriesOnWire, of: "entries of a version vector")
        guard reader.remaining >= count * 16 else { throw .truncated }
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let entry = Entry(actor: try reader.read(), counter: try reader.read())
            if let last = entries.last, last.actor >= entry.actor { throw .invalid(what: "order of a version vector") }
            guard entry.counter > 0, entry.counter <= DynamoLimits.number else { throw .invalid(what: "counter") }
            entries.append(entry)
        }
    }
}
