import ByteCoding

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A hash table from byte strings to byte strings whose iteration order depends on its history alone, never on a
/// process: items lie densely in order of insertion, and an open-addressed index of positions finds them.
///
/// - Complexity: look-up, insertion and removal O(1) on average. A removed item's place is taken by the last.
struct KeyValueTable: Sendable {
    struct Item: Sendable {
        var hash: UInt64
        var key: Bytes
        var value: [UInt8]
    }

    private(set) var items: ContiguousArray<Item> = []
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

    /// Adds a key that isn't there.
    mutating func insert(_ key: UnsafeRawBufferPointer, hash: UInt64, value: [UInt8]) {
        if (items.count + 1) * 4 > index.count * 3 { rebuild(slots: index.count * 2) }
        items.append(Item(hash: hash, key: Bytes(copying: key), value: value))
        place(position: items.count - 1)
    }

    /// Replaces the value at a position, in place where the length is the same and nobody else holds the old one.
    mutating func replace(at position: Int, with value: UnsafeRawBufferPointer) {
        if items[position].value.count == value.count {
            items[position].value.withUnsafeMutableBytes { $0.copyMemory(from: value) }
        } else {
            items[position].value = [UInt8](value)
        }
    }

    /// Appends to the value at a position and returns its new length.
    mutating func append(at position: Int, _ value: UnsafeRawBufferPointer) -> Int {
        items[position].value.append(contentsOf: value)
        return items[position].value.count
    }

    /// Removes the item at a position.
    mutating func remove(at position: Int) {
        unplace(position: position)
        let last = items.count - 1
        if position != last {
            unplace(position: last)
            items.swapAt(position, last)
            items.removeLast()
            place(position: position)
        } else {
            items.removeLast()
        }
    }

    private mutating func place(position: Int) {
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: items[position].hash) & mask
        while index[slot] != 0 { slot = (slot &+ 1) & mask }
        index[slot] = UInt32(position + 1)
    }

    /// Frees a position's slot and closes the gap behind it (Knuth, volume 3, algorithm 6.4R).
    private mutating func unplace(position: Int) {
        let mask = index.count &- 1
        var free = Int(truncatingIfNeeded: items[position].hash) & mask
        while index[free] != UInt32(position + 1) { free = (free &+ 1) & mask }
        var slot = free
        while true {
            index[free] = 0
            repeat {
                slot = (slot &+ 1) & mask
                if index[slot] == 0 { return }
            } while !isBetween(home: Int(truncatingIfNeeded: items[Int(index[slot]) - 1].hash) & mask, free, slot)
            index[free] = index[slot]
            free = slot
        }
    }

    /// Whether an item whose home slot is `home` and that lies at `slot` may move to `free`.
    private func isBetween(home: Int, _ free: Int, _ slot: Int) -> Bool {
        free <= slot ? home <= free || home > slot : home <= free && home > slot
    }

    private mutating func rebuild(slots: Int) {
        index = ContiguousArray(repeating: 0, count: slots)
        for position in items.indices { place(position: position) }
    }

    private static func equal(_ key: Bytes, _ other: UnsafeRawBufferPointer) -> Bool {
        key.count == other.count
            && key.withUnsafeBytes { $0.count == 0 || memcmp($0.baseAddress!, other.baseAddress!, $0.count) == 0 }
    }

    /// The hash that items are found by.
    static func hash(_ region: UnsafeRawBufferPointer) -> UInt64 {
        stableHash(region)
    }
}
