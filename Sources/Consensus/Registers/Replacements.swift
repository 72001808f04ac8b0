import ByteCoding
import ProtocolKit

/// Which replicas have come back without their disks, and in which of their incarnations: a crash vector (Michael, Ports,
/// Sharma & Szekeres, "Recovering Shared Objects Without Stable Storage", 2017, section 4). Mostly empty.
///
/// What such a replica acknowledged before is void. Whoever helped it to recover says so with everything that it
/// acknowledges from then on: so a quorum that an old acknowledgement belongs to either held its value before the help,
/// and then the replica has it again, or the coordinator hears in time that the acknowledgement is void.
public struct Replacements: Hashable, Sendable {
    struct Replacement: Hashable, Sendable {
        let place: UInt8
        var incarnation: UInt64
    }

    /// In the order of places.
    private(set) var list: ContiguousArray<Replacement> = []

    /// Nobody.
    public init() {}

    /// Whether nobody has been replaced.
    public var isEmpty: Bool { list.isEmpty }

    /// The last incarnation in which a replica came back without its disk; 0 for never.
    func incarnation(at place: Int) -> UInt64 {
        list.first { Int($0.place) == place }?.incarnation ?? 0
    }

    /// Notes a replacement. False if it was known.
    mutating func note(_ incarnation: UInt64, at place: Int) -> Bool {
        guard incarnation > self.incarnation(at: place) else { return false }
        let position = list.firstIndex { Int($0.place) >= place } ?? list.count
        if position < list.count, Int(list[position].place) == place {
            list[position].incarnation = incarnation
        } else {
            list.insert(Replacement(place: UInt8(place), incarnation: incarnation), at: position)
        }
        return true
    }
}

extension Replacements: WireCodable {
    /// Appends a count, then places and incarnations.
    public func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(list.count))
        for replacement in list {
            writer.write(replacement.place)
            writer.write(replacement.incarnation)
        }
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(WireError) {
        for _ in 0..<(try reader.read(UInt8.self)) {
            let place = try reader.read(UInt8.self)
            guard Int(place) < RegisterLimits.nodes, place > list.last?.place ?? 0 || list.isEmpty else {
                throw .invalid(what: "order of replacements")
            }
            list.append(Replacement(place: place, incarnation: try reader.readIncarnation()))
        }
    }
}

/// What a replica must not forget beside its registers.
struct RegisterHardState: Hashable, Sendable {
    /// The replica lost its disk and hasn't recovered everything from the others.
    var isRecovering = false
    var replacements = Replacements()
}

extension RegisterHardState: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(isRecovering ? 1 : 0))
        replacements.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        isRecovering = try reader.readBool()
        replacements = try Replacements(from: &reader)
    }
}

extension ByteReader {
    /// Reads an incarnation, which the contract keeps below 2²³.
    mutating func readIncarnation() throws(WireError) -> UInt64 {
        let incarnation = try read(UInt64.self)
        guard incarnation < 1 << 23 else {
            throw .tooLarge(what: "incarnation", value: incarnation, limit: 1 << 23)
        }
        return incarnation
    }
}
