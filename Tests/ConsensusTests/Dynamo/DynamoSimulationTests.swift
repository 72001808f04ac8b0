import Foundation
import ProtocolKit
import Simulation
import Testing
import Workload

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 4

@Suite("Dynamo in the simulator")
struct DynamoSimulationTests {
    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        let wrong = summary.failures + summary.unknown
        return "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })"
    }

    @Test(
        "every variant keeps its promises under all faults, clocks that jump among them, and lives once they are healed",
        arguments: [
            ("dynamo", 3), ("dynamo[conflicts=version-vectors]", 3), ("dynamo[r=1,w=1]", 3),
            ("dynamo[hints=off,snapshot-bytes=4096]", 3), ("dynamo", 1), ("dynamo[n=5,r=3,w=3]", 5),
            ("dynamo[conflicts=version-vectors,hints=off,read-repair=off,timeout-ms=200]", 3),
            ("dynamo[n=3]", 5), ("dynamo[n=3,routing=server,conflicts=version-vectors,snapshot-bytes=4096]", 5),
            ("dynamo[n=2,routing=server,hints=off]", 4), ("dynamo[n=3,routing=server,r=1,w=1]", 5),
        ])
    func survives(variant: String, nodes: Int) throws {
        var options = SimulationOptions.chaos(for: DynamoSystem.self)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        options.workload.mix = try OperationMix(parsing: "get=45,put=45,delete=10")
        var rates = FaultRates.chaos
        rates[.clockJump] = FaultRates.Rate(every: .milliseconds(700))
        options.faults = .random(rates)
        let summary = try SimulationCampaign.run(DynamoSystem.self, seeds: 1...seedCount, options: options)
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0)
        #expect(summary.answered > 100 * Int(seedCount))
    }

    @Test("what keeps replicas alike happens: hints, repairs, comparisons, siblings")
    func coverage() throws {
        var options = SimulationOptions.chaos(for: DynamoSystem.self)
        options.variant = try Variant(parsing: "dynamo[conflicts=version-vectors,n=3,snapshot-bytes=4096]").options
        options.nodes = 5
        let coverage = try SimulationCampaign.run(DynamoSystem.self, seeds: 1...3, options: options).coverage
        for event in [
            ProtocolEvent.hintStored, .hintDelivered, .readRepaired, .replicasCompared, .siblingsKept, .snapshotTaken,
            .recovered,
        ] {
            #expect(coverage[event] > 0, "\(event)")
        }
    }
}
