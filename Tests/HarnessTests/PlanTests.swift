import ProtocolKit
import Testing

@testable import Harness

@Suite("A plan")
struct PlanTests {
    @Test("keeps compared systems side by side and turns their order round in every second repetition")
    func order() throws {
        let plan = try ScenarioFixtures.plan(
            """
            trials:
              - {systems: [raft, unreplicated], clients: [1, 16], repetitions: 2}
              - {systems: mcs, clients: 4}
            """)
        let order = plan.trials.map { "\($0.variant) \($0.clients) r\($0.repetition)" }
        #expect(
            order == [
                "raft 1 r1", "unreplicated 1 r1", "raft 16 r1", "unreplicated 16 r1", "mcs 4 r1",
                "unreplicated 1 r2", "raft 1 r2", "unreplicated 16 r2", "raft 16 r2",
            ])
        #expect(plan.trials.map(\.number) == Array(1...9))
    }

    @Test("is the product of the lists, the last setting varying fastest")
    func product() throws {
        let plan = try ScenarioFixtures.plan(
            "trials: [{systems: raft, nodes: [1, 3], durability: [memory, synced], clients: [1, 2], in-flight: [1, 4]}]"
        )
        #expect(plan.trials.count == 16)
        #expect(
            plan.trials.prefix(5).map { "\($0.nodes)\($0.durability) \($0.clients)x\($0.inFlight)" }
                == ["1memory 1x1", "1memory 1x4", "1memory 2x1", "1memory 2x4", "1synced 1x1"])
    }

    @Test("gives repetitions seeds of their own and compared systems the same one")
    func seeds() throws {
        let plan = try ScenarioFixtures.plan("trials: [{systems: [raft, unreplicated], repetitions: 2, seed: 7}]")
        #expect(plan.trials.map(\.seed) == [7, 7, 8, 8])
        #expect(plan.trials.map(\.workload.seed) == [7, 7, 8, 8])
    }

    @Test("does not multiply a trial by a setting that means nothing to it")
    func irrelevantSettings() throws {
        let plan = try ScenarioFixtures.plan(
            "trials: [{systems: [mcs, ring], durability: [memory, synced], in-flight: [1, 4], clients: [1, 8]}]")
        #expect(plan.trials.map(\.line) == ["mcs, 1 thread", "ring, 10 nodes, 100000 keys", "mcs, 8 threads"])
    }

    @Test("has an open loop where a rate is given and a closed one where none is")
    func arrivals() throws {
        let plan = try ScenarioFixtures.plan(
            """
            trials:
              - {systems: raft, think: 2ms}
              - {systems: raft, rate: [5000, 20k/s], arrival: [constant, poisson]}
              - {systems: raft, rate: 10}
            """)
        #expect(
            plan.trials.map(\.arrival) == [
                .closed(thinkNanoseconds: 2_000_000), .constant(perSecond: 5000), .constant(perSecond: 20_000),
                .poisson(perSecond: 5000), .poisson(perSecond: 20_000), .constant(perSecond: 10),
            ])
    }

    @Test("loads servers that run elsewhere where addresses are given")
    func external() throws {
        let scenario = try Scenario(flags: [(.connect, ["127.0.0.1:7000,127.0.0.1:7001"])])
        let plan = try Plan([scenario], catalogue: .all)
        #expect(plan.trials.map(\.subject) == [.external])
        #expect(plan.trials[0].connect == ["127.0.0.1:7000", "127.0.0.1:7001"])
        #expect(plan.trials[0].nodes == 2)
        #expect(plan.trials[0].variant == "resp")
    }

    @Test("takes about as long as its windows, warm-ups and an allowance")
    func duration() throws {
        let plan = try ScenarioFixtures.plan("trials: [{systems: raft, duration: 10s, warm-up: 2s, repetitions: 3}]")
        #expect(plan.estimatedNanoseconds == 2_000_000_000 + 3 * 13_000_000_000)
        #expect(plan.text.hasSuffix("3 trials, about 41 s"))
    }

    @Test(
        "of too many trials is refused, however it comes to them",
        arguments: [
            "trials: [{systems: raft, seed: [\((1...101).map(String.init).joined(separator: ","))], "
                + "clients: [\((1...100).map(String.init).joined(separator: ","))]}]",
            "trials: [{systems: [raft, unreplicated], clients: [\((1...6).map(String.init).joined(separator: ","))], "
                + "repetitions: 1000}]",
        ])
    func tooLarge(text: String) {
        #expect(ScenarioFixtures.refusal(text)?.contains("more than 10000 trials") == true)
    }

    @Test("names the flag that is wrong")
    func flags() {
        #expect(
            throws: ScenarioError(
                "judge can't be 'maybe': on or off is needed; for example on, off", at: .commandLine("--judge"))
        ) {
            try Scenario(flags: [(.systems, ["raft"]), (.judge, ["maybe"])])
        }
    }

    @Test("obeys flags before the file, and defaults last")
    func precedence() throws {
        var scenario = try ScenarioFile.parse(
            "defaults: {clients: 2, in-flight: 3}\ntrials: [{systems: raft, clients: 5}]", path: "s.yaml")
        try scenario.override(with: [(.inFlight, ["9"]), (.nodes, ["5"])])
        let trial = try #require(try Plan([scenario], catalogue: ScenarioFixtures.catalogue).trials.first)
        #expect([trial.clients, trial.inFlight, trial.nodes] == [5, 9, 5])
    }

    @Test("of a quick look keeps every trial and shortens it")
    func quick() throws {
        var scenario = try ScenarioFile.parse(
            "trials: [{systems: raft, clients: [1, 2], duration: [1s, 2s], repetitions: 5}]", path: "s.yaml")
        scenario.shorten(to: QuickLimits())
        let plan = try Plan([scenario], catalogue: ScenarioFixtures.catalogue)
        #expect(plan.trials.map(\.clients) == [1, 2])
        #expect(plan.trials.map(\.windowNanoseconds) == [300_000_000, 300_000_000])
        #expect(plan.trials.map(\.warmUpNanoseconds) == [100_000_000, 100_000_000])
    }
}

