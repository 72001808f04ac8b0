import ByteCoding
import ProtocolKit

/// What a replica holds of a key; a key that it knows nothing of has none.
enum Cell: Hashable, Sendable {
    /// Last writer wins: one version, without a value when it is a deletion.
    case register(Version, Bytes?)
    /// Version vectors: all that is concurrent.
    case siblings(SiblingSet)
}

extension Cell {
    /// What a merge came to.
    struct Merge: Hashable, Sendable, BitwiseCopyable {
        /// Whether the receiver has changed: it lacked something that the other has.
        var tookOver: Bool
        /// Whether the other lacks something that the receiver has.
        var otherIsStale: Bool
    }

    /// Takes over what another replica knows.
    ///
    /// Cells of different kinds don't meet, because all nodes are set alike; if they do, nothing changes.
    mutating func merge(_ other: Cell) -> Merge {
        switch (self, other) {
        case (.register(let mine, _), .register(let theirs, _)):
            if mine < theirs {
                self = other
                return Merge(tookOver: true, otherIsStale: false)
            }
            return Merge(tookOver: false, otherIsStale: theirs < mine)
        case (.siblings(let mine), .siblings(let theirs)):
            if mine.hasSame(as: theirs) { return Merge(tookOver: false, otherIsStale: false) }
            var merged = mine
            merged.merge(theirs)
            let result = Merge(tookOver: !merged.hasSame(as: mine), otherIsStale: !merged.hasSame(as: theirs))
            self = .siblings(merged)
            return result
        default: return Merge(tookOver: false, otherIsStale: false)
        }
    }

    /// Whether everything that the other knows is known here: its writes are in place or were superseded.
    func includes(_ other: Cell) -> Bool {
        switch (self, other) {
        case (.register(let mine, _), .register(let theirs, _)): theirs <= mine
        case (.siblings(let mine), .siblings(let theirs)): mine.clock.covers(theirs.clock)
        default: false
        }
    }

    /// Whether no value is left.
    var isTombstone: Bool {
        switch self {
        case .register(_, let value): value == nil
        case .siblings(let set): set.siblings.isEmpty
        }
    }

    /// When a tombstone was made, in nanoseconds since 1970 by its maker's clock.
    var deletedAt: UInt64 {
        switch self {
        case .register(let version, _): version.wall
        case .siblings(let set): set.deletedAt
        }
    }

    /// The value for a caller who wants one: the latest writer's.
    var newestValue: Bytes? {
        switch self {
        case .register(_, let value): value
        case .siblings(let set): set.siblings.max { $0.version < $1.version }?.value
        }
    }

    /// A number for what is known; never 0, which stands for nothing. Versions tell values, so values needn't be read.
    var digest: UInt64 {
        var digest: UInt64 = 0x51_7C_C1_B7_27_22_0A_95
        switch self {
        case .register(let version, _): digest = version.mixed(into: digest)
        case .siblings(let set):
            for entry in set.clock.entries { digest = KeyHash.mix(KeyHash.mix(digest, entry.actor), entry.counter) }
            for sibling in set.siblings { digest = sibling.version.mixed(into: digest) }
        }
        return digest | 1
    }
}

extension Version {
    func mixed(into digest: UInt64) -> UInt64 {
        KeyHash.mix(KeyHash.mix(KeyHash.mix(digest, wall), dot.actor), dot.counter)
    }
}

extension SiblingSet {
    /// Whether the same is known: times of deletion are no knowledge.
    fileprivate func hasSame(as other: SiblingSet) -> Bool {
        clock == other.clock && siblings.count == other.siblings.count
            && siblings.indices.allSatisfy { siblings[$0].version == other.siblings[$0].version }
    }
}

extension Cell: WireCodable {
    enum Tag {
        static let value: UInt8 = 1
        static let tombstone: UInt8 = 2
        static let siblings: UInt8 = 3
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .register(let version, let value):
            writer.write(value == nil ? Tag.tombstone : Tag.value)
            version.encode(into: &writer)
            if let value { writer.write(value) }
        case .siblings(let set):
            writer.write(Tag.siblings)
            set.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case Tag.value:
            self = .register(try Version(from: &reader), try reader.readBytes(limit: KeyValueLimits.valueBytes))
        case Tag.tombstone: self = .register(try Version(from: &reader), nil)
        case Tag.siblings: self = .siblings(try SiblingSet(from: &reader))
        default: throw .unknownTag(what: "cell", value: UInt64(tag))
        }
    }
}
