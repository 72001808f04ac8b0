import Foundation
import Harness
import Statistics
import Testing
import Workload

@testable import Analysis

@Suite("Gate runs drawn from a pool")
struct GateRehearsalTests {
    /// A pool of made-up trials: drift, heavy tails, and slowdowns of known size in the throughput.
    private func pool(blocks: Int, noise: Double, seed: UInt64 = 7) throws -> TrialPool {
        var generator = SeededGenerator(seed: seed)
        let metrics = try ["throughput", "p99"].map(ComparedMetric.init(parsing:))
        var pool = TrialPool(metrics: metrics)
        for block in 0..<blocks {
            let drift = 1 + 0.2 * Double(block % 40) / 40
            var trials: [TrialPool.Arm: TrialPool.Trial] = [:]
            for arm in TrialPool.Arm.allCases {
                // Half the sum of two exponentials less their mean, and a hiccup now and then.
                let wobble = (generator.exponential(mean: 1) + generator.exponential(mean: 1) - 2) / 2
                let hiccup = generator.chance(0.03) ? 0.7 : 1
                let factor: Double =
                    switch arm {
                    case .slower5: 0.95
                    case .slower10: 0.9
                    default: 1
                    }
                let throughput = 100_000 * drift * factor * hiccup * (1 + noise * wobble)
                let p99 = 1e6 / drift * (arm == .tail ? 1.5 : 1) * (1 + noise * wobble)
                trials[arm] = TrialPool.Trial(values: [throughput, p99], verdict: "correct", reasons: [])
            }
            pool.blocks.append(
                TrialPool.Block(session: 1, started: "2026-01-01T00:00:00.000Z", trials: trials))
        }
        return pool
    }

    private func options(_ pool: TrialPool) throws -> ComparisonOptions {
        try ComparisonOptions(metrics: pool.metrics)
    }

    @Test("drawn gate runs seldom accuse identical code and mostly see what was planted")
    func rates() throws {
        let pool = try pool(blocks: 200, noise: 0.04)
        let rehearsal = GateRehearsal(pool: pool, blocks: 40, options: try options(pool))
        let identical = rehearsal.rehearse(nil, runs: 400, seed: 1)
        #expect(identical.runs == 400)
        let alarms = try #require(identical.share(.regressed))
        #expect(alarms.1.lower < 0.01)
        #expect(identical[.noChangeShown] > 380)
        for arm in [TrialPool.Arm.slower10, .tail] {
            #expect(rehearsal.rehearse(arm, runs: 40, seed: 2)[.regressed] >= 38, "\(arm)")
        }
        #expect(rehearsal.disjointStarts == [0, 40, 80, 120, 160])
        #expect(rehearsal.rehearseApart(.slower10, seed: 3).runs == 5)
    }

    @Test("a stretch doesn't reach from one recording into the next")
    func sessions() throws {
        var pool = try pool(blocks: 10, noise: 0.01)
        for place in 6..<10 { pool.blocks[place].session = 2 }
        let rehearsal = GateRehearsal(pool: pool, blocks: 4, options: try options(pool))
        #expect(rehearsal.starts == [0, 1, 2, 6])
        #expect(rehearsal.disjointStarts == [0, 6])
        #expect(GateRehearsal(pool: pool, blocks: 11, options: try options(pool)).starts.isEmpty)
    }

    @Test("a violated trial makes a drawn run violated, those at the generator's limit make it inconclusive")
    func soundness() throws {
        var pool = try pool(blocks: 20, noise: 0.01)
        for place in pool.blocks.indices {
            for arm in TrialPool.Arm.allCases { pool.blocks[place].trials[arm]?.reasons = [.generatorLimited] }
        }
        let limited = GateRehearsal(pool: pool, blocks: 20, options: try options(pool))
        #expect(limited.rehearse(nil, runs: 3, seed: 1)[.inconclusive] == 3)
        pool.blocks[3].trials[.slower5]?.verdict = "violated"
        let violated = GateRehearsal(pool: pool, blocks: 20, options: try options(pool))
        #expect(violated.rehearse(.slower5, runs: 3, seed: 1)[.violated] == 3)
    }

    @Test("a pool reads back from its table; a block that a crash cut off is left out, a damaged line is named")
    func table() throws {
        var pool = try pool(blocks: 3, noise: 0.01)
        pool.blocks[1].trials[.tail]?.values[1] = nil
        pool.blocks[2].trials[.same2]?.reasons = [.notSteady, .noisyHost]
        let text = pool.text
        let again = try TrialPool(parsing: text, path: "pool.tsv")
        #expect(again.text == text)
        #expect(again.blocks.count == 3)
        #expect(again.blocks[1].trials[.tail]?.values[1] == nil)
        let cut = try TrialPool(parsing: String(text.dropLast(20)), path: "pool.tsv")
        #expect(cut.blocks.count == 2)
        let damaged = text.replacingOccurrences(of: "not steady", with: "not sturdy")
        let error = #expect(throws: TrialPoolError.self) { try TrialPool(parsing: damaged, path: "pool.tsv") }
        #expect(error?.line == 15)
        #expect(throws: TrialPoolError.self) { try TrialPool(parsing: "nothing\n", path: "pool.tsv") }
    }

    @Test("the planted delays follow from what a known one did")
    func delays() throws {
        // A tenth more time for an operation: 1 µs of 10.
        let found = try #require(PlantedSlowdowns(tried: 1_000, ratio: 1 / 1.1, atOnce: 64, p99: 2e6))
        #expect(found.slower10 == 1_111)
        #expect(found.slower5 == 526)
        #expect(found.pause == 1_000_000)
        #expect(found.pauseEvery == 3_200)
        #expect(found.delay(of: .same1) == nil)
        #expect(found.delay(of: .tail)?.description == "1000000ns/3200")
        #expect(PlantedSlowdowns(tried: 1_000, ratio: 1.01, atOnce: 64, p99: 2e6) == nil)
    }

    @Test("Clopper and Pearson's interval is SciPy's")
    func binomial() {
        // scipy.stats.binomtest(k, n).proportion_ci(method="exact")
        let references: [(Int, Int, Double, Double)] = [
            (0, 200, 0, 0.018_275_3), (3, 20, 0.032_070_9, 0.378_926_8), (20, 20, 0.831_566_5, 1),
            (40, 5_000, 0.005_721_3, 0.010_878_0),
        ]
        for (successes, trials, lower, upper) in references {
            let interval = binomialInterval(successes: successes, trials: trials)
            #expect(abs(interval.lower - lower) < 1e-6, "\(successes) of \(trials)")
            #expect(abs(interval.upper - upper) < 1e-6, "\(successes) of \(trials)")
        }
    }
}
