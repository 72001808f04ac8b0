import ProtocolKit
import Simulation
import Testing

@testable import Locks

@Suite("Lock server, simulated")
struct LockSimulationTests {
    /// A load that brings out some of the rules.
    enum Shape: CaseIterable {
        /// Holds well within their leases.
        case ordinary
        /// Every hold outlasts its lease.
        case overlong
        /// As overlong, with messages that come late: what a holder writes after its lease comes after the next holder's.
        case late
        /// Holds outlast crashes: locks survive their connections.
        case surviving

        func options(mutation: String? = nil) -> SimulationOptions {
            var options = SimulationOptions.chaos(for: LockServerSystem.self)
            options.mutation = mutation
            options.operations = 300
            options.workload.keyCount = 2
            options.thinkNanoseconds = .milliseconds(5)
            switch self {
            case .ordinary:
                options.workload.holdNanoseconds = .milliseconds(3)
                options.workload.leaseNanoseconds = .milliseconds(200)
            case .overlong, .late:
                options.workload.holdNanoseconds = .milliseconds(60)
                options.workload.leaseNanoseconds = .milliseconds(30)
                guard self == .late else { break }
                options.network.delay = .uniform(.microseconds(100)...(.milliseconds(20)))
                options.variesBySeed = false
            case .surviving:
                options.variant = VariantOptions([("disconnect", "lease")])
                options.workload.holdNanoseconds = .milliseconds(80)
                options.workload.leaseNanoseconds = .milliseconds(400)
                var rates = FaultRates()
                rates[.crash] = .init(every: .milliseconds(300), lasting: .milliseconds(1)...(.milliseconds(20)))
                options.faults = .random(rates, swarm: false)
            }
            return options
        }
    }

    static let seeds: ClosedRange<UInt64> = 1...40

    @Test("keeps every property under faults", arguments: Shape.allCases)
    func holds(shape: Shape) throws {
        let summary = try SimulationCampaign.run(
            LockServerSystem.self, seeds: Self.seeds, options: shape.options(), workers: 2)
        #expect(summary.failureCount == 0, "\(summary.failures.first.map { "seed \($0.seed): \($0.outcome)" } ?? "")")
        #expect(summary.passed >= summary.seeds * 3 / 4, "\(summary.unknown.first?.outcome.description ?? "")")
        #expect(summary.coverage[.lockGranted] > 0 && summary.coverage.crashes > 0)
        if shape == .overlong { #expect(summary.coverage[.leaseExpired] > 0) }
    }

    @Test(
        "notices each planted fault",
        arguments: [
            ("grant-twice", Shape.overlong), ("tokens-in-memory", .ordinary), ("ignore-owner", .overlong),
            ("lifo", .ordinary), ("no-wait-after-restart", .surviving), ("no-fence", .late),
        ])
    func mutation(name: String, shape: Shape) throws {
        let summary = try SimulationCampaign.run(
            LockServerSystem.self, seeds: Self.seeds, options: shape.options(mutation: name), workers: 2,
            stopsAtFailure: true)
        #expect(summary.failureCount > 0, "\(name) survived \(summary.seeds) seeds")
    }

    @Test("costs exactly what its doc comment says")
    func costs() throws {
        let rows = try CostAudit.run(LockServerSystem.self, nodes: [1])
        #expect(rows.map(\.expected.kind) == LockService.kinds)
        for row in rows { #expect(row.isEqual, "\(row)") }
    }
}
