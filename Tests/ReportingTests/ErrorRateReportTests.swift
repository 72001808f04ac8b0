import Foundation
import Harness
import Testing
import Workload

@testable import Analysis
@testable import Reporting

@Suite("A report of error rates")
struct ErrorRateReportTests {
    /// A machine whose trials have a noise of some percent, and slowdowns of known size.
    private func summary(blocks: Int) throws -> ErrorRateSummary {
        var generator = SeededGenerator(seed: 11)
        let metrics = try ["throughput", "p99"].map(ComparedMetric.init(parsing:))
        var pool = TrialPool(metrics: metrics)
        for block in 0..<blocks {
            var trials: [TrialPool.Arm: TrialPool.Trial] = [:]
            for arm in TrialPool.Arm.allCases {
                let factor = arm == .slower5 ? 0.95 : arm == .slower10 ? 0.9 : 1
                let noise = 1 + 0.05 * (generator.unitInterval() + generator.unitInterval() - 1)
                trials[arm] = TrialPool.Trial(
                    values: [100_000 * factor * noise, 1e6 * (arm == .tail ? 1.5 : 1) / noise], verdict: "correct",
                    reasons: [])
            }
            let start = WallTime(millisecondsSince1970: 1_790_000_000_000 + Int64(block) * 8_000)
            pool.blocks.append(TrialPool.Block(session: 1, started: start.description, trials: trials))
        }
        var plan = try #require(Fixtures.results.records.first?.plan)
        plan.windowNanoseconds = 1_000_000_000
        let slowdowns = try #require(PlantedSlowdowns(tried: 2_000, ratio: 0.8, atOnce: 64, p99: 1e6))
        let subject = ErrorRateSubject(
            plan: plan, turnNanoseconds: 50_000_000, host: Fixtures.host, slowdowns: slowdowns,
            metrics: metrics.map(\.description))
        var log = GateLog()
        for (candidate, verdict) in [
            (TrialPool.Arm.same1, ComparisonVerdict.noChangeShown), (.slower5, .regressed), (.slower10, .regressed),
            (.tail, .inconclusive),
        ] {
            log.runs.append(
                GateLog.Run(
                    candidate: candidate, started: "2026-01-01T00:00:00.000Z", blocks: 13, seconds: 59.6,
                    verdict: verdict, shifts: [-0.01, 0.01]))
        }
        return try ErrorRateSummary(
            subject: subject, pool: pool, gates: log, options: try ComparisonOptions(metrics: metrics),
            seconds: [60, 120, 3_600], runs: 100, folder: "rates")
    }

    @Test("is as read, and leaves out what the pool is too short for")
    func golden() throws {
        try GoldenTests().expect(
            ErrorRateReport.markdown(of: try summary(blocks: 60)), golden: "\(GoldenTests.folder)/error-rates.md")
    }

    @Test("of a few blocks says what was planted and draws nothing")
    func short() throws {
        let text = ErrorRateReport.markdown(of: try summary(blocks: 3))
        #expect(!text.contains("## In short"))
        #expect(text.contains("## What was planted"))
    }
}
