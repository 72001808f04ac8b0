import ByteCoding

/// What a replica knows of a key under version vectors: the values that nobody has overwritten, and all writes seen.
///
/// A write that is in the clock and no sibling has been overwritten or deleted. So two sets merge without asking anyone,
/// and no write is taken for overwritten that merely happened at the same time at the same coordinator, as happens where
/// values carry plain version vectors (Preguiça et al. 2012; Bieniusa et al. 2012, "An optimized conflict-free
/// replicated set").
struct SiblingSet: Hashable, Sendable {
    struct Sibling: Hashable, Sendable {
        let version: Version
        var value: Bytes
    }

    /// Every write seen, overwritten ones included.
    var clock = VersionVector()
    /// The values in place, in the order of their dots; none when the key is deleted.
    var siblings: ContiguousArray<Sibling> = []
    /// The latest deletion's wall time in nanoseconds, 0 for none: from it a tombstone's age is told.
    var deletedAt: UInt64 = 0

    init() {}

    func contains(_ dot: Dot) -> Bool { siblings.contains { $0.version.dot == dot } }

    /// The values for a reader, the latest writer's first: what a caller who wants one takes.
    var newestFirst: [Sibling] { siblings.sorted { $1.version < $0.version } }

    /// A write by a client that has seen `context`: it replaces what is in it and stands beside all else.
    mutating func put(_ value: Bytes, as version: Version, seen context: VersionVector) {
        siblings.removeAll { context.covers($0.version.dot) }
        clock.join(context)
        insert(Sibling(version: version, value: value))
        clock.insert(version.dot)
        truncate()
    }

    /// A deletion by a client that has seen `context`: a write that leaves nothing.
    mutating func delete(as version: Version, seen context: VersionVector) {
        siblings.removeAll { context.covers($0.version.dot) }
        clock.join(context)
        clock.insert(version.dot)
        deletedAt = max(deletedAt, version.wall)
        truncate()
    }

    /// Takes over what another replica knows.
    mutating func merge(_ other: SiblingSet) {
        let mine = siblings
        siblings.removeAll { other.clock.covers($0.version.dot) && !other.contains($0.version.dot) }
        for sibling in other.siblings where !clock.covers(sibling.version.dot) { insert(sibling) }
        clock.join(other.clock)
        deletedAt = max(deletedAt, other.deletedAt)
        if siblings != mine || clock.entries.count > DynamoLimits.clockEntries { truncate() }
    }

    private mutating func insert(_ sibling: Sibling) {
        let place = siblings.firstIndex { sibling.version.dot < $0.version.dot } ?? siblings.count
        siblings.insert(sibling, at: place)
    }

    private mutating func truncate() {
        guard clock.entries.count > DynamoLimits.clockEntries else { return }
        let actors = siblings.map(\.version.dot.actor)
        clock.truncate(to: DynamoLimits.clockEntries) { actors.contains($0) }
    }
}

extension SiblingSet: WireCodable {
    /// The clock, the deletion's time, the siblings.
    func encode(into writer: inout ByteWriter) {
        clock.encode(into: &writer)
        writer.write(deletedAt)
        writer.write(UInt32(siblings.count))
        for sibling in siblings {
            sibling.version.encode(into: &writer)
            writer.write(sibling.value)
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        clock = try VersionVector(from: &reader)
        deletedAt = try reader.read()
        guard deletedAt <= DynamoLimits.number else { throw .invalid(what: "time of deletion") }
        for _ in 0..<(try reader.readCount(limit: DynamoLimits.siblingsOnWire, of: "siblings")) {
            let version = try Version(from: &reader)
            if let last = siblings.last, last.version.dot >= version.dot { throw .invalid(what: "order of siblings") }
            guard clock.covers(version.dot) else { throw .invalid(what: "sibling outside its clock") }
            siblings.append(Sibling(version: version, value: try reader.readBytes()))
        }
    }
}
