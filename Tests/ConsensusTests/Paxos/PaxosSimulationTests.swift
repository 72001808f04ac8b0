import Foundation
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 2

@Suite("Paxos and multi-paxos in the simulator")
struct PaxosSimulationTests {
    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        let wrong = summary.failures + summary.unknown
        return "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })"
    }

    private func survives<System: ClusterSystem>(_ system: System.Type, _ variant: String, nodes: Int) throws {
        var options = SimulationOptions.chaos(for: system)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        options.operations = 200
        let summary = try SimulationCampaign.run(system, seeds: 1...seedCount, options: options)
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0)
        #expect(summary.answered > 30 * Int(seedCount))
    }

    @Test(
        "Paxos is safe under all faults and lives once they are healed",
        arguments: [
            ("paxos", 3), ("paxos", 5), ("paxos", 1), ("paxos[phase2-quorum=2]", 5),
            ("paxos[snapshot-bytes=4096,sessions=on]", 3),
        ])
    func paxos(variant: String, nodes: Int) throws {
        try survives(PaxosSystem.self, variant, nodes: nodes)
    }

    @Test(
        "multi-paxos is safe under all faults and lives once they are healed",
        arguments: [
            ("multi-paxos", 3), ("multi-paxos", 5), ("multi-paxos", 1), ("multi-paxos[phase2-quorum=2]", 5),
            ("multi-paxos[reads=read-index,batch=1,pipeline=1]", 3), ("multi-paxos[parallel=off]", 3),
            ("multi-paxos[reads=lease,snapshot-bytes=4096,sessions=on]", 3),
        ])
    func multiPaxos(variant: String, nodes: Int) throws {
        try survives(MultiPaxosSystem.self, variant, nodes: nodes)
    }

    @Test("without faults every operation is answered, and nobody is sent away by a leader")
    func withoutFaults() throws {
        let paxos = try SimulationCampaign.run(
            PaxosSystem.self, seeds: 1...2, options: SimulationOptions(for: PaxosSystem.self))
        #expect(paxos.passed == 2, explain(paxos))
        #expect(paxos.failed == 0 && paxos.indeterminate == 0)
        let multiPaxos = try SimulationCampaign.run(
            MultiPaxosSystem.self, seeds: 1...2, options: SimulationOptions(for: MultiPaxosSystem.self))
        #expect(multiPaxos.passed == 2, explain(multiPaxos))
        #expect(multiPaxos.indeterminate == 0)
        #expect(multiPaxos.coverage[.leaderElected] == 2, "a leader stays")
    }
}

@Suite("What Paxos and multi-paxos cost")
struct PaxosCostTests {
    private func audit<System: ClusterSystem>(_ system: System.Type, _ variant: String, _ nodes: [Int]) throws {
        let rows = try CostAudit.run(system, variant: Variant(parsing: variant).options, nodes: nodes)
        #expect(rows.count == nodes.count * KeyValueService.kinds.count)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }

    @Test("every operation of Paxos costs exactly what the paper says: 6 delays, 4(N−1) messages, 2 syncs")
    func paxos() throws {
        try audit(PaxosSystem.self, "paxos", [3, 5, 7])
        try audit(PaxosSystem.self, "paxos[phase2-quorum=1]", [3])
    }

    @Test(
        "every operation of multi-paxos costs exactly what the papers say",
        arguments: [
            ("multi-paxos", [3, 5, 7]), ("multi-paxos[reads=read-index]", [3]), ("multi-paxos[reads=lease]", [3]),
            ("multi-paxos[parallel=off]", [3]), ("multi-paxos[batch=1]", [3]),
        ])
    func multiPaxos(variant: String, nodes: [Int]) throws {
        try audit(MultiPaxosSystem.self, variant, nodes)
    }

    @Test("a phase-2 quorum of the leader alone waits for nobody")
    func leaderAlone() throws {
        try audit(MultiPaxosSystem.self, "multi-paxos[phase2-quorum=1]", [3])
    }
}
