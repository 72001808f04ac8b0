import Foundation
import Statistics
import Testing
import Workload

@Suite("Percentile intervals")
struct PercentileIntervalTests {
    @Test(
        "p99, p99.9 and p99.99 need 368, 3,688 and 36,887 samples",
        arguments: [(0.99, 368), (0.999, 3688), (0.9999, 36_887)])
    func needed(q: Double, samples: Int) {
        #expect(samplesNeeded(forQuantile: q) == samples)
        #expect(percentileInterval(quantile: q, effectiveSampleSize: Double(samples)) != nil)
        #expect(percentileInterval(quantile: q, effectiveSampleSize: Double(samples) - 1) == nil)
    }

    /// How samples hang together.
    enum Dependence: Sendable, CustomTestStringConvertible {
        /// A first-order autoregression with this correlation of neighbours.
        case autoregression(Double)
        /// So many neighbours have the same value, as those have that one sync answers.
        case batches(Int)

        var testDescription: String { "\(self)" }
    }

    /// A trace of standard normal numbers.
    func trace(_ dependence: Dependence, seed: UInt64) -> [Double] {
        var rng = SeededGenerator(seed: seed)
        // Box and Muller.
        func normal() -> Double { (2 * rng.exponential(mean: 1)).squareRoot() * cos(2 * .pi * rng.unitInterval()) }
        switch dependence {
        case .autoregression(let correlation):
            let fresh = (1 - correlation * correlation).squareRoot()
            var state = normal()
            return (0..<10_000).map { _ in
                state = correlation * state + fresh * normal()
                return state
            }
        case .batches(let size):
            var value = 0.0
            return (0..<10_000).map { index in
                if index % size == 0 { value = normal() }
                return value
            }
        }
    }

    /// In how many of 60 traces, of 50 intervals each, the true p90 of a standard normal number, 1.2816, lies in the
    /// interval.
    func covered(_ dependence: Dependence, effective: Bool) -> Int {
        (0..<60).count { seed in
            let trace = trace(dependence, seed: UInt64(seed))
            let sorted = trace.sorted()
            let threshold = sorted[sorted.count * 9 / 10]
            let exceedances = stride(from: 0, to: trace.count, by: 200).map { start in
                trace[start..<start + 200].count { $0 > threshold }
            }
            let size =
                effective
                ? effectiveSampleSize(exceedances: exceedances, totals: exceedances.map { _ in 200 }) ?? 1 : 10_000
            guard let interval = percentileInterval(quantile: 0.9, effectiveSampleSize: size) else { return false }
            let lower = sorted[max(0, Int(interval.lower * 10_000) - 1)]
            let upper = sorted[min(9_999, Int(interval.upper * 10_000))]
            return (lower...upper).contains(1.2816)
        }
    }

    @Test(
        "cover the truth nine times in ten at the least, however samples hang together",
        arguments: [
            Dependence.autoregression(0), .autoregression(0.9), .autoregression(0.99), .batches(64),
        ])
    func coverage(dependence: Dependence) {
        // Of 60 at 95 %, fewer than 52 come once in 200 draws; the seeds are fixed.
        #expect(covered(dependence, effective: true) >= 52)
    }

    @Test("that take dependent samples for independent ones cover it hardly ever")
    func plainCoverage() {
        #expect(covered(.autoregression(0.99), effective: false) < 20)
    }

    @Test("independent samples keep most of their number, bursts lose it, and too few say nothing")
    func effectiveSizes() throws {
        var rng = SeededGenerator(seed: 3)
        let independent = (0..<400).map { _ in (0..<1000).count { _ in rng.chance(0.01) } }
        let size = try #require(effectiveSampleSize(exceedances: independent, totals: independent.map { _ in 1000 }))
        #expect(size > 200_000)
        // All exceedances of ten intervals come in one of them: every sample is worth about a hundredth.
        let bursts = (0..<400).map { $0 % 10 == 0 ? 100 : 0 }
        let burstSize = try #require(effectiveSampleSize(exceedances: bursts, totals: bursts.map { _ in 1000 }))
        #expect(burstSize < 8_000)
        #expect(effectiveSampleSize(exceedances: [1, 0, 2], totals: [10, 10, 10]) == nil)
        #expect(
            effectiveSampleSize(exceedances: Array(repeating: 0, count: 50), totals: Array(repeating: 9, count: 50))
                == nil)
    }
}

@Suite("Steadiness")
struct SteadinessTests {
    func noisy(_ count: Int, seed: UInt64, _ level: (Double) -> Double) -> [Double] {
        var rng = SeededGenerator(seed: seed)
        return (0..<count).map { level(Double($0) / Double(count)) * (0.95 + 0.1 * rng.unitInterval()) }
    }

    @Test("a level with noise is steady", arguments: 0..<20 as Range<UInt64>)
    func steady(seed: UInt64) {
        #expect(Steadiness.judge(noisy(100, seed: seed) { _ in 1000 }).verdict == .steady)
    }

    @Test("a drift and a step beyond the tolerance are not", arguments: [50, 100, 5000])
    func drifting(count: Int) {
        #expect(Steadiness.judge(noisy(count, seed: 1) { 1000 * (1 + 0.15 * $0) }).verdict == .drifting)
        let step = Steadiness.judge(noisy(count, seed: 2) { $0 < 0.5 ? 1000 : 850 })
        #expect(step.verdict == .drifting)
        #expect(abs((step.halvesRatio ?? 0) - 0.85) < 0.02)
    }

    @Test("a significant drift within the tolerance is steady")
    func smallDrift() {
        #expect(Steadiness.judge((0..<100).map { 1000 + 0.1 * Double($0) }).isSteady)
    }

    @Test("too few intervals are no verdict, and a window in which nothing moves is not steady")
    func degenerate() {
        #expect(Steadiness.judge([1, 2, 3]).verdict == .tooShort)
        #expect(Steadiness.judge(Array(repeating: 0, count: 20)).verdict == .drifting)
    }
}

@Suite("Paired comparison")
struct PairedComparisonTests {
    @Test("random sign patterns come near the exact p-value of a shifted sample")
    func monteCarlo() {
        var rng = SeededGenerator(seed: 1)
        // Twenty-one differences of 1 and ten of -1: P(Bin(31, ½) ≥ 21) = 0.0354.
        let differences = (0..<31).map { $0 < 21 ? 1.0 : -1.0 }
        let p = signFlipPValue(differences, alternative: .greater, generator: &rng, draws: 20_000)
        #expect(abs(p - 0.0354) < 0.006)
    }

    @Test("too few pairs have a shift and no interval")
    func fewPairs() {
        let shift = PairedShift([1, 2, 3])
        #expect(shift.shift == 2)
        #expect(shift.interval == nil)
        #expect(PairedShift([1, 2, 3], level: 0.7).interval != nil)
    }

    @Test("the normal form above 200 pairs agrees with the exact one below")
    func largeSample() throws {
        var rng = SeededGenerator(seed: 2)
        let differences = (0..<201).map { _ in rng.unitInterval() }
        let exact = try #require(PairedShift(Array(differences.dropLast())).interval)
        let normal = try #require(PairedShift(differences).interval)
        #expect(abs(exact.lower - normal.lower) < 0.005)
        #expect(abs(exact.upper - normal.upper) < 0.005)
    }
}
