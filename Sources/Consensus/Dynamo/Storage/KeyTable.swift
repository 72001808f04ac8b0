import ByteCoding

/// A hash table by key whose order depends on its history alone, never on a process: items lie densely in the order in
/// which they came, and an open-addressed index of their positions finds them.
///
/// - Complexity: look-up, insertion and removal O(1) on average. A removed item's place is taken by the last.
struct KeyTable<Content: Sendable>: Sendable {
    struct Item: Sendable {
        let hash: UInt64
        /// Shares its storage with the content, so it is replaced with it.
        var key: Bytes
        var content: Content
    }

    private(set) var items: ContiguousArray<Item> = []
    /// Positions in `items` plus one; 0 is free. Empty, or a power of two of which at most 3/4 are taken.
    private var index: ContiguousArray<UInt32> = []

    var count: Int { items.count }

    /// The position of a key, or nil.
    func find(_ key: Bytes, hash: UInt64) -> Int? {
        guard !index.isEmpty else { return nil }
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while index[slot] != 0 {
            let position = Int(index[slot]) &- 1
            if items[position].hash == hash, items[position].key == key { return position }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// The positions of all keys of one hash: nearly always one or none.
    func positions(of hash: UInt64) -> [Int] {
        guard !index.isEmpty else { return [] }
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        var found: [Int] = []
        while index[slot] != 0 {
            let position = Int(index[slot]) &- 1
            if items[position].hash == hash { found.append(position) }
            slot = (slot &+ 1) & mask
        }
        return found
    }

    /// Adds a key that isn't there and returns its position.
    @discardableResult
    mutating func insert(_ key: Bytes, hash: UInt64, _ content: Content) -> Int {
        items.append(Item(hash: hash, key: key, content: content))
        if items.count * 4 > index.count * 3 { rebuild(slots: max(8, index.count * 2)) } else { place(items.count - 1) }
        return items.count - 1
    }

    /// Replaces the content at a position, and the key with an equal one.
    mutating func replace(at position: Int, key: Bytes, _ content: Content) {
        items[position].key = key
        items[position].content = content
    }

    /// Changes the content at a position in place.
    mutating func update<Result>(at position: Int, _ body: (inout Content) -> Result) -> Result {
        body(&items[position].content)
    }

    /// Removes the item at a position.
    mutating func remove(at position: Int) {
        unplace(position)
        let last = items.count - 1
        if position != last {
            unplace(last)
            items.swapAt(position, last)
            items.removeLast()
            place(position)
        } else {
            items.removeLast()
        }
    }

    private mutating func place(_ position: Int) {
        let mask = index.count &- 1
        var slot = Int(truncatingIfNeeded: items[position].hash) & mask
        while index[slot] != 0 { slot = (slot &+ 1) & mask }
        index[slot] = UInt32(position + 1)
    }

    /// Frees a position's slot and moves up what had to pass it (Knuth, volume 3, algorithm 6.4R).
    private mutating func unplace(_ position: Int) {
        let mask = index.count &- 1
        var free = Int(truncatingIfNeeded: items[position].hash) & mask
        while index[free] != UInt32(position + 1) { free = (free &+ 1) & mask }
        var slot = free
        index[free] = 0
        while true {
            slot = (slot &+ 1) & mask
            guard index[slot] != 0 else { return }
            let home = Int(truncatingIfNeeded: items[Int(index[slot]) - 1].hash) & mask
            // Distance from the item's home to its slot against that to the free one: it may move if that is on its way.
            guard (slot &- home) & mask >= (slot &- free) & mask else { continue }
            index[free] = index[slot]
            index[slot] = 0
            free = slot
        }
    }

    private mutating func rebuild(slots: Int) {
        index = ContiguousArray(repeating: 0, count: slots)
        for position in items.indices { place(position) }
    }
}
