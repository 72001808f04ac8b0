import Foundation
import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Seeds a case; `COORDBENCH_SEEDS` asks for more than the fixed few.
private let seedCount = ProcessInfo.processInfo.environment["COORDBENCH_SEEDS"].flatMap(UInt64.init) ?? 6

@Suite("Raft in the simulator")
struct RaftSimulationTests {
    private func options(_ variant: String, nodes: Int = 3) throws -> SimulationOptions {
        var options = SimulationOptions.chaos(for: RaftSystem.self)
        options.variant = try Variant(parsing: variant).options
        options.nodes = nodes
        return options
    }

    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        let wrong = summary.failures + summary.unknown
        return "\(wrong.prefix(3).map { "seed \($0.seed): \($0.outcome)" })"
    }

    @Test(
        "every variant is safe under all faults and lives once they are healed",
        arguments: [
            ("raft", 3), ("raft[reads=log]", 3), ("raft[reads=lease]", 3), ("raft", 5), ("raft", 1),
            ("raft[batch=1,pipeline=1]", 3), ("raft[parallel=off]", 3), ("raft[pre-vote=off,check-quorum=off]", 3),
            ("raft[snapshot-bytes=4096]", 3), ("raft[snapshot-bytes=4096,reads=lease,sessions=on]", 5),
        ])
    func survives(variant: String, nodes: Int) throws {
        let summary = try SimulationCampaign.run(
            RaftSystem.self, seeds: 1...seedCount, options: options(variant, nodes: nodes))
        #expect(summary.passed == Int(seedCount), explain(summary))
        #expect(summary.coverage.crashes > 0)
        #expect(summary.answered > 100 * Int(seedCount))
    }
}
