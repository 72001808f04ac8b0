import ByteCoding
import ProtocolKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One register as a replica holds it.
struct RegisterItem: Sendable {
    let hash: UInt64
    let key: Bytes
    var tag: RegisterTag
    /// Durable once this ticket is.
    var ticket: Ticket
    var value: [UInt8]
}

/// A hash table of registers whose order depends on its history alone, never on a process: items lie densely in order of
/// insertion, and an open-addressed index of positions finds them. A register is never removed, so positions last.
///
/// - Complexity: look-up and insertion O(1) on average.
struct RegisterTable: Sendable {
    private(set) var items: ContiguousArray<RegisterItem> = []
    /// Positions in `items` plus one; 0 is free. Its count is a power of two, at most 3/4 full.
    private var index: ContiguousArray<UInt32> = ContiguousArray(repeating: 0, count: 8)

    /// The position of a key, or nil.
    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while index[slot] != 0 {
            let position = Int(index[slot]) &- 1
            if items[position].hash == hash, Self.equal(items[position].key, key) { return position }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// Adds a register that isn't there and returns its position.
    mutating func insert(
        _ key: UnsafeRawBufferPointer, hash: UInt64, tag: RegisterTag, ticket: Ticket, value: UnsafeRawBufferPointer
    ) -> Int {
        if (items.count + 1) * 4 > index.count * 3 { rebuild(slots: index.count * 2) }
        items.append(
            RegisterItem(hash: hash, key: Bytes(copying: key), tag: tag, ticket: ticket, value: [UInt8](value)))
        place(position: items.count - 1)
        return items.count - 1
    }

    /// Replaces the value at a position, in place where the length is the same and nobody else holds the old one.
    mutating func replace(at position: Int, tag: RegisterTag, ticket: Ticket, value: UnsafeRawBufferPointer) {
        items[position].tag = tag
        items[position].ticket = ticket
        if items[position].value.count == value.count {
            items[position].value.withUnsafeMutableBytes { $0.copyMemory(from: value) }
        } else {
            items[position].value = [UInt8](value)
        }
    }

    private mutating func place(position: Int) {
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: items[position].hash) & mask
        while index[slot] != 0 { slot = (slot &+ 1) & mask }
        index[slot] = UInt32(position + 1)
    }

    private mutating func rebuild(slots: Int) {
        index = ContiguousArray(repeating: 0, count: slots)
        for position in items.indices { place(position: position) }
    }

    private static func equal(_ key: Bytes, _ other: UnsafeRawBufferPointer) -> Bool {
        key.count == other.count
            && key.withUnsafeBytes { $0.count == 0 || memcmp($0.baseAddress!, other.baseAddress!, $0.count) == 0 }
    }
}
