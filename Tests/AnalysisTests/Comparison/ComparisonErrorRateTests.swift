import Glibc
import Harness
import Statistics
import Testing
import Workload

@testable import Analysis

/// How often comparisons are wrong, in simulation: the pure judgement on invented blocks, seeds fixed.
@Suite("A comparison's error rates")
struct ComparisonErrorRateTests {
    private let throughput: ComparedMetric
    private let latency: ComparedMetric

    init() throws {
        throughput = try ComparedMetric(parsing: "throughput")
        latency = try ComparedMetric(parsing: "p99")
    }

    private func judge(level: Double, margin: Double = 0.02, count: Int = 1) throws -> ShiftJudge {
        ShiftJudge(options: try ComparisonOptions(metrics: [], margin: margin, level: level), count: count)
    }

    /// The largest count that a rate of at most `rate` exceeds with a chance below 0.1 %, by the normal law.
    private func bound(_ rate: Double, _ runs: Int) -> Int {
        Int(rate * Double(runs) + 3.1 * (rate * (1 - rate) * Double(runs)).squareRoot() + 1)
    }

    @Test("of no difference, with drift, heavy tails and stumbles, are at most the level", arguments: [9, 24])
    func falseAlarms(pairs: Int) throws {
        // Without a margin, so that the whole level is used.
        let judge = try judge(level: 0.05, margin: 0)
        var machine = NoisyMachine(deviation: 0.02, generator: SeededGenerator(seed: UInt64(pairs)))
        var counts: [ChangeVerdict: Int] = [:]
        let runs = 200
        for run in 0..<runs {
            let (a, b, _) = machine.blocks(pairs, design: UInt64(run))
            counts[judge.paired(throughput, a: a, b: b).shift.verdict, default: 0] += 1
        }
        #expect(counts[.regressed, default: 0] <= bound(0.05, runs), "\(counts)")
        #expect(counts[.improved, default: 0] <= bound(0.05, runs), "\(counts)")
        // A test that never alarms would pass the above.
        #expect(counts[.regressed, default: 0] + counts[.improved, default: 0] >= 8, "\(counts)")
        #expect(counts[.inconclusive] == nil)
    }

    @Test("over a family of metrics together are at most the level")
    func family() throws {
        let judge = try judge(level: 0.1, margin: 0, count: 4)
        var machine = NoisyMachine(deviation: 0.02, generator: SeededGenerator(seed: 5))
        let runs = 90
        var alarms = 0
        for run in 0..<runs {
            let verdicts = (0..<4).map { metric in
                let (a, b, _) = machine.blocks(14, design: UInt64(run))
                return judge.paired(metric % 2 == 0 ? throughput : latency, a: a, b: b).shift.verdict
            }
            alarms += verdicts.contains(.regressed) ? 1 : 0
        }
        #expect(alarms <= bound(0.1, runs) && alarms >= 2, "\(alarms)")
    }

    @Test("of a difference just as large as the margin are at most the level")
    func atTheMargin() throws {
        let judge = try judge(level: 0.05, margin: 0.02)
        var machine = NoisyMachine(deviation: 0.01, generator: SeededGenerator(seed: 8))
        let runs = 200
        let alarms = (0..<runs).count { run in
            let (a, b, _) = machine.blocks(20, shift: -0.02, design: UInt64(run))
            return judge.paired(throughput, a: a, b: b).shift.verdict == .regressed
        }
        #expect(alarms <= bound(0.05, runs), "\(alarms)")
    }

    @Test(
        "of a slowdown in 40 pairs with 4 % noise at a family-wise 1 % over four metrics stay small",
        arguments: [(0.1, 0.95), (0.05, 0.72)])
    func power(slowdown: Double, share: Double) throws {
        let judge = try judge(level: 0.01, count: 4)
        var machine = NoisyMachine(
            deviation: 0.04 / 2.0.squareRoot(), isWild: false, generator: SeededGenerator(seed: 3))
        let runs = 40
        var caught = 0
        for run in 0..<runs {
            let (a, b, _) = machine.blocks(40, shift: slowdown, design: UInt64(run))
            let shift = judge.paired(latency, a: a, b: b).shift
            if shift.verdict == .regressed { caught += 1 }
            #expect((shift.noise ?? 0) > 0.015 && (shift.noise ?? 1) < 0.08)
        }
        #expect(Double(caught) >= share * Double(runs), "\(caught) of \(runs)")
    }

    @Test("are as stated for the smallest change that would have been seen")
    func detectable() throws {
        let judge = try judge(level: 0.01)
        var machine = NoisyMachine(deviation: 0.02, isWild: false, generator: SeededGenerator(seed: 4))
        let (a, b, _) = machine.blocks(150, design: 1)
        let noise = try #require(judge.paired(throughput, a: a, b: b).shift.noise)
        #expect(abs(noise - 0.0287) < 0.007, "the square root of two times the trials': \(noise)")
        // What 20 pairs of that noise are said to see, they see in about four runs of five.
        let smallest = try #require(
            PairedPower.minimumDetectableShift(deviation: log1p(noise), pairs: 20, alpha: 0.01))
        let drop = exp(log1p(-0.02) - smallest) - 1
        let runs = 80
        let caught = (0..<runs).count { run in
            let (a, b, _) = machine.blocks(20, shift: drop, design: UInt64(run))
            return judge.paired(throughput, a: a, b: b).shift.verdict == .regressed
        }
        #expect(caught >= 52 && caught <= 75, "\(caught) of \(runs)")
    }

    @Test("would break the level if the control were averaged into the reference")
    func skewedReference() {
        // Why the control is a check and no more: exponential noise, one-sided 1 %, 60 pairs.
        var generator = SeededGenerator(seed: 6)
        let runs = 150
        var (pooled, paired) = (0, 0)
        for _ in 0..<runs {
            let draws = (0..<60).map { _ in (0..<3).map { _ in generator.exponential(mean: 1) } }
            let means = draws.map { $0[1] - ($0[0] + $0[2]) / 2 }
            let pairs = draws.map { $0[1] - $0[0] }
            if signedRankTest(means, alternative: .less).pValue <= 0.01 { pooled += 1 }
            if signedRankTest(pairs, alternative: .less).pValue <= 0.01 { paired += 1 }
        }
        #expect(paired <= bound(0.01, runs), "\(paired)")
        #expect(pooled > paired, "\(pooled) against \(paired)")
    }
}
