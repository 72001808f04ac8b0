import Testing
import Workload

@testable import Harness

@Suite("Groups of users")
struct PopulationTests {
    private static func text(_ more: String) -> String { "trials:\n  - systems: raft\n    \(more)\n" }

    @Test("have a mix, keys and a pause of their own, and are counted together")
    func planned() throws {
        let plan = try #require(
            try ScenarioFixtures.plan(
                Self.text("population: ['12 mix get keys zipfian:0.99', '4 mix put=1,get=1 think exponential:5ms']")
            )
            .trials.first)
        #expect(plan.clients == 16)
        #expect(plan.workload.mix == (try OperationMix(parsing: "get=8750,put=1250")))
        #expect(plan.load(ofClient: 11).mix == (try OperationMix(parsing: "get")))
        #expect(plan.load(ofClient: 11).keys == (try KeyDistribution(parsing: "zipfian:0.99")))
        #expect(plan.load(ofClient: 12).mix == (try OperationMix(parsing: "put=1,get=1")))
        #expect(plan.load(ofClient: 12).keys == .uniform)
        #expect(plan.think(ofClient: 0) == .constant(0))
        #expect(plan.think(ofClient: 15) == .exponential(5_000_000))
        var record = try RecordExamples.record()
        record.plan = plan
        #expect(try TrialRecord.decode(try record.encoded(), path: "r").plan == plan)
        for group in plan.population ?? [] { #expect(try UserGroup(parsing: "\(group)") == group) }
    }

    @Test("are alike where none are named")
    func alike() throws {
        let plan = try #require(try ScenarioFixtures.plan(Self.text("{think: 2ms}".settingsOfGroups)).trials.first)
        #expect(plan.population == nil)
        #expect(plan.load(ofClient: 3) == plan.workload)
        #expect(plan.think(ofClient: 3) == .constant(2_000_000))
    }

    @Test(
        "that can't be are refused with the reason",
        arguments: [
            ("population: ['many mix get']", "begins with a number of clients"),
            ("population: ['4']", "what they do: mix"), ("population: ['4 mix']", "'mix' has no value"),
            ("population: ['4 mox get']", "there is no 'mox'"), ("population: ['4 mix get mix put']", "there twice"),
            ("population: ['4096 mix get', '1 mix put']", "4097 clients together"),
            ("population: ['4 mix fetch']", "no operation 'fetch' here"),
            ("{population: '4 mix get', rate: 5k}", "make a closed loop"),
            ("{population: '4 mix get', clients: 4}", "has its own clients"),
            ("{population: '4 mix get', mix: put}", "has its own mix"),
            ("{population: '4 mix get', think: 1ms}", "has its own think"),
        ])
    func refused(setting: String, hint: String) {
        let refusal = ScenarioFixtures.refusal(Self.text(setting.settingsOfGroups))
        #expect(refusal?.contains(hint) == true, "\(refusal ?? "accepted")")
    }
}

extension String {
    /// A flow mapping's inside, one setting a line.
    fileprivate var settingsOfGroups: String {
        guard hasPrefix("{") else { return self }
        return dropFirst().dropLast().split(separator: ", ").joined(separator: "\n    ")
    }
}
