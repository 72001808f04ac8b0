import Foundation
import ProtocolKit
import Simulation
import Testing
import Workload

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 2

@Suite("Zab in the simulator")
struct ZabSimulationTests {
    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        let wrong = summary.failures + summary.unknown
        return "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })"
    }

    @Test("without faults every operation is answered and the history is what was promised", arguments: [1, 3, 5])
    func withoutFaults(nodes: Int) throws {
        for reads in ZabReads.allCases {
            var options = SimulationOptions(for: ZabSystem.self)
            options.variant = VariantOptions([("reads", reads.rawValue)])
            options.nodes = nodes
            options.operations = 200
            let summary = try SimulationCampaign.run(ZabSystem.self, seeds: 1...2, options: options)
            #expect(summary.passed == 2, explain(summary))
            #expect(summary.answered >= 2 * options.operations && summary.failed + summary.indeterminate == 0)
        }
    }

    @Test(
        "it is safe under all faults and lives once they are healed",
        arguments: [
            ("zab", 3), ("zab", 5), ("zab", 7), ("zab[reads=sync]", 3), ("zab[batch=1,pipeline=1]", 3),
            ("zab[serves=leader,snapshot-bytes=4096]", 3), ("zab[serves=followers,reads=sync]", 3),
        ])
    func survives(variant: String, nodes: Int) throws {
        var options = SimulationOptions.chaos(for: ZabSystem.self)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        options.operations = 300
        let summary = try SimulationCampaign.run(ZabSystem.self, seeds: 1...seedCount, options: options)
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0 && summary.coverage[.followerSynchronised] > 0)
        #expect(summary.answered > 100 * Int(seedCount))
    }

    @Test("nodes that keep everything in memory only are replaced when they crash")
    func memory() throws {
        var options = SimulationOptions.chaos(for: ZabSystem.self)
        options.durability = .memory
        options.operations = 300
        let summary = try SimulationCampaign.run(ZabSystem.self, seeds: 1...seedCount, options: options)
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0)
    }
}

@Suite("What Zab costs")
struct ZabCostTests {
    @Test(
        "every operation costs exactly what is derived from the paper",
        arguments: [
            ("zab", [1, 3, 5, 7]), ("zab[reads=sync]", [1, 3]), ("zab[batch=1]", [3]), ("zab[serves=leader]", [3]),
            ("zab[serves=leader,reads=sync]", [3]), ("zab[serves=followers]", [3]),
            ("zab[serves=followers,reads=sync]", [3]),
        ])
    func costs(variant: String, nodes: [Int]) throws {
        let rows = try CostAudit.run(ZabSystem.self, variant: Variant(parsing: variant).options, nodes: nodes)
        #expect(rows.count == nodes.count * OrderedKeyValueService.kinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
