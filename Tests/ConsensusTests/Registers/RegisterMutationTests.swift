import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Faults of every kind in every seed, the whole cluster losing power often, disks slow enough that a crash finds
/// something unsynced, and few keys.
private func harsh<System: ClusterSystem>(_ system: System.Type, _ variant: String, nodes: Int) throws
    -> SimulationOptions
{
    var options = SimulationOptions.chaos(for: system)
    options.variant = try Variant(parsing: variant).options
    options.nodes = nodes
    options.workload.keyCount = 2
    var rates = FaultRates.chaos
    rates[.blackout] = FaultRates.Rate(every: .milliseconds(400), lasting: .milliseconds(5)...(.milliseconds(100)))
    options.faults = .random(rates, swarm: false)
    options.disk.maximumSyncNanoseconds = .milliseconds(40)
    options.network.duplication = 0.05
    return options
}

/// Every planted fault is seen by chance under random faults, or by a schedule written out by hand (``ABDReplicaTests``,
/// ``ABDReplacementTests``). The unmutated protocol passes the same seeds and schedules.
@Suite("abd's planted faults")
struct ABDMutationTests {
    @Test(
        "a planted fault is caught by random faults within so many seeds",
        arguments: [
            (RegisterMutation.skipWriteBack, "abd", 3, 4), (.skipSync, "abd", 3, 10), (.smallQuorum, "abd", 3, 1),
            (.overwriteNewer, "abd", 3, 4), (.forgetIncarnation, "abd", 3, 30), (.forgetCounter, "abd", 3, 30),
            (.forgetWriter, "abd", 3, 4), (.countTwice, "abd", 5, 10),
            (.assumeDurable, "abd[reads=one-phase]", 3, 30),
        ])
    func caught(mutation: RegisterMutation, variant: String, nodes: Int, seeds: UInt64) throws {
        var options = try harsh(ABDSystem.self, variant, nodes: nodes)
        options.mutation = mutation.rawValue
        let summary = try SimulationCampaign.run(
            ABDSystem.self, seeds: 1...seeds, options: options, stopsAtFailure: true)
        #expect(summary.failureCount > 0)
    }

    @Test(
        "the protocol as it is passes the same seeds",
        arguments: [("abd", 3, 30), ("abd", 5, 10), ("abd[reads=one-phase]", 3, 30)])
    func unmutated(variant: String, nodes: Int, seeds: UInt64) throws {
        let summary = try SimulationCampaign.run(
            ABDSystem.self, seeds: 1...seeds, options: harsh(ABDSystem.self, variant, nodes: nodes))
        #expect(
            summary.passed == Int(seeds), "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
    }
}

@Suite("voting's planted faults")
struct VotingMutationTests {
    @Test(
        "a planted fault is caught by random faults within so many seeds",
        arguments: [
            (RegisterMutation.countRepresentatives, "voting[weights=3/1/1]", 10), (.narrowRead, "voting", 2),
            (.narrowWrite, "voting", 2), (.ownVersion, "voting", 4), (.skipSync, "voting", 10),
            (.acknowledgeBeforeQuorum, "voting", 2), (.overwriteNewer, "voting", 4),
            (.staleWriteBack, "voting[write-back=on]", 4), (.forgetWriter, "voting", 4),
        ])
    func caught(mutation: RegisterMutation, variant: String, seeds: UInt64) throws {
        var options = try harsh(VotingSystem.self, variant, nodes: 3)
        options.mutation = mutation.rawValue
        let summary = try SimulationCampaign.run(
            VotingSystem.self, seeds: 1...seeds, options: options, stopsAtFailure: true)
        #expect(summary.failureCount > 0)
    }

    @Test(
        "the protocol as it is passes the same seeds",
        arguments: [("voting", 10), ("voting[weights=3/1/1]", 10), ("voting[write-back=on]", 4)])
    func unmutated(variant: String, seeds: UInt64) throws {
        let summary = try SimulationCampaign.run(
            VotingSystem.self, seeds: 1...seeds, options: harsh(VotingSystem.self, variant, nodes: 3))
        #expect(
            summary.passed == Int(seeds), "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
    }
}
