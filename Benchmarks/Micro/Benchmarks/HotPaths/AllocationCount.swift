import CAllocator

/// Counts what the calling thread allocates, from jemalloc's statistics by size class.
///
/// jemalloc adds a thread's counts to the arena's when that thread's cache is emptied, which is done before a reading.
enum AllocationCount {
    /// Requests since the process began; nil where the allocator keeps no statistics.
    static func read() -> UInt64? {
        guard let names = requestCounters else { return nil }
        mallctl("thread.tcache.flush", nil, nil, nil, 0)
        var epoch: UInt64 = 1
        mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size)
        return names.reduce(0) { $0 + (number(at: $1) ?? 0) }
    }

    /// Where the counts of all size classes are found, in all arenas together (4096 is `MALLCTL_ARENAS_ALL`).
    private static let requestCounters: [[Int]]? = {
        guard let small = number("arenas.nbins", as: UInt32.self),
            let large = number("arenas.nlextents", as: UInt32.self)
        else { return nil }
        let names =
            (0..<small).map { "stats.arenas.4096.bins.\($0).nrequests" }
            + (0..<large).map { "stats.arenas.4096.lextents.\($0).nrequests" }
        let resolved = names.compactMap(resolve)
        return resolved.count == names.count ? resolved : nil
    }()

    private static func resolve(_ text: String) -> [Int]? {
        var name = [Int](repeating: 0, count: 8)
        var count = name.count
        guard mallctlnametomib(text, &name, &count) == 0 else { return nil }
        return Array(name.prefix(count))
    }

    private static func number(at name: [Int]) -> UInt64? {
        var value: UInt64 = 0
        var length = MemoryLayout<UInt64>.size
        let status = name.withUnsafeBufferPointer {
            mallctlbymib($0.baseAddress, $0.count, &value, &length, nil, 0)
        }
        return status == 0 ? value : nil
    }

    private static func number<Value: FixedWidthInteger>(_ name: String, as type: Value.Type) -> Value? {
        var value: Value = 0
        var length = MemoryLayout<Value>.size
        return mallctl(name, &value, &length, nil, 0) == 0 ? value : nil
    }
}
