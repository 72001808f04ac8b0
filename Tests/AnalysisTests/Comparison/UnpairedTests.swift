import Foundation
import Harness
import Measurement
import ProtocolKit
import Testing
import Workload

@testable import Analysis

@Suite("A comparison of two runs")
struct UnpairedTests {
    private static func host(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> HostFacts {
        var facts: [String: Any] = [
            "processorModel": "Example CPU", "processorCount": 2, "memoryBytes": 8_589_934_592, "kernel": "6.1",
            "operatingSystem": "Debian", "fileSystem": "ext4", "swiftVersion": "6.3", "isOptimizedBuild": true,
        ]
        change(&facts)
        return try JSONDecoder().decode(HostFacts.self, from: JSONSerialization.data(withJSONObject: facts))
    }

    private static func results(
        _ path: String, repetitions: Int, ratio: Double = 1, variant: String = "raft", clients: [Int] = [1],
        host: HostFacts? = nil, seed: UInt64 = 1
    ) throws -> LoadedResults {
        var generator = SeededGenerator(seed: seed)
        var run = RunRecord(
            programVersion: "1", commandLine: [], plannedTrials: repetitions * clients.count, started: .now())
        run.host = try host ?? Self.host()
        var records: [TrialRecord] = []
        for repetition in 1...repetitions {
            for count in clients {
                var plan = try InventedTrials.record(arm: .a, block: 1).plan
                plan.pairing = nil
                plan.variant = variant
                (plan.clients, plan.repetition, plan.number) = (count, repetition, records.count + 1)
                plan.seed = UInt64(repetition)
                plan.workload.seed = plan.seed
                let noise = 1 + 0.02 * (generator.unitInterval() - 0.5)
                records.append(InventedTrials.record(of: plan, throughput: UInt64(10_000 * ratio * noise)))
            }
        }
        return LoadedResults(path: path, run: run, records: records)
    }

    private func options() throws -> ComparisonOptions {
        try ComparisonOptions(metrics: [try ComparedMetric(parsing: "throughput")])
    }

    @Test("sees a difference between repetitions of equal settings")
    func difference() throws {
        let a = try Self.results("monday", repetitions: 10, clients: [1, 4], seed: 2)
        let b = try Self.results("friday", repetitions: 10, ratio: 0.9, clients: [1, 4])
        let result = try Comparison.unpaired(a, b, options: try options())
        #expect(result.verdict == .regressed && !result.isPaired)
        #expect(result.cells.count == 2 && result.cells.allSatisfy { $0.samples == 10 && $0.control.isEmpty })
        let shift = result.cells[0].shifts[0]
        let (estimate, seen) = (try #require(shift.shift), try #require(shift.minimumDetectable))
        #expect(abs(estimate + 0.1) < 0.02 && shift.noise == nil && seen < 0.08)
        #expect(try Comparison.unpaired(b, b, options: try options()).verdict == .noChangeShown)
    }

    @Test("of single repetitions is inconclusive and says what to do")
    func single() throws {
        let result = try Comparison.unpaired(
            try Self.results("a", repetitions: 1), try Self.results("b", repetitions: 1, ratio: 0.1),
            options: try options())
        #expect(result.verdict == .inconclusive)
        #expect(result.cells[0].shifts[0].reason.contains("run with --repetitions 10"))
        #expect(result.cells[0].shifts[0].shift.map { abs($0 + 0.9) < 0.02 } == true, "the ratio is shown")
    }

    @Test("sets one variant beside another where each side has one, and refuses what has nothing in common")
    func variants() throws {
        let (a, b) = (
            try Self.results("a", repetitions: 10), try Self.results("b", repetitions: 10, variant: "zab")
        )
        let result = try Comparison.unpaired(a, b, options: try options())
        #expect(result.cells.map(\.title) == ["raft against zab, 3 nodes, memory, 1 × 1 closed"])
        let other = try Self.results("b", repetitions: 10, clients: [7])
        #expect(throws: ComparisonError.noCommonCells("a", "b")) {
            try Comparison.unpaired(a, other, options: try options())
        }
    }

    @Test("refuses hosts that differ, and with --across-hosts gives ratios without a verdict")
    func hosts() throws {
        let a = try Self.results("a", repetitions: 10)
        let b = try Self.results(
            "b", repetitions: 10, ratio: 0.5, host: try Self.host { $0["processorModel"] = "Other CPU" })
        #expect(throws: ComparisonError.otherHost(["processor: Example CPU before, Other CPU now"])) {
            try Comparison.unpaired(a, b, options: try options())
        }
        var lenient = try options()
        lenient.allowsOtherHost = true
        let result = try Comparison.unpaired(a, b, options: lenient)
        #expect(result.verdict == .inconclusive && result.cells[0].shifts[0].verdict == .inconclusive)
        #expect(result.cells[0].shifts[0].shift != nil)

        let newer = try Self.results("b", repetitions: 10, host: try Self.host { $0["kernel"] = "6.6" })
        let noted = try Comparison.unpaired(a, newer, options: try options())
        #expect(noted.verdict == .noChangeShown && noted.notes.contains("kernel: 6.1 before, 6.6 now"))
        var unknown = a
        unknown.run.host = nil
        #expect(throws: ComparisonError.unknownHost("a")) {
            try Comparison.unpaired(unknown, b, options: try options())
        }
    }
}
