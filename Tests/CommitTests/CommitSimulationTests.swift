import ProtocolKit
import Simulation
import Testing

@testable import Commit

@Suite("Two-phase commit, simulated")
struct CommitSimulationTests {
    static func options(_ variant: [(name: String, value: String)] = [], mutation: String? = nil) throws
        -> SimulationOptions
    {
        var options = SimulationOptions.chaos(for: TwoPhaseCommitSystem.self)
        options.variant = VariantOptions([("vote-timeout", "200"), ("checkpoint", "50")] + variant)
        options.mutation = mutation
        options.operations = 300
        options.workload.keyCount = 24
        options.workload.mix = try .init(parsing: "transfer=85,audit=15")
        options.thinkNanoseconds = .milliseconds(10)
        return options
    }

    static let seeds: ClosedRange<UInt64> = 1...40

    @Test("keeps every property under faults", arguments: ["wait-die", "no-wait"])
    func holds(locking: String) throws {
        let summary = try SimulationCampaign.run(
            TwoPhaseCommitSystem.self, seeds: Self.seeds, options: try Self.options([("locking", locking)]), workers: 2
        )
        #expect(summary.failureCount == 0, "\(summary.failures.first.map { "seed \($0.seed): \($0.outcome)" } ?? "")")
        #expect(summary.passed >= summary.seeds / 2, "\(summary.unknown.first?.outcome.description ?? "")")
        let coverage = summary.coverage
        #expect(coverage.crashes > 0 && coverage.unsyncedBytesLost > 0)
        #expect(coverage[.transactionCommitted] > 0 && coverage[.transactionAborted] > 0)
        #expect(coverage[.outcomeInquired] > 0 && coverage[.snapshotTaken] > 0 && coverage[.recovered] > 0)
    }

    @Test("notices each planted fault", arguments: TwoPhaseCommitSystem.descriptor.mutations.map(\.name))
    func mutation(name: String) throws {
        let summary = try SimulationCampaign.run(
            TwoPhaseCommitSystem.self, seeds: Self.seeds, options: try Self.options(mutation: name), workers: 2,
            stopsAtFailure: true)
        #expect(summary.failureCount > 0, "\(name) survived \(summary.seeds) seeds")
        print("\(name): \(summary.failures.first.map { "seed \($0.seed): \($0.outcome)" } ?? "not found")")
    }
}
