import ProtocolKit
import Simulation
import Testing

@testable import Commit

@Suite("Two-phase commit, simulated")
struct CommitSimulationTests {
    /// A load that brings out some of the rules.
    enum Shape: String, CaseIterable {
        /// Every kind of fault, and accounts enough that the balances tell which transfers without an answer happened.
        case chaos
        /// The same on a few accounts: many lock conflicts, and empty accounts.
        case crowded
        /// Crashes only, often during a sync, of which disks take long.
        case crashes

        func options(_ variant: [(name: String, value: String)] = [], mutation: String? = nil) throws
            -> SimulationOptions
        {
            var options = SimulationOptions.chaos(for: TwoPhaseCommitSystem.self)
            options.variant = VariantOptions([("vote-timeout", "200"), ("checkpoint", "50")] + variant)
            options.mutation = mutation
            options.operations = 150
            options.workload.keyCount = self == .crowded ? 8 : 600
            options.workload.mix = try .init(parsing: "transfer=85,audit=15")
            options.thinkNanoseconds = .milliseconds(10)
            if self == .crashes {
                var rates = FaultRates()
                rates[.crash] = .init(every: .milliseconds(40), lasting: .milliseconds(1)...(.milliseconds(60)))
                options.faults = .random(rates, swarm: false)
                options.disk.minimumSyncNanoseconds = .milliseconds(1)
                options.disk.maximumSyncNanoseconds = .milliseconds(10)
            }
            return options
        }
    }

    /// Of these many are run without a fault; a planted one is looked for in more.
    static let seeds: ClosedRange<UInt64> = 1...60
    static let mostSeeds: ClosedRange<UInt64> = 1...800

    @Test(
        "keeps every property under faults",
        arguments: [("wait-die", Shape.chaos), ("wait-die", .crowded), ("wait-die", .crashes), ("no-wait", .crowded)])
    func holds(locking: String, shape: Shape) throws {
        let summary = try SimulationCampaign.run(
            TwoPhaseCommitSystem.self, seeds: Self.seeds, options: try shape.options([("locking", locking)]),
            workers: 2)
        #expect(summary.failureCount == 0, "\(summary.failures.first.map { "seed \($0.seed): \($0.outcome)" } ?? "")")
        if shape != .crowded {
            #expect(summary.passed >= summary.seeds / 2, "\(summary.unknown.first?.outcome.description ?? "")")
        }
        let coverage = summary.coverage
        #expect(coverage.crashes > 0 && coverage.unsyncedBytesLost > 0)
        #expect(coverage[.transactionCommitted] > 0 && coverage[.transactionAborted] > 0)
        #expect(coverage[.outcomeInquired] > 0 && coverage[.snapshotTaken] > 0 && coverage[.recovered] > 0)
    }

    @Test(
        "notices each planted fault",
        arguments: [
            ("commit-on-missing-vote", Shape.chaos), ("forget-prepare", .crashes), ("reply-before-force", .crashes),
            ("presume-commit-on-inquiry", .chaos), ("release-before-decision", .crowded),
        ])
    func mutation(name: String, shape: Shape) throws {
        let summary = try SimulationCampaign.run(
            TwoPhaseCommitSystem.self, seeds: Self.mostSeeds, options: try shape.options(mutation: name), workers: 2,
            stopsAtFailure: true)
        #expect(summary.failureCount > 0, "\(name) survived \(summary.seeds) seeds")
    }

    @Test("costs exactly what the papers say", arguments: [2, 3, 4, 6, 9])
    func costs(nodes: Int) throws {
        let rows = try CostAudit.run(TwoPhaseCommitSystem.self, nodes: [nodes])
        #expect(rows.count == 2)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
