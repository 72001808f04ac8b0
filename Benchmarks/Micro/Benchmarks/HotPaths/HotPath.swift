import Benchmark

/// A piece of the program that can be done many times in a row.
protocol HotPath: ~Copyable {
    /// Makes ready for `run`; untimed.
    mutating func prepare() throws
    /// Does the piece `count` times. The loop is in here, so that it is compiled together with what it repeats.
    mutating func run(_ count: Int) throws
    /// Clears up after `run`; untimed.
    mutating func finish() throws
}

extension HotPath where Self: ~Copyable {
    mutating func prepare() throws {}
    mutating func finish() throws {}
}

extension BenchmarkMetric {
    /// Per thousand, since a sample is an integer and some pieces allocate less than once.
    static let allocationsPerThousand = BenchmarkMetric.custom("Allocations per 1000", useScalingFactor: false)
}

/// Holds a piece between samples.
final class Bench<Path: HotPath & ~Copyable> {
    private var path: Path

    init(_ path: consuming Path) {
        self.path = path
    }

    func sample(_ benchmark: Benchmark, count: Int) throws {
        try path.prepare()
        benchmark.startMeasurement()
        try path.run(count)
        benchmark.stopMeasurement()
        try path.finish()
    }

    func countAllocations(_ benchmark: Benchmark, count: Int) throws {
        try path.prepare()
        let before = AllocationCount.read()
        try path.run(count)
        let after = AllocationCount.read()
        try path.finish()
        guard let before, let after else { return }
        benchmark.measurement(.allocationsPerThousand, Int(after - before) * 1_000 / count)
    }
}

/// Registers a piece. A sample is `scale` operations; reading the allocator's counts empties its caches, so allocations
/// are counted in runs of their own, one for every sixteen timed.
func measure<Path: HotPath & ~Copyable>(
    _ name: String, scale: BenchmarkScalingFactor = .kilo, seconds: Int = 2, _ make: @escaping () throws -> Path
) {
    var bench: Bench<Path>?
    Benchmark(
        name,
        configuration: .init(
            metrics: [.wallClock, .throughput, .allocationsPerThousand], warmupIterations: 3, scalingFactor: scale,
            maxDuration: .seconds(seconds), maxIterations: 100_000),
        closure: { (benchmark: Benchmark) throws -> Void in
            let running = try bench ?? Bench(try make())
            bench = running
            try running.sample(benchmark, count: scale.rawValue)
            if benchmark.currentIteration % 16 == 3 {
                try running.countAllocations(benchmark, count: scale.rawValue)
            }
        },
        teardown: { bench = nil })
}
