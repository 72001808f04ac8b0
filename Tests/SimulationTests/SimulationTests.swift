import ProtocolKit
import Simulation
import Testing

@Suite("Simulation")
struct SimulationTests {
    @Test("a correct system passes without faults", arguments: [1, 2])
    func calm(nodes: Int) throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.nodes = nodes
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.outcome == .passed)
        #expect(result.answered >= 500 + 1 + 1)
        #expect(result.failed == 0)
        #expect(result.indeterminate == 0)
        #expect(result.coverage.crashes == 0)
        #expect(result.coverage[.snapshotTaken] > 0)
    }

    @Test("a correct system passes under every fault, and the faults happen", arguments: [1, 2])
    func chaos(nodes: Int) throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.nodes = nodes
        let summary = try SimulationCampaign.run(TallySystem.self, seeds: 1...60, options: options)
        #expect(summary.passed == 60, "\(summary.failures.first.map { "\($0.seed) \($0.outcome)" } ?? "")")
        #expect(summary.seeds == 60)
        let coverage = summary.coverage
        #expect(coverage.crashes > 60)
        #expect(coverage.restarts > 60)
        #expect(coverage.pauses > 20)
        #expect(coverage.partitions > 20)
        #expect(coverage.clientsDisconnected > 20)
        #expect(coverage.unsyncedBytesLost > 0)
        #expect(coverage.batchedTurns > 100)
        #expect(coverage[.recovered] == coverage.restarts)
        if nodes > 1 {
            #expect(coverage.messagesDropped > 100)
            #expect(coverage.messagesDuplicated > 100)
            #expect(coverage.messagesReordered > 100)
            #expect(coverage.linksBroken > 20)
        }
    }

    @Test(
        "a planted fault is caught",
        arguments: [
            "answer-before-sync", "count-again", "forget-snapshot", "never-resend", "answer-twice", "bad-coding",
            "skip-index",
        ])
    func planted(mutation: String) throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.mutation = mutation
        let summary = try SimulationCampaign.run(
            TallySystem.self, seeds: 1...60, options: options, stopsAtFailure: true)
        let outcome = try #require(summary.failures.first).outcome.description
        let expected = [
            "answer-before-sync": "counts:", "count-again": "counts:", "forget-snapshot": "counts:",
            "never-resend": "liveness:", "answer-twice": "contract:", "bad-coding": "codec:",
            "skip-index": "contract:",
        ]
        #expect(outcome.contains(try #require(expected[mutation])), "\(outcome)")
    }

    @Test("a disk that lies about syncs is caught")
    func lyingDisk() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.disk.lieAboutSync = true
        let summary = try SimulationCampaign.run(
            TallySystem.self, seeds: 1...60, options: options, stopsAtFailure: true)
        #expect(summary.failures.first?.outcome.description.contains("counts:") == true)
    }

    @Test("equal seeds give equal traces and other seeds others")
    func replay() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self, seed: 7)
        options.traceLimit = 1 << 22
        let first = try Simulation(TallySystem.self, options: options).run()
        let second = try Simulation(TallySystem.self, options: options).run()
        #expect(first.trace == second.trace)
        #expect(first.trace.count > 100_000)
        #expect(first.fingerprint == second.fingerprint)
        options.seed = 8
        let other = try Simulation(TallySystem.self, options: options).run()
        #expect(other.fingerprint != first.fingerprint)
        #expect(other.trace != first.trace)
    }

    @Test("the trace changes nothing and keeps to its limit")
    func traceLimit() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self, seed: 3)
        let silent = try Simulation(TallySystem.self, options: options).run()
        options.traceLimit = 10_000
        let traced = try Simulation(TallySystem.self, options: options).run()
        #expect(silent.fingerprint == traced.fingerprint)
        #expect(silent.trace.isEmpty)
        #expect(traced.trace.utf8.count <= 10_000 + 1_000)
        #expect(traced.trace.contains("role:store"))
    }

    @Test("a planted fault that doesn't exist is refused with those that do")
    func unknownMutation() {
        var options = SimulationOptions(for: TallySystem.self)
        options.mutation = "nonsense"
        #expect(throws: OptionError.self) { try Simulation(TallySystem.self, options: options) }
    }

    @Test("the step limit ends a run without a pass")
    func stepLimit() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.stepLimit = 100
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.steps >= 100 && result.steps < 110)
        guard case .unknown = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
    }

    @Test("scripted faults happen at their times")
    func script() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.faults = .script([
            ScheduledFault(at: .milliseconds(20), .kill(NodeID(1))),
            ScheduledFault(at: .milliseconds(60), .restart(NodeID(1))),
            ScheduledFault(at: .milliseconds(100), .partition([NodeID(1)], clients: [])),
            ScheduledFault(at: .milliseconds(150), .heal),
            ScheduledFault(at: .milliseconds(160), .pause(NodeID(0))),
        ])
        options.traceLimit = 1 << 22
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.outcome == .passed)
        #expect(result.coverage.crashes == 1)
        #expect(result.coverage.restarts == 1)
        #expect(result.coverage.partitions == 1)
        #expect(result.coverage.pauses == 1)
        for line in ["** kill 1", "** restart 1", "** partition 1|rest", "linkDown(", "linkUp("] {
            #expect(result.trace.contains(line), "\(line)")
        }
    }

    @Test("a campaign's summary doesn't depend on the number of threads")
    func workers() throws {
        let options = SimulationOptions.chaos(for: TallySystem.self)
        let one = try SimulationCampaign.run(TallySystem.self, seeds: 1...8, options: options, workers: 1)
        let three = try SimulationCampaign.run(TallySystem.self, seeds: 1...8, options: options, workers: 3)
        #expect(one.steps == three.steps)
        #expect(one.coverage == three.coverage)
        #expect(one.seeds == 8)
        #expect(three.seeds == 8)
    }
}
