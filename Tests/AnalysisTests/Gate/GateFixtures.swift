import Foundation
import Measurement
import ProtocolKit
import Verification
import Workload

@testable import Analysis
@testable import Harness

/// Made-up results of real plans.
enum GateFixtures {
    static func host(processors: Int = 2, model: String = "Example CPU, 2 GHz", kernel: String = "6.1") -> HostFacts {
        let json = """
            {"processorModel": "\(model)", "processorCount": \(processors), "memoryBytes": 8589934592,
             "kernel": "\(kernel)", "operatingSystem": "Debian", "fileSystem": "ext4",
             "swiftVersion": "6.3.1 or a later 6.3", "isOptimizedBuild": true}
            """
        guard let host = try? JSONDecoder().decode(HostFacts.self, from: Data(json.utf8)) else {
            fatalError("the fixture does not decode")
        }
        return host
    }

    /// A gate of one stored check.
    static func stored(_ require: String, trials: String = "{systems: raft, clients: 4, repetitions: 3}") throws -> Gate
    {
        try GateFile.parse(
            "checks: [{name: load, kind: stored, trials: \(trials), require: [\(require)]}]", path: "gate.yaml")
    }

    static func check(_ gate: Gate) -> StoredCheck {
        guard case .stored(let check) = gate.checks[0].subject else { fatalError("not a stored check") }
        return check
    }

    /// What running a gate's first check gives, where every operation takes so long.
    static func results(
        of gate: Gate, host: HostFacts? = host(), path: String = "results/here", started: Int64 = 1_740_832_205_250,
        latency: (PlannedTrial) -> UInt64 = { _ in 1_000_000 }, change: (inout TrialRecord) -> Void = { _ in }
    ) throws -> LoadedResults {
        guard let scenario = check(gate).scenario else { fatalError("no scenario") }
        return try results(of: scenario, host: host, path: path, started: started, latency: latency, change: change)
    }

    static func results(
        of scenario: Scenario, host: HostFacts? = host(), path: String, started: Int64,
        latency: (PlannedTrial) -> UInt64, change: (inout TrialRecord) -> Void = { _ in }
    ) throws -> LoadedResults {
        let plan = try Plan([scenario], catalogue: .all)
        let records = plan.trials.map { trial in
            var record = record(trial, latency: latency(trial))
            record.host = host
            change(&record)
            return record
        }
        var run = RunRecord(
            programVersion: "0.1.0", commandLine: ["coordbench"], plannedTrials: records.count, host: host,
            started: WallTime(millisecondsSince1970: started))
        run.ended = WallTime(millisecondsSince1970: started + 60_000)
        return LoadedResults(path: path, run: run, records: records)
    }

    /// A second of operations that all take as long: 1,000 of a millisecond, 500 of two.
    static func record(_ plan: PlannedTrial, latency: UInt64) -> TrialRecord {
        var record = TrialRecord(
            plan: plan, programVersion: "0.1.0", started: WallTime(millisecondsSince1970: 1_740_832_205_250),
            windowNanoseconds: 1_000_000_000)
        let count = max(1, 1_000_000_000 / max(1, latency))
        record.operations = plan.workload.mix.shares.map { share in
            var histogram = LatencyHistogram()
            for _ in 0..<min(count, 1_000) { histogram.record(latency) }
            return OperationRecord(kind: share.kind, completed: count, latency: histogram)
        }
        record.floor = MachineFloor(
            loopbackRoundTrip: cost(20_000), sync: cost(76_000), syncAmongThree: cost(116_000), clockRead: cost(20),
            timerLateness: cost(23_000), threadHandOver: cost(5_000))
        record.costs = plan.workload.mix.shares.map {
            OperationCost(kind: $0.kind, messageDelays: 4, messages: 4, syncDelays: 1, syncs: 3)
        }
        record.verdicts = [JudgedProperty(property: "linearizable", verdict: .correct, basis: "made up")]
        return record
    }

    private static func cost(_ median: Double) -> MachineFloor.Cost {
        MachineFloor.Cost(medianNanoseconds: median, p99Nanoseconds: median * 2, samples: 1_000)
    }

    static let violation = Verdict.violated(Counterexample(summary: "two values that must each come first"))

    /// The baseline that results make.
    static func baseline(of results: LoadedResults) -> Baseline {
        var baseline = Baseline()
        _ = baseline.take(
            results.records, host: results.run.host, metrics: Baseline.usualMetrics.compactMap(Metric.named))
        return baseline
    }

    /// Judges a gate by results that are there.
    static func report(
        on gate: Gate, _ results: LoadedResults, baseline: BaselineSource = .unusable("there is no baseline")
    ) throws -> GateReport {
        try GateRun(
            .init(
                baseline: baseline, measure: { _, _ in results },
                compare: { _, _ in throw RecordError.notResults(path: "none") })
        ).report(on: gate)
    }
}
