/// The operations of one key, as indices into a history, in the history's order.
struct KeyGroup {
    let operations: UnsafeBufferPointer<KeyValueOperation>
    let indices: UnsafeBufferPointer<UInt32>

    var count: Int { indices.count }

    subscript(position: Int) -> KeyValueOperation {
        @inline(__always) get { operations[Int(indices[position])] }
    }
}

/// A history split by key: linearizability is local (Herlihy & Wing 1990, theorem 1), so each key is judged by itself.
///
/// What can neither change nor observe anything is left out: failed operations, and reads that never returned.
struct KeyPartition {
    /// Indices into the history, key by key.
    private(set) var order: ContiguousArray<UInt32> = []
    /// The range in `order` of each key, keys in order of first appearance.
    private(set) var ranges: [Range<Int>] = []

    init(_ operations: UnsafeBufferPointer<KeyValueOperation>) {
        var groupOfKey = DenseKeys(operations)
        var sizes: [Int] = []
        var groups = ContiguousArray<UInt32>(repeating: .max, count: operations.count)
        groups.withUnsafeMutableBufferPointer { groups in
            for index in operations.indices where Self.matters(operations[index]) {
                let group = groupOfKey.number(of: operations[index].key)
                if group == sizes.count { sizes.append(0) }
                sizes[group] += 1
                groups[index] = UInt32(truncatingIfNeeded: group)
            }
        }
        var next: [Int] = []
        var total = 0
        for size in sizes {
            next.append(total)
            ranges.append(total..<total + size)
            total += size
        }
        order = ContiguousArray(unsafeUninitializedCapacity: total) { buffer, count in
            for index in groups.indices where groups[index] != .max {
                let group = Int(groups[index])
                buffer[next[group]] = UInt32(truncatingIfNeeded: index)
                next[group] += 1
            }
            count = total
        }
    }

    @inline(__always)
    private static func matters(_ operation: KeyValueOperation) -> Bool {
        if operation.outcome == .failed { return false }
        return operation.hasReturned || (operation.kind != .get && operation.outcome != .mismatch)
    }
}

/// Numbers keys 0, 1, 2 ... in order of first appearance: by a plain table when they are small, else by hashing.
private struct DenseKeys {
    private var table: ContiguousArray<UInt32>
    private var sparse: [UInt32: Int] = [:]
    private var count = 0

    init(_ operations: UnsafeBufferPointer<KeyValueOperation>) {
        var largest: UInt32 = 0
        for operation in operations { largest = max(largest, operation.key) }
        let isDense = Int(largest) <= 4 * operations.count + 1024
        table = ContiguousArray(repeating: .max, count: isDense ? Int(largest) + 1 : 0)
    }

    mutating func number(of key: UInt32) -> Int {
        if table.isEmpty {
            if let number = sparse[key] { return number }
            sparse[key] = count
        } else {
            if table[Int(key)] != .max { return Int(table[Int(key)]) }
            table[Int(key)] = UInt32(truncatingIfNeeded: count)
        }
        count += 1
        return count - 1
    }
}
