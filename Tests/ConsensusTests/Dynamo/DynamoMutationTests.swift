import ByteCoding
import ProtocolKit
import Simulation
import Testing
import Workload

@testable import Consensus

/// Every planted fault is seen under random faults, and the protocol as it is passes the same seeds with the same options.
@Suite("Dynamo's planted faults")
struct DynamoMutationTests {
    /// A planted fault, the variant in which it shows, and the property that it breaks.
    struct Case: Sendable, CustomTestStringConvertible {
        let mutation: DynamoMutation
        let variant: String
        let property: String

        var testDescription: String { mutation.rawValue }
    }

    static let cases = [
        Case(mutation: .dropHint, variant: "dynamo", property: "hint-delivery"),
        Case(mutation: .acknowledgeBeforeW, variant: "dynamo", property: "acknowledged-writes"),
        Case(mutation: .skipSync, variant: "dynamo", property: "acknowledged-writes"),
        Case(
            mutation: .reuseVersionCounter, variant: "dynamo[conflicts=version-vectors]",
            property: "version-uniqueness"),
        Case(mutation: .overwriteNewer, variant: "dynamo", property: "replica-order"),
        Case(mutation: .forgetSibling, variant: "dynamo[conflicts=version-vectors]", property: "no-lost-update"),
        Case(mutation: .ignoreContext, variant: "dynamo[conflicts=version-vectors]", property: "sibling-concurrency"),
        Case(mutation: .dropTombstoneEarly, variant: "dynamo[hints=off]", property: "replica-order"),
    ]

    private static let seeds: ClosedRange<UInt64> = 1...10

    /// Faults of every kind in every seed, and disks slow enough that a crash finds something unsynced.
    private static func harsh(_ variant: String) throws -> SimulationOptions {
        var options = SimulationOptions.chaos(for: DynamoSystem.self)
        options.variant = try Variant(parsing: variant).options
        options.workload.mix = try OperationMix(parsing: "get=40,put=45,delete=15")
        var rates = FaultRates.chaos
        rates[.blackout] = FaultRates.Rate(every: .milliseconds(400), lasting: .milliseconds(5)...(.milliseconds(100)))
        options.faults = .random(rates, swarm: false)
        options.disk.maximumSyncNanoseconds = .milliseconds(40)
        return options
    }

    @Test("a planted fault is caught within ten seeds", arguments: cases)
    func caught(planted: Case) throws {
        var options = try Self.harsh(planted.variant)
        options.mutation = planted.mutation.rawValue
        let summary = try SimulationCampaign.run(
            DynamoSystem.self, seeds: Self.seeds, options: options, stopsAtFailure: true)
        let outcome = try #require(summary.failures.first).outcome
        #expect(outcome.description.hasPrefix("violated: \(planted.property)"), "\(outcome)")
    }

    @Test("the protocol as it is passes the same seeds", arguments: Set(cases.map(\.variant)).sorted())
    func unmutated(variant: String) throws {
        let summary = try SimulationCampaign.run(
            DynamoSystem.self, seeds: Self.seeds, options: Self.harsh(variant))
        #expect(summary.passed == 10, "\((summary.failures + summary.unknown).map { "\($0.seed) \($0.outcome)" })")
    }

    @Test(
        "replicas that never compare half of the partitions stay apart there",
        arguments: [nil, DynamoMutation.skipRange])
    func skipRange(mutation: DynamoMutation?) throws {
        var options = DynamoOptions()
        options.hasHints = false
        options.hasReadRepair = false
        options.mutation = mutation
        let cluster = DynamoCluster(3, options: options)
        cluster.stop(2)
        for number in 0..<20 { _ = cluster.call(.set(Bytes("k\(number)"), "v"), at: 0) }
        cluster.start(2)
        cluster.wait(.seconds(10))
        let digests = try (0..<3).map { try #require(cluster.nodes[$0]).replicaState.digest }
        #expect((Set(digests).count == 1) == (mutation == nil))
    }
}
