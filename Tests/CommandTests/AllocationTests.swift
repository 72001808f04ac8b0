import Foundation
import Measurement
import Testing

@testable import coordbench

@Suite("The allocation counter", .serialized)
struct AllocationTests {
    @Test("counts Swift arrays and their bytes")
    func arrays() throws {
        let counter = JemallocCounter.allocationCounter
        var counts: [AllocationCounts] = []
        for _ in 0..<5 {
            let before = try #require(counter.read(), "jemalloc is linked and keeps statistics")
            var arrays: [[UInt64]] = []
            arrays.reserveCapacity(10_000)
            for index in 0..<10_000 { arrays.append([UInt64](repeating: UInt64(index), count: 128)) }
            counts.append(try #require(counter.read()).since(before))
            #expect(arrays.reduce(0) { $0 + $1[127] } == 49_995_000)
        }
        // Other tests allocate beside it, which can only add to a count.
        let counted = try #require(counts.min { $0.allocations < $1.allocations })
        #expect(counted.allocations >= 10_000)
        #expect(counted.allocations < 40_000, "about one an array in a debug build")
        #expect(counted.bytes >= 10_000 * 128 * 8)
    }

    @Test("counts allocations larger than any small class")
    func largeArrays() throws {
        let before = try #require(JemallocCounter.read())
        var sum = 0
        for index in 0..<20 { sum += [UInt8](repeating: UInt8(index), count: 1 << 20)[index] != 0 ? 1 : 0 }
        let counted = try #require(JemallocCounter.read()).since(before)
        #expect(sum == 19)
        #expect(counted.bytes >= 20 << 20)
    }

    @Test("of a thread counts what it was given, to the byte, and takes nothing for its readings")
    func thread() throws {
        let read = try #require(JemallocCounter.allocatedBytes, "jemalloc is linked and keeps statistics")
        // A first reading may set up the thread's cache. Nothing else may stand between the readings: `#expect` allocates.
        _ = read()
        let first = read()
        let second = read()
        let given = malloc(1024)
        let third = read()
        free(given)
        let fourth = read()
        #expect(second - first == 0)
        #expect(third - second == 1024, "a size class of its own")
        #expect(fourth - third == 0, "what is given back isn't taken off")
    }

    @Test("never falls")
    func monotone() throws {
        var last = try #require(JemallocCounter.read())
        for _ in 0..<50 {
            let next = try #require(JemallocCounter.read())
            #expect(next.allocations >= last.allocations)
            #expect(next.bytes >= last.bytes)
            last = next
        }
    }
}

@Suite("Exit codes")
struct ExitStatusTests {
    @Test("are the documented ones, and never 1")
    func table() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 3, 4, 5, 64, 65, 69, 70, 73, 74, 130])
    }
}
