import ProtocolKit
import Simulation
import Testing
import Workload

/// A kind of chaos that brings some of a system's planted faults out. The system as it is bears it, with the same seeds.
protocol Ordeal: Sendable {
    /// Who bears it.
    associatedtype System: ClusterSystem
    /// The system's options.
    var variant: String { get }
    /// A few that catch each of the faults.
    var seeds: ClosedRange<UInt64> { get }
    /// Makes a run of the usual chaos one of this kind.
    func strike(_ options: inout SimulationOptions)
}

extension Ordeal {
    /// A run, with a rule left out or none.
    func options(_ mutation: String? = nil) throws -> SimulationOptions {
        var options = SimulationOptions.chaos(for: System.self)
        options.variesBySeed = false
        options.variant = try Variant(parsing: variant).options
        options.mutation = mutation
        strike(&options)
        return options
    }

    /// With the rule left out one of these properties doesn't hold.
    func expectCatch(of mutation: String, by properties: [String]) throws {
        // One seed after the other, so that it is always the same that fails first.
        let summary = try SimulationCampaign.run(
            System.self, seeds: seeds, options: options(mutation), workers: 1, stopsAtFailure: true)
        let failure = try #require(summary.failures.first)
        #expect(failure.brokenProperty.map(properties.contains) == true, "\(failure.outcome)")
    }

    /// Every rule observed, everything holds.
    func expectPass() throws {
        let summary = try SimulationCampaign.run(System.self, seeds: seeds, options: options())
        #expect(
            summary.passed == seeds.count,
            "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
    }
}

extension FaultRates.Rate {
    /// In milliseconds: the mean time between strikes, and how long they last.
    static func every(_ interval: UInt64, lasting duration: ClosedRange<UInt64> = 0...0) -> FaultRates.Rate {
        FaultRates.Rate(
            every: .milliseconds(interval),
            lasting: .milliseconds(duration.lowerBound)...(.milliseconds(duration.upperBound)))
    }
}

extension SimulationOptions {
    /// Messages between nodes take so long that elections overlap.
    mutating func slowNetwork() {
        network.delay = .exponential(minimum: .microseconds(50), mean: .milliseconds(3), maximum: .milliseconds(30))
    }

    /// Many clients with little patience read much, so that some stay with an old leader and some find the new one.
    mutating func askOften(clients count: Int = 8, reads share: Int = 90) {
        clients = count
        usersPerClient = 1
        operations = 1_000
        operationTimeoutNanoseconds = .milliseconds(60)
        thinkNanoseconds = .milliseconds(8)
        workload.keyCount = 2
        workload.mix = .reads(share)
    }
}

extension OperationMix {
    /// So many reads in a hundred operations; the others are writes.
    static func reads(_ share: Int) -> OperationMix {
        guard let mix = try? OperationMix(parsing: "get=\(share),put=\(100 - share)") else {
            preconditionFailure("\(share) in a hundred make no mix")
        }
        return mix
    }
}