@Suite("Running a plan")
struct PlanRunTests {
    /// Takes down what it is told; used from one thread.
    private final class Log: PlanProgress {
        var lines: [String] = []
        func began(_ plan: Plan) { lines.append("plan \(plan.trials.count)") }
        func began(_ trial: PlannedTrial, of plan: Plan) { lines.append("begin \(trial.number)") }
        func ended(_ trial: PlannedTrial, _ result: Int) { lines.append("end \(result)") }
        func ended() { lines.append("done") }
    }

    private struct Broken: Error {}

    private let plan: Plan

    init() throws {
        plan = try ScenarioFixtures.plan("trials: [{systems: raft, clients: [1, 2, 3]}]")
    }

    @Test("saves every result before the next trial begins")
    func saves() throws {
        let log = Log()
        let run = PlanRun<Int>(perform: { $0.number }, save: { log.lines.append("save \($0)") })
        let outcome = try run.run(plan, interruption: Interruption(), progress: log)
        #expect(outcome.results == [1, 2, 3])
        #expect(!outcome.isInterrupted)
        #expect(
            log.lines == [
                "plan 3", "begin 1", "save 1", "end 1", "begin 2", "save 2", "end 2", "begin 3", "save 3", "end 3",
                "done",
            ])
    }

    @Test("interrupted keeps what was measured, the trial under way included")
    func interrupted() throws {
        let interruption = Interruption()
        let log = Log()
        let run = PlanRun<Int>(
            perform: { trial in
                if trial.number == 2 { interruption.request() }
                return trial.number
            }, save: { log.lines.append("save \($0)") })
        let outcome = try run.run(plan, interruption: interruption, progress: log)
        #expect(outcome.results == [1, 2])
        #expect(outcome.isInterrupted)
        #expect(log.lines.contains("save 2"))
    }

    @Test("stops at a trial that can't be run and says which")
    func failure() throws {
        let run = PlanRun<Int>(
            perform: { trial in
                if trial.number == 2 { throw Broken() }
                return trial.number
            }, save: { _ in })
        let outcome = try run.run(plan, interruption: Interruption(), progress: Log())
        #expect(outcome.results == [1])
        #expect(outcome.failure?.trial.number == 2)
        #expect(outcome.failure?.error is Broken)
    }

    @Test("ends at once where a result can't be kept")
    func unsaved() {
        let run = PlanRun<Int>(perform: { $0.number }, save: { _ in throw Broken() })
        #expect(throws: Broken.self) { try run.run(plan, interruption: Interruption(), progress: Log()) }
    }

    @Test("tells everyone who waits for an interruption, also the one who comes late, once each")
    func handlers() {
        let interruption = Interruption()
        let counts = Counter()
        interruption.onRequest { counts.add(1) }
        #expect(interruption.request())
        #expect(!interruption.request())
        interruption.onRequest { counts.add(10) }
        #expect(counts.value == 11)
    }
}
