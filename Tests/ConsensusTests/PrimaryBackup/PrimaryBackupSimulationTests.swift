import Foundation
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 6

@Suite("Primary-backup in the simulator")
struct PrimaryBackupSimulationTests {
    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        let wrong = summary.failures + summary.unknown
        return "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })"
    }

    @Test(
        "the synchronous form is safe under all faults and lives once they are healed",
        arguments: [
            ("primary-backup", 3), ("primary-backup[reads=lease]", 3), ("primary-backup", 5), ("primary-backup", 1),
            ("primary-backup", 2), ("primary-backup[batch=1,pipeline=1]", 3), ("primary-backup[copies=one]", 3),
            ("primary-backup[snapshot-bytes=4096]", 3),
            ("primary-backup[snapshot-bytes=4096,reads=lease,copies=one,sessions=on]", 5),
        ])
    func survives(variant: String, nodes: Int) throws {
        var options = SimulationOptions.chaos(for: PrimaryBackupSystem.self)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        let summary = try SimulationCampaign.run(PrimaryBackupSystem.self, seeds: 1...seedCount, options: options)
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0)
        #expect(summary.answered > 100 * Int(seedCount))
    }

    @Test("the asynchronous form loses acknowledged writes in a failover, which two dozen seeds show")
    func asynchronousLoses() throws {
        var options = SimulationOptions.chaos(for: PrimaryBackupSystem.self)
        options.variant = VariantOptions([("mode", "async")])
        let summary = try SimulationCampaign.run(PrimaryBackupSystem.self, seeds: 1...24, options: options)
        let outcome = try #require(summary.failures.first).outcome
        #expect(outcome.description.hasPrefix("violated: linearizable"), "\(outcome)")
        #expect(summary.coverage[.conflictTruncated] > 0)
        #expect(summary.failures.allSatisfy { $0.violation == nil && $0.halts.isEmpty }, explain(summary))
    }

    @Test(
        "the asynchronous form is correct without faults",
        arguments: ["async", "async,reads=lease,snapshot-bytes=4096"])
    func asynchronousWithoutFaults(mode: String) throws {
        var options = SimulationOptions(for: PrimaryBackupSystem.self)
        options.variant = try Variant(parsing: "primary-backup[mode=\(mode)]").options
        let summary = try SimulationCampaign.run(PrimaryBackupSystem.self, seeds: 1...6, options: options)
        #expect(summary.passed == 6, explain(summary))
    }
}

@Suite("What primary-backup costs")
struct PrimaryBackupCostTests {
    @Test(
        "every operation costs exactly what is derived from the paper",
        arguments: [
            "primary-backup", "primary-backup[reads=lease]", "primary-backup[batch=1]", "primary-backup[mode=async]",
            "primary-backup[mode=async,reads=lease]",
        ])
    func costs(variant: String) throws {
        let rows = try CostAudit.run(
            PrimaryBackupSystem.self, variant: Variant(parsing: variant).options, nodes: [1, 2, 3, 5, 7])
        #expect(rows.count == 5 * KeyValueService.kinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
