import Measurement
import Statistics
import Testing
import ProtocolKit

@testable import Harness

@Suite("A search for the highest rate")
struct SaturationTests {
    private static func text(_ more: String) -> String {
        "trials:\n  - systems: raft\n    "
            + more.split(separator: ", ").joined(separator: "\n    ") + "\n"
    }

    private struct Silent: PlanProgress {
        func began(_ plan: Plan) {}
        func began(_ trial: PlannedTrial, of plan: Plan) {}
        func ended(_ trial: PlannedTrial, _ result: TrialRecord) {}
        func ended() {}
    }

    /// A trial of a queue of capacity 10,000 a second, whose p99 is ln 100/(μ − λ), as a record.
    private func record(of trial: PlannedTrial, lateness: UInt64 = 10_000) -> TrialRecord {
        var record = TrialRecord(
            plan: trial, programVersion: "0.1.0", started: WallTime(millisecondsSince1970: 0),
            windowNanoseconds: trial.windowNanoseconds)
        let rate = trial.offeredPerSecond ?? 0
        let achieved = min(rate, 10_000)
        let count = UInt64(achieved * Double(trial.windowNanoseconds) / 1e9)
        var latency = LatencyHistogram()
        latency.record(rate < 10_000 ? UInt64(4.605e9 / (10_000 - rate)) : 5_000_000_000, count: count)
        let offered = UInt64(rate * Double(trial.windowNanoseconds) / 1e9)
        record.operations = [OperationRecord(kind: "get", completed: count, latency: latency)]
        record.arrivals = ArrivalAccount(offered: offered, completed: count, dropped: offered - count)
        var wake = LatencyHistogram()
        wake.record(lateness, count: 1_000)
        record.generator.wakeLateness = wake
        record.verdicts = [JudgedProperty(property: "p", verdict: .correct, basis: "b")]
        return record
    }

    private func run(
        _ plan: Plan, stopAfter: Int = .max, lateness: UInt64 = 10_000
    ) throws -> (records: [TrialRecord], saved: Int) {
        let interruption = Interruption()
        var saved = 0
        let run = PlanRun<TrialRecord>(
            perform: { record(of: $0, lateness: lateness) },
            save: { _ in
                saved += 1
                if saved == stopAfter { interruption.request() }
            },
            follow: { trial, records in trial.search?.next(after: records, of: trial) })
        return (try run.run(plan, interruption: interruption, progress: Silent()).results, saved)
    }

    @Test("runs as many trials as it takes, each saved and numbered, and its records alone give the answer")
    func steps() throws {
        let plan = try ScenarioFixtures.plan(Self.text("find-max: 'p99 < 5ms', find-max-tolerance: 2%"))
        #expect(plan.trials.count == 1)
        #expect(plan.trials[0].arrival == .constant(perSecond: 1_000))
        let (records, saved) = try run(plan)
        #expect(records.map(\.plan.number) == Array(1...records.count))
        #expect(saved == records.count && records.count > 8)
        #expect(Set(records.map { ResultsFolder.fileStem(of: $0.plan) }).count == records.count)
        let again = try records.map { try TrialRecord.decode(try $0.encoded(), path: "r") }
        let outcome = try #require(SaturationOutcome.all(in: again).first)
        guard case .maximum(let rate, let breach) = outcome.answer else {
            return #expect(Bool(false), "\(outcome.answer)")
        }
        let truth = 10_000 - 4.605 / 0.005
        #expect(rate <= truth && truth <= breach && breach <= rate * 1.02)
        #expect(outcome.best?.plan.offeredPerSecond == rate)
        #expect(!outcome.isBrokenOff)
        #expect(RunJudgement(records, thresholds: [], isInterrupted: false) == .passed, "steps beyond may be bad")
    }

    @Test("interrupted keeps what there is")
    func interrupted() throws {
        let plan = try ScenarioFixtures.plan(Self.text("find-max: 'p99 < 5ms'"))
        let (records, _) = try run(plan, stopAfter: 3)
        let outcome = try #require(SaturationOutcome.all(in: records).first)
        #expect(outcome.isBrokenOff)
        #expect(outcome.answer.rate == 4_000)
        #expect(RunJudgement(records, thresholds: [], isInterrupted: true) == .interrupted)
    }

    @Test("is done for every cell of the plan apart, and for every repetition")
    func cells() throws {
        let plan = try ScenarioFixtures.plan(
            Self.text("find-max: 'p99 < 5ms', clients: [1; 2], rate: 500, arrival: poisson, repetitions: 2")
                .replacing(";", with: ","))
        #expect(plan.trials.count == 4)
        let outcomes = SaturationOutcome.all(in: try run(plan).records)
        #expect(outcomes.count == 4)
        #expect(outcomes.allSatisfy { $0.foundMaximum && $0.steps[0].record.plan.offeredPerSecond == 500 })
    }

    @Test("that nothing meets fails, and one that the generator limits is inconclusive")
    func otherAnswers() throws {
        let never = try run(try ScenarioFixtures.plan(Self.text("find-max: 'p99 < 1us'"))).records
        #expect(SaturationOutcome.all(in: never).first?.neverMet == true)
        #expect(RunJudgement(never, thresholds: [], isInterrupted: false) == .thresholdFailed)
        let late = try run(try ScenarioFixtures.plan(Self.text("find-max: 'p99 < 5ms'")), lateness: 5_000_000).records
        let answer = SaturationOutcome.all(in: late).first?.answer
        guard case .atLeast(let rate, .generator)? = answer else { return #expect(Bool(false), "\(answer as Any)") }
        #expect(rate > 8_500 && rate < 9_100, "what was met although the generator was late was met")
        #expect(RunJudgement(late, thresholds: [], isInterrupted: false) == .inconclusive)
    }

    @Test("takes several conditions, of one kind or of all")
    func objectives() throws {
        let plan = try ScenarioFixtures.plan(Self.text("find-max: 'get.p99 < 5ms and error_share <= 1%'"))
        let objective = try #require(plan.trials[0].search?.objective)
        #expect(objective.thresholds.count == 2)
        #expect("\(objective)" == "get.p99 < 5ms and error_share <= 1%")
    }

    @Test(
        "that can't be is refused with the reason",
        arguments: [
            ("find-max: 'p98 < 5ms'", "no metric 'p98'"), ("find-max: 'p99 < 5'", "needs a unit"),
            ("find-max: 'p99 < 5ms and'", "not in 'ms and'"), ("find-max: 'clients > 5'", "setting of the trial"),
            ("find-max: 'p99 < 5ms', arrival: closed", "a closed loop has no rate"),
            ("find-max: 'p99 < 5ms', shape: 'sine:0.5x3'", "a rate that moves"),
            ("find-max: 'append.p99 < 5ms'", "has no 'append'"), ("find-max-tolerance: 5%", "give find-max too"),
            ("find-max: 'p99 < 5ms', find-max-tolerance: 500%", "a share from 0.1% to 100%"),
            ("find-max: 'p99 < 5ms', think: 1ms", "think time belongs to a closed loop"),
        ])
    func refused(settings: String, hint: String) {
        let refusal = ScenarioFixtures.refusal(Self.text(settings))
        #expect(refusal?.contains(hint) == true, "\(refusal ?? "accepted")")
    }

    @Test("of threads is refused: nothing is offered to them at a rate")
    func threads() {
        let refusal = ScenarioFixtures.refusal("trials: [{systems: mcs, find-max: 'p99 < 5ms'}]")
        #expect(refusal?.contains("not offered operations at a rate") == true)
    }
}
