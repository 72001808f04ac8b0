import Benchmark
import Measurement
import Verification
import Workload

/// Latencies of four orders of magnitude, so that the counters touched are as scattered as those of a real run.
struct HistogramRecording: HotPath {
    private var histogram = LatencyHistogram()
    private let latencies: [UInt64]

    init() {
        var random = SeededGenerator(seed: 1)
        latencies = (0..<4_096).map { _ in UInt64(random.exponential(mean: 500_000)) + 10_000 }
    }

    mutating func run(_ count: Int) {
        latencies.withUnsafeBufferPointer { latencies in
            for index in 0..<count { histogram.record(latencies[index & 4_095]) }
        }
        blackHole(histogram.totalCount)
    }
}

/// The load generator's choice of a key.
struct KeyDrawing: HotPath {
    private var sampler: KeySampler
    private var random = SeededGenerator(seed: 1)

    init() throws {
        sampler = try KeySampler(.zipfian(theta: KeyDistribution.defaultTheta, scrambled: true), keyCount: 1_000_000)
    }

    mutating func run(_ count: Int) {
        var sum = 0
        for _ in 0..<count { sum &+= sampler.next(&random) }
        blackHole(sum)
    }
}

/// The verdict on 100,000 gets and puts of 16 clients on 1,000 keys with zipfian popularity.
struct HistoryJudging: HotPath {
    private static let operations = 100_000
    private let history: [KeyValueOperation]

    init() throws {
        var random = SeededGenerator(seed: 1)
        var keys = try KeySampler(
            .zipfian(theta: KeyDistribution.defaultTheta, scrambled: true), keyCount: 1_000)
        var values = [UInt64](repeating: ValueIdentity.absent, count: 1_000)
        var history: [KeyValueOperation] = []
        history.reserveCapacity(Self.operations)
        for number in 0..<Self.operations {
            // Each takes effect at a moment of its own, 1 µs after the one before, and lasts up to 8 µs to either
            // side: sixteen clients take turns, so the operations of one client don't overlap.
            let moment = UInt64(number + 16) * 1_000
            let span = (
                invoked: moment - 1 - random.below(UInt64(7_990)), returned: moment + random.below(UInt64(7_990))
            )
            let key = keys.next(&random)
            let client = UInt16(number % 16)
            if random.chance(0.5) {
                history.append(.get(UInt32(key), returning: values[key], by: client, span))
            } else {
                values[key] = UInt64(number + 1)
                history.append(.put(UInt32(key), values[key], by: client, span))
            }
        }
        self.history = history.sorted { $0.returnedNanoseconds < $1.returnedNanoseconds }
    }

    mutating func run(_ count: Int) throws {
        for _ in 0..<count / Self.operations {
            let verdict = LinearizabilityChecker.check(history: history)
            guard verdict.isCorrect else { throw WrongAnswer(what: verdict.description) }
        }
    }
}
