import Harness
import Testing
import Workload

@testable import Analysis

@Suite("A history of results")
struct ResultsHistoryTests {
    /// Runs whose latencies wobble by 2 %, and of one system are a quarter longer from the tenth on.
    static func runs(_ count: Int, changed: Bool = true, host: (Int) -> Int = { _ in 2 }) throws -> [LoadedResults] {
        let gate = try GateFixtures.stored("p99 < 5ms", trials: "{systems: [raft, zab], repetitions: 3}")
        var generator = SeededGenerator(seed: 5)
        return try (0..<count).map { run in
            let wobble = generator.below(40_000 as UInt64)
            return try GateFixtures.results(
                of: gate, host: GateFixtures.host(processors: host(run)), path: "runs/\(run)",
                started: 1_740_000_000_000 + Int64(run) * 3_600_000,
                latency: { trial in
                    let isSlow = changed && run >= 10 && trial.variant == "raft"
                    return 1_000_000 + wobble + (isSlow ? 250_000 : 0)
                })
        }
    }

    private func history(_ runs: [LoadedResults], metric: String = "throughput", alpha: Double = 0.01) throws
        -> ResultsHistory
    {
        ResultsHistory(of: runs, metric: try #require(Metric.named(metric)), alpha: alpha)
    }

    @Test("finds the run from which a system is slower, and leaves the other in peace")
    func change() throws {
        let history = try history(try Self.runs(20))
        let raft = try #require(history.series.first { $0.cell.hasPrefix("raft") })
        #expect(raft.changes.map(\.run) == ["runs/10"])
        #expect(raft.changes[0].sentence.contains("throughput_per_s of raft"))
        #expect(raft.changes[0].sentence.contains("fell by 20 %") || raft.changes[0].sentence.contains("fell by 19 %"))
        #expect(raft.changes[0].sentence.contains("at runs/10"))
        #expect(raft.changes[0].sentence.contains("for the worse"))
        #expect(history.series.filter { $0.cell.hasPrefix("zab") }.allSatisfy { $0.changes.isEmpty && $0.isJudged })
        #expect(history.sentence.hasPrefix("1 change in 2 series over 20 runs"))
    }

    @Test("puts runs in the order of time, whatever order they are named in")
    func order() throws {
        let runs = try Self.runs(20)
        var generator = SeededGenerator(seed: 3)
        let mixed = runs.shuffled(using: &generator)
        #expect(try history(mixed).series.map(\.points) == history(runs).series.map(\.points))
    }

    @Test("finds nothing where nothing changed")
    func quiet() throws {
        #expect(try history(try Self.runs(20, changed: false)).series.allSatisfy { $0.changes.isEmpty })
    }

    @Test("shows too few runs without judging them, and says how many it needs")
    func few() throws {
        let history = try history(try Self.runs(9))
        #expect(history.series.allSatisfy { !$0.isJudged && $0.changes.isEmpty && $0.points.count == 9 })
        #expect(history.sentence.contains("fewer than the 10 runs"))
        #expect(ResultsHistory.fewestPoints(alpha: 0.01) == 10)
        #expect(ResultsHistory.fewestPoints(alpha: 0.05) == 8)
        #expect(try self.history([]).sentence.contains("No run has"))
    }

    @Test("leaves unsound trials out, and says so")
    func unsound() throws {
        var runs = try Self.runs(3)
        for index in runs[1].records.indices { runs[1].records[index].validity.refuse(.noisyHost, "steal") }
        let history = try history(runs)
        #expect(history.leftOut == 6)
        #expect(history.series.allSatisfy { $0.points.map(\.run) == ["runs/0", "runs/2"] })
    }

    @Test("says when the machine is another one since a change")
    func host() throws {
        let history = try history(try Self.runs(20) { $0 >= 10 ? 4 : 2 })
        let change = try #require(history.series.first { $0.cell.hasPrefix("raft") }?.changes.first)
        #expect(change.sentence.contains("the machine is another one since then (processors: 2 before, 4 now"))
    }

    @Test("is better in one direction of a metric and worse in the other")
    func direction() throws {
        let history = try history(try Self.runs(20), metric: "latency_p99")
        let change = try #require(history.series.first { $0.cell.hasPrefix("raft") }?.changes.first)
        #expect(change.sentence.contains("rose by 25 %") || change.sentence.contains("rose by 24 %"))
        #expect(change.sentence.contains("for the worse"))
    }
}
