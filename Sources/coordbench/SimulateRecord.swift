import ProtocolKit
import Simulation

/// What a campaign came to, for programs.
struct SimulateRecord: Encodable {
    struct Failure: Encodable {
        var seed: UInt64
        var property: String?
        var outcome: String
        var shrunk: Shrunk?
    }

    struct Shrunk: Encodable {
        struct TimedFault: Encodable {
            var nanoseconds: UInt64
            var fault: String
        }
        var faults: [TimedFault]
        var isMinimal: Bool
        var originalFaults: Int
        var operations: Int
        var nodes: Int
        var clients: Int
        var usersPerClient: Int
        var replays: Int
        var command: String
    }

    var system: String
    var firstSeed: UInt64
    var lastSeed: UInt64
    var runs: Int
    var passed: Int
    var violated: Int
    var unknown: Int
    var steps: UInt64
    var stepsPerSecond: Double
    var workers: Int
    var answered: Int
    var refused: Int
    var indeterminate: Int
    var virtualNanoseconds: UInt64
    var elapsedNanoseconds: UInt64
    var coverage: [String: UInt64]
    var failures: [Failure]
    var inconclusive: [Failure]
    var isInterrupted: Bool
    var nextSeed: UInt64?
}

extension SimulateReport {
    /// What programs read.
    var record: SimulateRecord {
        let summary = finding.summary
        func failure(_ result: SimulationResult) -> SimulateRecord.Failure {
            SimulateRecord.Failure(
                seed: result.seed, property: result.brokenProperty, outcome: "\(result.outcome)",
                shrunk: finding.shrunk.flatMap { $0.result.seed == result.seed ? shrunk($0) : nil })
        }
        return SimulateRecord(
            system: "\(request.variant)", firstSeed: request.seeds.lowerBound, lastSeed: request.seeds.upperBound,
            runs: summary.seeds, passed: summary.passed, violated: summary.failureCount, unknown: summary.unknownCount,
            steps: summary.steps, stepsPerSecond: summary.stepsPerSecond, workers: summary.workers,
            answered: summary.answered, refused: summary.failed, indeterminate: summary.indeterminate,
            virtualNanoseconds: summary.virtualNanoseconds, elapsedNanoseconds: summary.elapsedNanoseconds,
            coverage: Dictionary(SimulateCoverage(summary).counts.map { ($0.name, $0.count) }) { $0 + $1 },
            failures: summary.failures.map(failure), inconclusive: summary.unknown.map(failure),
            isInterrupted: isInterrupted, nextSeed: isInterrupted ? summary.nextSeed : nil)
    }

    private func shrunk(_ shrunk: ShrunkFailure) -> SimulateRecord.Shrunk {
        SimulateRecord.Shrunk(
            faults: shrunk.script.map { .init(nanoseconds: $0.nanoseconds, fault: "\($0.fault)") },
            isMinimal: shrunk.isMinimal, originalFaults: shrunk.originalFaults, operations: shrunk.options.operations,
            nodes: shrunk.options.nodes, clients: shrunk.options.clients,
            usersPerClient: shrunk.options.usersPerClient, replays: shrunk.replays, command: command(shrunk))
    }
}
