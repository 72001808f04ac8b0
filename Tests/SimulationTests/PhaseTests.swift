import ProtocolKit
import Simulation
import Testing

@Suite("The phases of a run")
struct PhaseTests {
    private func explain(_ summary: SimulationCampaign.Summary) -> Comment {
        "\((summary.failures + summary.unknown).first.map { "seed \($0.seed): \($0.outcome)" } ?? "")"
    }

    @Test("a system that bears losses passes under every fault, healed for all or for a quorum", arguments: [3, 5])
    func quorums(nodes: Int) throws {
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        options.nodes = nodes
        options.operations = 150
        let summary = try SimulationCampaign.run(MarkSystem.self, seeds: 1...60, options: options)
        #expect(summary.passed == 60, explain(summary))
        let coverage = summary.coverage
        #expect(coverage.quorumsHealed > 10)
        #expect(coverage.convergences == 60)
        #expect(coverage.corruptionsDetected > 0)
        #expect(coverage.replacements > 0)
        #expect(coverage.writesTorn > 0)
        #expect(coverage.stopsForDisk > 5)
        #expect(coverage.clogs > 20)
    }

    @Test("replicas that never come to agree are a violation")
    func convergence() throws {
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        options.operations = 100
        options.mutation = "never-gossip"
        let summary = try SimulationCampaign.run(
            MarkSystem.self, seeds: 1...10, options: options, stopsAtFailure: true)
        let result = try #require(summary.failures.first)
        #expect(result.brokenProperty == "convergence")
        #expect(result.outcome.description.contains("digest"), "\(result.outcome)")
    }

    @Test("seeds draw networks, faults and rare options of their own, the same each time")
    func swarm() {
        let options = SimulationOptions.chaos(for: MarkSystem.self)
        var delays: [DelayDistribution] = []
        var bursts: [String] = []
        for seed in 1...20 as ClosedRange<UInt64> {
            var options = options
            options.seed = seed
            let drawn = options.drawn(for: MarkSystem.self)
            #expect(drawn.network == options.drawn(for: MarkSystem.self).network)
            if !delays.contains(drawn.network.delay) { delays.append(drawn.network.delay) }
            if let burst = drawn.variant["burst"], !bursts.contains(burst) { bursts.append(burst) }
            // What the user has chosen stays.
            options.variant = VariantOptions([("burst", "7")])
            #expect(options.drawn(for: MarkSystem.self).variant["burst"] == "7")
        }
        #expect(delays.count == 20)
        #expect(bursts.count == 4)
    }

    @Test("a script of the faults that struck lets the same run happen again", arguments: [3, 8, 15] as [UInt64])
    func script(seed: UInt64) throws {
        var options = SimulationOptions.chaos(for: MarkSystem.self, seed: seed)
        options.operations = 150
        let first = try Simulation(MarkSystem.self, options: options).run()
        #expect(first.faults.count > 3)
        let text = FaultScript.write(first.faults)
        let again = try Simulation(MarkSystem.self, options: options.replaying(FaultScript.read(text))).run()
        #expect(again.steps == first.steps)
        #expect(again.virtualNanoseconds == first.virtualNanoseconds)
        #expect(again.faults == first.faults)
        #expect(again.coverage == first.coverage)
    }

    @Test("a clock shows its skew and drift, never runs backwards and finds the time of its deadlines")
    func clocks() throws {
        var options = SimulationOptions(for: MarkSystem.self)
        options.faults = .script([
            ScheduledFault(at: .milliseconds(50), .clockSkew(NodeID(0), nanoseconds: 5_000_000_000)),
            ScheduledFault(at: .milliseconds(60), .clockJump(NodeID(1), nanoseconds: -2_000_000_000)),
        ])
        options.clocks.driftPartsPerMillion = 500
        options.clocks.skewNanoseconds = .milliseconds(100)
        #expect(try Simulation(MarkSystem.self, options: options).run().outcome == .passed)
    }
}
