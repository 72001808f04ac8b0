import Harness
import Measurement
import ProtocolKit
import Statistics
import Testing
import Verification

@testable import Analysis

@Suite("A comparison in pairs")
struct ComparisonTests {
    private func looking(at metrics: String...) throws -> ComparisonOptions {
        try ComparisonOptions(
            metrics: try metrics.map { text throws(ComparisonError) in try ComparedMetric(parsing: text) })
    }

    @Test("says regressed, improved or nothing, with numbers, the worse way by the metric's direction")
    func verdicts() throws {
        let slower = Comparison.paired(
            try InventedTrials.blocks(12, ratio: 0.9), options: try looking(at: "throughput"))
        let shift = try #require(slower.cells.first?.shifts.first)
        #expect(slower.verdict == .regressed && shift.verdict == .regressed)
        let estimate = try #require(shift.shift)
        #expect(abs(estimate + 0.1) < 0.02)
        let interval = try #require(shift.interval)
        #expect(interval.lower < -0.09 && interval.upper > -0.11 && interval.upper < -0.02)
        #expect(shift.samples == 12 && (shift.pValue ?? 1) < 0.01)
        #expect(slower.cells[0].sentence.contains("B's throughput_per_s is 1"), "\(slower.cells[0].sentence)")
        #expect(slower.cells[0].sentence.contains("lower than A's"), "\(slower.cells[0].sentence)")
        #expect(slower.a == "old" && slower.b == "new")

        let faster = Comparison.paired(
            try InventedTrials.blocks(12, ratio: 1.1), options: try looking(at: "throughput"))
        #expect(faster.verdict == .improved)
        // Faster for the same processor time a second costs more by the operation in no way; more of it is just more.
        let neutral = Comparison.paired(try InventedTrials.blocks(12, ratio: 1.1), options: try looking(at: "offered"))
        #expect(neutral.verdict == .changed && neutral.verdict.isPass)

        let same = Comparison.paired(try InventedTrials.blocks(12), options: try looking(at: "throughput"))
        #expect(same.verdict == .noChangeShown && same.verdict.isPass)
        let seen = try #require(same.cells[0].shifts[0].minimumDetectable)
        #expect(seen > 0.02 && seen < 0.06)
        #expect(same.cells[0].shifts[0].reason.contains("would have been seen in four runs of five"))
    }

    @Test("never says that less would have been seen than its bounds leave open")
    func outliers() throws {
        let judge = ShiftJudge(options: try looking(at: "throughput"), count: 1)
        let metric = try ComparedMetric(parsing: "throughput")
        // Nine quiet pairs and two in which B was far lower.
        let b: [Double] = [1_000, 1_001, 999, 1_002, 998, 1_000, 1_001, 999, 1_000, 700, 690]
        let shift = judge.paired(metric, a: b.map { _ in 1_000 }, b: b).shift
        let interval = try #require(shift.interval)
        #expect(shift.verdict == .noChangeShown && interval.lower < -0.1, "\(shift)")
        #expect(try #require(shift.minimumDetectable) >= -interval.lower)
    }

