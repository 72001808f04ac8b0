import Glibc

/// CLOCK_MONOTONIC in nanoseconds.
@inline(__always)
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
}

/// Times lookups by the batch.
struct LookupTimes {
    /// Nanoseconds by batch; the last may be shorter than the others.
    var batches: [UInt64]
    let batch: Int
    let lookups: Int
    /// The sum of all nodes' numbers; using it keeps the optimiser from dropping the lookups.
    var checksum: UInt64

    /// Looks up every key once, after one untimed pass.
    ///
    /// Generic over the function, and called where the function's type is known, so that the lookup is inlined here.
    static func measure<Function: PlacementFunction>(
        _ function: Function, keyHashes: [UInt64], batch: Int
    ) -> LookupTimes {
        var times = LookupTimes(batches: [], batch: batch, lookups: keyHashes.count, checksum: 0)
        let count = (keyHashes.count + batch - 1) / batch
        times.batches.reserveCapacity(count)
        for hash in keyHashes { times.checksum &+= UInt64(function.node(forKeyHash: hash).rawValue) }
        times.checksum = 0
        keyHashes.withUnsafeBufferPointer { hashes in
            var next = 0
            while next < hashes.count {
                let end = min(next + batch, hashes.count)
                var sum: UInt64 = 0
                let start = monotonicNanoseconds()
                for index in next..<end { sum &+= UInt64(function.node(forKeyHash: hashes[index]).rawValue) }
                times.batches.append(monotonicNanoseconds() &- start)
                times.checksum &+= sum
                next = end
            }
        }
        return times
    }

    var mean: Double { Double(batches.reduce(0, +)) / Double(lookups) }

    /// The median of the full batches' times, for one lookup.
    var median: Double {
        let full = batches.prefix(max(1, lookups / batch)).sorted()
        return Double(full[full.count / 2]) / Double(min(batch, lookups))
    }

    /// What two clock readings add to a batch, in nanoseconds.
    static func clockNanoseconds() -> Double {
        let start = monotonicNanoseconds()
        for _ in 0..<2_000 { _ = monotonicNanoseconds() }
        return Double(monotonicNanoseconds() - start) / 2_000
    }

    func pass(to sink: inout some LookupSink) {
        for (index, nanoseconds) in batches.enumerated() {
            sink.record(batchNanoseconds: nanoseconds, lookups: min(batch, lookups - index * batch))
        }
    }
}
