import ProtocolKit
import Simulation
import Testing

@Suite("Faults of disks")
struct DiskFaultTests {
    private func script(_ faults: (UInt64, String)...) throws -> FaultPlan {
        .script(try faults.map { ScheduledFault(at: .milliseconds($0), try Fault(parsing: $1)) })
    }

    private func run(_ faults: FaultPlan, mutation: String? = nil) throws -> SimulationResult {
        var options = SimulationOptions(for: MarkSystem.self)
        options.faults = faults
        options.mutation = mutation
        options.traceLimit = 1 << 22
        return try Simulation(MarkSystem.self, options: options).run()
    }

    @Test("a torn write, a lost suffix, a failed sync and a full disk stop a node, which comes back whole")
    func stops() throws {
        let result = try run(
            script(
                (50, "torn write 0"), (60, "restart 0"), (100, "lost suffix 1"), (110, "restart 1"),
                (150, "sync error 2"), (170, "restart 2"), (200, "disk full 0"), (280, "restart 0"),
                (290, "disk free 0"), (291, "restart 0")))
        #expect(result.outcome == .passed)
        #expect(result.coverage.crashes == 4)
        #expect(result.coverage.restarts == 4)
        #expect(result.coverage.stopsForDisk == 2)
        #expect(result.coverage.unsyncedBytesLost > 0)
        for line in ["n2 stops: sync failed", "n0 stops: no space left", "n0 doesn't start: no space left"] {
            #expect(result.trace.contains(line), "\(line)")
        }
    }

    @Test(
        "a node that finds damage doesn't start, which is no violation, and is replaced",
        arguments: ["bit flip", "misdirected write"])
    func damage(kind: String) throws {
        let result = try run(script((100, "\(kind) 1"), (120, "kill 1"), (140, "restart 1")))
        #expect(result.outcome == .passed)
        #expect(result.coverage.disksDamaged == 1)
        #expect(result.coverage.corruptionsDetected == 1)
        #expect(result.detected.map(\.node) == [NodeID(1)])
        #expect(result.detected.first?.reason.contains("at byte") == true)
        // Once the faults end it is started with an empty disk.
        #expect(result.coverage.replacements == 1)
        #expect(result.halts.isEmpty)
    }

    @Test("where nothing can be replaced, a damaged node stays down, and too many of them show nothing")
    func unreplaceable() throws {
        var options = SimulationOptions(for: TallySystem.self)
        options.faults = try script((100, "bit flip 1"), (120, "kill 1"), (140, "restart 1"), (150, "wipe 1"))
        let result = try Simulation(TallySystem.self, options: options).run()
        #expect(result.coverage.corruptionsDetected == 1)
        #expect(result.coverage.replacements == 0)
        #expect(result.outcome == .unknown("more nodes are lost for good than can be done without"))
    }

    @Test("a wiped node is told that it is a replacement")
    func wipe() throws {
        let result = try run(script((100, "wipe 2"), (150, "restart 2")))
        #expect(result.outcome == .passed)
        #expect(result.coverage.replacements == 1)
        #expect(result.trace.contains("isReplacement: true"))
    }

    @Test("a replacement that counts at once is caught")
    func replacementAnswers() throws {
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        var rates = FaultRates()
        rates[.wipe] = FaultRates.Rate(every: .milliseconds(100), lasting: .milliseconds(1)...(.milliseconds(20)))
        rates[.partition] = FaultRates.Rate(
            every: .milliseconds(100), lasting: .milliseconds(20)...(.milliseconds(200)))
        options.faults = .random(rates, swarm: false)
        options.variesBySeed = false
        options.operations = 200
        #expect(try SimulationCampaign.run(MarkSystem.self, seeds: 1...20, options: options).failureCount == 0)
        options.mutation = "replacement-answers"
        let summary = try SimulationCampaign.run(
            MarkSystem.self, seeds: 1...20, options: options, stopsAtFailure: true)
        #expect(summary.failures.first?.brokenProperty == "marks")
    }

    @Test("a runtime that doesn't look at checksums is caught")
    func ignoredChecksums() throws {
        var options = SimulationOptions.chaos(for: MarkSystem.self)
        var rates = FaultRates()
        rates[.bitFlip] = FaultRates.Rate(every: .milliseconds(200), lasting: .milliseconds(1)...(.milliseconds(50)))
        options.faults = .random(rates, swarm: false)
        options.operations = 200
        let sound = try SimulationCampaign.run(MarkSystem.self, seeds: 1...10, options: options)
        #expect(sound.failureCount == 0)
        #expect(sound.coverage.corruptionsDetected > 10)
        options.disk.ignoresChecksums = true
        let summary = try SimulationCampaign.run(
            MarkSystem.self, seeds: 1...10, options: options, stopsAtFailure: true)
        #expect(summary.failures.first?.brokenProperty == "marks are real")
        #expect(summary.coverage.corruptionsDetected == 0)
    }

    @Test("in memory nodes crash only where they can be replaced, and buffered writes survive the process")
    func durability() throws {
        var options = SimulationOptions.chaos(for: TallySystem.self)
        options.durability = .memory
        let fixed = try SimulationCampaign.run(TallySystem.self, seeds: 1...20, options: options)
        #expect(fixed.passed == 20)
        #expect(fixed.coverage.crashes == 0)
        options.durability = .buffered
        let buffered = try SimulationCampaign.run(TallySystem.self, seeds: 1...20, options: options)
        #expect(buffered.passed == 20)
        #expect(buffered.coverage.crashes > 20)
        #expect(buffered.coverage.unsyncedBytesLost == 0)
        var replaced = SimulationOptions.chaos(for: MarkSystem.self)
        replaced.durability = .memory
        replaced.operations = 200
        let memory = try SimulationCampaign.run(MarkSystem.self, seeds: 1...20, options: replaced)
        #expect(memory.passed == 20, "\(memory.failures.first.map { "\($0.seed) \($0.outcome)" } ?? "")")
        #expect(memory.coverage.crashes > 20)
        #expect(memory.coverage.replacements > 20)
    }
}
