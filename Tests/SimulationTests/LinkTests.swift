import ProtocolKit
import Simulation
import Testing

@Suite("Simulated links")
struct LinkTests {
    /// Faults that TCP lives through with a notice to both ends.
    private var options: SimulationOptions {
        var rates = FaultRates.chaos
        rates[.oneWay] = .never
        var options = SimulationOptions(for: TallySystem.self)
        options.variant = VariantOptions([("streams", "on")])
        options.faults = .random(rates, swarm: false)
        return options
    }

    @Test("links are TCP's: nothing is lost, repeated or overtaken without a notice")
    func ordered() throws {
        let summary = try SimulationCampaign.run(TallySystem.self, seeds: 1...40, options: options)
        #expect(summary.passed == 40, "\(summary.failures.first.map { "\($0.seed) \($0.outcome)" } ?? "")")
        #expect(summary.coverage.linksBroken > 100)
        #expect(summary.coverage.messagesDropped > 100)
    }

    @Test(
        "loss, duplication and reordering are seen by a protocol that counts",
        arguments: ["loss", "duplicate", "reorder"])
    func unordered(kind: String) throws {
        var options = options
        options.faults = .none
        switch kind {
        case "loss": options.network.loss = 0.01
        case "duplicate": options.network.duplication = 0.01
        default: options.network.reordering = 0.05
        }
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.outcome.description.contains("halted"))
        let coverage = result.coverage
        if kind == "loss" { #expect(coverage.messagesDropped > 0) }
        #expect((coverage.messagesDuplicated > 0) == (kind == "duplicate"))
        #expect((coverage.messagesReordered > 0) == (kind == "reorder"))
    }
}
