import Foundation
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 4

@Suite("Registers in the simulator")
struct RegisterSimulationTests {
    private func survives<System: ClusterSystem>(_ system: System.Type, _ variant: String, _ nodes: Int) throws {
        var options = SimulationOptions.chaos(for: system)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        let summary = try SimulationCampaign.run(system, seeds: 1...seedCount, options: options)
        let wrong = summary.failures + summary.unknown
        #expect(summary.passed == Int(seedCount), "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })")
        #expect(summary.coverage.crashes > 0)
        #expect(summary.answered > 100 * Int(seedCount))
    }

    @Test(
        "abd is atomic under all faults and lives once they are healed",
        arguments: [
            ("abd", 3), ("abd", 5), ("abd", 1), ("abd[reads=one-phase]", 3), ("abd[batch=1,pipeline=1]", 3),
            ("abd[snapshot-bytes=4096]", 3), ("abd[spread=off]", 3),
        ])
    func abd(variant: String, nodes: Int) throws {
        try survives(ABDSystem.self, variant, nodes)
    }

    @Test(
        "voting keeps what it promises under all faults and lives once they are healed",
        arguments: [
            ("voting", 3), ("voting", 5), ("voting[write-back=on]", 3), ("voting[r=1]", 3),
            ("voting[weights=2/1/1,r=2]", 3), ("voting[weights=2/1/1/0,r=2,write-back=on]", 4),
        ])
    func voting(variant: String, nodes: Int) throws {
        try survives(VotingSystem.self, variant, nodes)
    }
}

@Suite("What registers cost")
struct RegisterCostTests {
    @Test("abd costs what the papers say", arguments: ["abd", "abd[reads=one-phase]", "abd[batch=1]"])
    func abd(variant: String) throws {
        let rows = try CostAudit.run(
            ABDSystem.self, variant: Variant(parsing: variant).options, nodes: [1, 3, 5, 7])
        #expect(rows.count == 8)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }

    @Test(
        "voting costs what its votes say where all nodes have equally many",
        arguments: [
            ("voting", [1, 3, 5, 7]), ("voting[r=1]", [3, 5, 7]), ("voting[write-back=on]", [3, 5, 7]),
            ("voting[r=2,write-back=on]", [3, 5, 7]), ("voting[r=1,write-back=on]", [3, 5, 7]),
            ("voting[weights=1/1/1,r=1,w=3]", [3]),
        ])
    func voting(variant: String, nodes: [Int]) throws {
        let rows = try CostAudit.run(VotingSystem.self, variant: Variant(parsing: variant).options, nodes: nodes)
        #expect(rows.count == 2 * nodes.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