    @Test("takes the load's usual metrics, without those that nobody measured")
    func usual() throws {
        let result = Comparison.paired(try InventedTrials.blocks(12))
        #expect(result.cells[0].shifts.map(\.metric) == ["throughput_per_s", "server_cpu_us_per_op"])
        var open = try InventedTrials.record(arm: .a, block: 1).plan
        open.arrival = .poisson(perSecond: 10)
        #expect(
            ComparedMetric.usual(for: open).map(\.description) == [
                "latency_p50_ns", "latency_p99_ns", "server_cpu_us_per_op", "fairness_jain",
            ])
    }

    @Test("of a machine on which A differs from itself is inconclusive, whatever B does")
    func control() throws {
        let result = Comparison.paired(
            try InventedTrials.blocks(12, ratio: 0.5, control: 0.9), options: try looking(at: "throughput"))
        #expect(result.verdict == .inconclusive)
        #expect(result.cells[0].control[0].verdict == .regressed)
        #expect(result.cells[0].shifts[0].verdict == .inconclusive)
        #expect(result.cells[0].sentence.contains("A differs from itself"))

        var records = try InventedTrials.blocks(12, ratio: 0.5)
        records[2].server.processorNanoseconds = nil
        let blind = Comparison.paired(records, options: try looking(at: "server_cpu_us_per_op"))
        #expect(blind.verdict == .inconclusive)
        #expect(blind.cells[0].shifts[0].reason.contains("but the control can't be told"))
    }

    @Test("with too few pairs for the level is inconclusive and says how many would do")
    func tooFew() throws {
        let few = Comparison.paired(try InventedTrials.blocks(6, ratio: 0.5), options: try looking(at: "throughput"))
        #expect(few.verdict == .inconclusive)
        #expect(few.cells[0].shifts[0].reason.contains("at least 7 can"), "\(few.cells[0].shifts[0].reason)")
        let enough = Comparison.paired(try InventedTrials.blocks(7, ratio: 0.5), options: try looking(at: "throughput"))
        #expect(enough.verdict == .regressed)
        // Two metrics and two cells halve the level twice: 2⁻⁷ is above a quarter of 1 %.
        let cells = try InventedTrials.blocks(7, ratio: 0.5) + InventedTrials.blocks(7, ratio: 0.5, cell: 2)
        let family = Comparison.paired(cells, options: try looking(at: "throughput", "p99"))
        #expect(family.cells.count == 2 && family.verdict == .inconclusive)
        #expect(family.cells[0].shifts[0].reason.contains("at least 9 can"))
        #expect(Comparison.paired([]).verdict == .inconclusive)
    }

    @Test("with a value that is missing or zero is inconclusive, never a pass")
    func missing() throws {
        var records = try InventedTrials.blocks(12)
        records[4].server.processorNanoseconds = nil
        let missing = Comparison.paired(records, options: try looking(at: "throughput", "server_cpu_us_per_op"))
        #expect(missing.verdict == .inconclusive)
        #expect(missing.cells[0].shifts.map(\.verdict) == [.noChangeShown, .inconclusive])
        #expect(missing.cells[0].shifts[1].reason.contains("missing in 1 of 24 trials"))

        records[4].server.processorNanoseconds = 0
        let zero = Comparison.paired(records, options: try looking(at: "server_cpu_us_per_op"))
        #expect(zero.verdict == .inconclusive && zero.cells[0].shifts[0].reason.contains("no ratio"))
        let never = Comparison.paired(records, options: try looking(at: "lookup_ns"))
        #expect(never.verdict == .inconclusive && never.cells[0].shifts[0].reason == "lookup_ns was not measured")
    }

    @Test("lacking a trial of a block is inconclusive")
    func cutOff() throws {
        let records = try InventedTrials.blocks(12, ratio: 0.9).dropLast()
        let result = Comparison.paired(Array(records), options: try looking(at: "throughput"))
        #expect(result.verdict == .inconclusive)
        #expect(result.cells[0].problems == ["1 of 12 blocks are not whole: block 12 lacks A'"])
        #expect(result.cells[0].samples == 11)

        // Whoever stops a run between two blocks may have done so for what they saw.
        var options = try looking(at: "throughput")
        options.isCutOff = true
        #expect(Comparison.paired(try InventedTrials.blocks(12), options: options).verdict == .inconclusive)
        #expect(Comparison.paired(try InventedTrials.blocks(12, ratio: 0.8), options: options).verdict == .regressed)
    }

    @Test("with a violated trial is violated, even if it only warmed the machine up")
    func violated() throws {
        var records = try InventedTrials.blocks(12)
        var first = try InventedTrials.record(arm: .b, block: 0)
        first.verdicts = [
            JudgedProperty(
                property: "linearizable", verdict: .violated(Counterexample(summary: "stale", events: [])), basis: "x")
        ]
        #expect(Comparison.paired(records + [first], options: try looking(at: "throughput")).verdict == .violated)
        records[7].verdicts = first.verdicts
        let result = Comparison.paired(records, options: try looking(at: "throughput"))
        #expect(result.verdict == .violated && !result.verdict.isPass)
        #expect(result.cells[0].problems.first?.contains("1 of 12 trials of B violated") == true)
        #expect(result.cells[0].shifts[0].verdict == .inconclusive)
    }

    @Test("bears a few trials that were disturbed, and no more, and none that is wrong")
    func validity() throws {
        func verdict(_ marked: Int, _ reason: Validity.Reason, allowing isDebug: Bool = false) throws
            -> ComparisonVerdict
        {
            var records = try InventedTrials.blocks(20)
            for index in 0..<marked { records[3 * index].validity.refuse(reason, "x") }
            var options = try looking(at: "throughput")
            options.allowsDebugBuild = isDebug
            return Comparison.paired(records, options: options).verdict
        }
        #expect(try verdict(2, .noisyHost) == .noChangeShown)
        #expect(try verdict(3, .noisyHost) == .inconclusive)
        #expect(try verdict(3, .notSteady) == .inconclusive)
        #expect(try verdict(1, .unbalanced) == .inconclusive)
        #expect(try verdict(1, .nothingCompleted) == .inconclusive)
        #expect(try verdict(20, .debugBuild) == .inconclusive)
        #expect(try verdict(20, .debugBuild, allowing: true) == .noChangeShown)
        #expect(try verdict(1, .unbalanced, allowing: true) == .inconclusive)
    }

    @Test("of trials in turns bears what befalls the machine, which falls on all alike, and says so")
    func shared() throws {
        func outcome(_ reasons: [Validity.Reason]) throws -> ComparisonOutcome {
            var records = try InventedTrials.blocks(20)
            for index in records.indices {
                records[index].plan.pairing?.turns = 10
                for reason in reasons where index % 2 == 0 { records[index].validity.refuse(reason, "x") }
            }
            return Comparison.paired(records, options: try looking(at: "throughput"))
        }
        let noisy = try outcome([.noisyHost, .notSteady])
        #expect(noisy.verdict == .noChangeShown)
        #expect(noisy.notes == ["the machine was disturbed during 30 of 60 trials, which fell on all sides alike"])
        #expect(try outcome([]).notes.isEmpty)
        // A generator at its limit hides what the sides differ by, whoever's turn it is.
        #expect(try outcome([.generatorLimited]).verdict == .inconclusive)
        #expect(try outcome([.noisyHost, .generatorLimited]).verdict == .inconclusive)
        #expect(try outcome([.errors]).verdict == .inconclusive)
    }

    @Test("of trials that nobody judged may regress, and never passes")
    func unjudged() throws {
        func verdict(_ ratio: Double, isJudged: Bool) throws -> ComparisonVerdict {
            var records = try InventedTrials.blocks(12, ratio: ratio)
            for index in records.indices {
                records[index].plan.isJudged = isJudged
                records[index].verdicts = []
            }
            return Comparison.paired(records, options: try looking(at: "throughput")).verdict
        }
        #expect(try verdict(0.8, isJudged: false) == .regressed)
        #expect(try verdict(1, isJudged: false) == .inconclusive)
        #expect(try verdict(1.2, isJudged: false) == .inconclusive)
        #expect(try verdict(0.8, isJudged: true) == .inconclusive, "a vacuous trial is no trial")
    }

    @Test("leaves what warmed the machine up out")
    func warmUp() throws {
        let warm = try PairedPlace.Arm.allCases.map {
            try InventedTrials.record(arm: $0, block: 0, throughput: $0 == .b ? 1 : 1_000_000)
        }
        let records = try InventedTrials.blocks(12)
        let options = try looking(at: "throughput")
        #expect(Comparison.paired(warm + records, options: options) == Comparison.paired(records, options: options))
    }

    @Test("reads metrics by their names, with a kind before, and names the nearest of what is misspelt")
    func metrics() throws {
        #expect(try ComparedMetric(parsing: "put.p99").description == "put.latency_p99_ns")
        #expect(try ComparedMetric(parsing: "all.throughput") == ComparedMetric(parsing: "throughput_per_s"))
        let record = try InventedTrials.record(arm: .a, block: 1)
        #expect(try ComparedMetric(parsing: "put.throughput").value(in: record) == 10_000)
        #expect(try ComparedMetric(parsing: "get.throughput").value(in: record) == nil)
        func refusal(_ text: String) -> String {
            do throws(ComparisonError) {
                _ = try ComparedMetric(parsing: text)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal("thruput").contains("did you mean throughput?"))
        #expect(refusal("clients").contains("not a figure"))
        #expect(refusal("verdict").contains("not a figure"))
        #expect(throws: ComparisonError.margin(1)) { try ComparisonOptions(metrics: [], margin: 1) }
        #expect(throws: ComparisonError.level(0)) { try ComparisonOptions(metrics: [], level: 0) }
    }

    @Test("reads back from its own JSON")
    func roundTrip() throws {
        let result = Comparison.paired(try InventedTrials.blocks(12, ratio: 0.9))
        #expect(try ComparisonOutcome.decode(try result.encoded(), path: "x") == result)
    }
}
