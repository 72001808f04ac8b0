extension OrderAudit {
    /// Counts overtakes among acquisitions given in the order of service, in O(n log n).
    init(_ entries: [SharedRegion.AuditEntry]) {
        // Ranks of the moments at which doorways were entered; a Fenwick tree over them holds those served so far.
        let entered = entries.map(\.entered).sorted()
        var tree = [Int](repeating: 0, count: entered.count + 1)
        var overtakes: UInt64 = 0
        var worst = 0
        for (served, entry) in entries.enumerated() {
            let before = Self.rank(of: entry.left, in: entered)
            let overtaken = served - Self.sum(tree, first: before)
            overtakes += UInt64(overtaken)
            worst = max(worst, overtaken)
            Self.insert(&tree, at: Self.rank(of: entry.entered, in: entered))
        }
        self.init(
            audited: entries.count, overtakes: overtakes, worstOvertaken: worst, waited: entries.count(where: \.waited))
    }

    /// How many of the sorted stamps are below `stamp`.
    private static func rank(of stamp: UInt64, in sorted: [UInt64]) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < stamp { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func sum(_ tree: [Int], first count: Int) -> Int {
        var total = 0
        var index = count
        while index > 0 {
            total += tree[index]
            index &= index - 1
        }
        return total
    }

    private static func insert(_ tree: inout [Int], at rank: Int) {
        var index = rank + 1
        while index < tree.count {
            tree[index] += 1
            index += index & -index
        }
    }
}
