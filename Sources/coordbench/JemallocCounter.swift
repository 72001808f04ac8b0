import CJemalloc
import Measurement

/// Counts what the process allocates, all threads together, from jemalloc's statistics.
///
/// jemalloc counts requests per size class and thread, and adds a thread's counts to the arena's when that thread's cache
/// is flushed or runs over. So the calling thread's cache is flushed before each reading, and every other thread may be
/// behind by what its cache holds (some hundred requests a size class): nothing beside a window of a second, and too
/// much for a handful of operations.
enum JemallocCounter {
    /// The counter to hand down.
    static let allocationCounter = AllocationCounter { read() }

    /// Reads what the calling thread was given, exactly and at once; nil where the allocator keeps no statistics.
    static let allocatedBytes: AllocatedBytes? = threadBytes().map { _ in { @Sendable in threadBytes() ?? 0 } }

    /// A `String` would be copied to the heap on its way to C, and the copy be counted.
    private static func threadBytes() -> UInt64? {
        let name: StaticString = "thread.allocated"
        var value: UInt64 = 0
        var length = MemoryLayout<UInt64>.size
        return name.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { mallctl($0.baseAddress, &value, &length, nil, 0) == 0 }
        } ? value : nil
    }

    /// Requests and bytes since the process began; nil where the allocator keeps no statistics.
    static func read() -> AllocationCounts? {
        guard let classes = SizeClasses.shared else { return nil }
        mallctl("thread.tcache.flush", nil, nil, nil, 0)
        var epoch: UInt64 = 1
        mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size)
        var allocations: UInt64 = 0
        var bytes: UInt64 = 0
        for index in classes.sizes.indices {
            let requests = classes.requests(ofClass: index)
            allocations += requests
            bytes += requests * classes.sizes[index]
        }
        return AllocationCounts(allocations: allocations, bytes: bytes)
    }

    /// The size classes, small and large, and where their counts are found.
    private struct SizeClasses: Sendable {
        /// Bytes of each class, small ones first.
        let sizes: [UInt64]
        private let smallCount: Int
        private let smallName: [Int]
        private let largeName: [Int]

        static let shared = SizeClasses()

        private init?() {
            // 4096 stands for all arenas together (MALLCTL_ARENAS_ALL).
            guard let small = Self.number("arenas.nbins", as: UInt32.self),
                let large = Self.number("arenas.nlextents", as: UInt32.self),
                let smallName = Self.name("stats.arenas.4096.bins.0.nrequests"),
                let largeName = Self.name("stats.arenas.4096.lextents.0.nrequests")
            else { return nil }
            let smallSizes = (0..<small).compactMap { Self.number("arenas.bin.\($0).size", as: Int.self) }
            let largeSizes = (0..<large).compactMap { Self.number("arenas.lextent.\($0).size", as: Int.self) }
            guard smallSizes.count == small, largeSizes.count == large else { return nil }
            sizes = (smallSizes + largeSizes).map { UInt64($0) }
            smallCount = smallSizes.count
            (self.smallName, self.largeName) = (smallName, largeName)
        }

        func requests(ofClass index: Int) -> UInt64 {
            var name = index < smallCount ? smallName : largeName
            name[4] = index < smallCount ? index : index - smallCount
            var value: UInt64 = 0
            var length = MemoryLayout<UInt64>.size
            return mallctlbymib(&name, name.count, &value, &length, nil, 0) == 0 ? value : 0
        }

        private static func name(_ text: String) -> [Int]? {
            var name = [Int](repeating: 0, count: 8)
            var count = name.count
            guard mallctlnametomib(text, &name, &count) == 0 else { return nil }
            return Array(name.prefix(count))
        }

        private static func number<Value: FixedWidthInteger>(_ name: String, as type: Value.Type) -> Value? {
            var value: Value = 0
            var length = MemoryLayout<Value>.size
            return mallctl(name, &value, &length, nil, 0) == 0 ? value : nil
        }
    }
}
