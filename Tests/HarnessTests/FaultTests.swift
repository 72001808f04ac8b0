import ProtocolKit
import Testing

@testable import Harness

@Suite("Faults of a trial")
struct FaultTests {
    private static func scenario(_ fault: String, systems: String = "raft", more: String = "") -> String {
        "name: s\ntrials:\n  - systems: \(systems)\n    duration: 4s\n    faults: '\(fault)'\n\(more)"
    }

    @Test("are planned in the order of their times")
    func planned() throws {
        let plan = try ScenarioFixtures.plan(
            "name: s\ntrials:\n  - systems: raft\n    duration: 4s\n    faults:\n      - 2s heal\n"
                + "      - 1s partition leader,c0|rest\n")
        let faults = try #require(plan.trials.first).faults
        #expect(faults.map(\.afterNanoseconds) == [1_000_000_000, 2_000_000_000])
        #expect(try faults[0].fault(leader: NodeID(2)) == .partition([NodeID(2)], clients: [0]))
        #expect(faults[0].separatedClients == [0])
    }

    @Test(
        "that can't strike are refused with what is wrong",
        arguments: [
            ("heal", "doesn't say when"), ("1s explode", "possible are"), ("1s loss 0.1", "simulate"),
            ("5s heal", "after the window's end"), ("1s kill 3", "there are 3"),
            ("1s partition 0,c99|rest", "c99"),
        ])
    func refused(fault: String, hint: String) {
        #expect(ScenarioFixtures.refusal(Self.scenario(fault))?.contains(hint) == true)
    }

    @Test("need nodes, and processes to be paused")
    func subjects() {
        #expect(
            ScenarioFixtures.refusal(Self.scenario("1s heal", systems: "mcs"))?.contains("no nodes") == true)
        let shared = Self.scenario("1s pause 0", more: "    isolation: shared\n")
        #expect(ScenarioFixtures.refusal(shared)?.contains("processes") == true)
    }

    @Test("keep their place in the window when it is cut short for a quick look")
    func shortened() throws {
        var scenario = try ScenarioFile.parse(Self.scenario("2s heal"), path: "s.yaml")
        scenario.shorten(to: QuickLimits())
        #expect(scenario.matrices[0].faults[0].value.afterNanoseconds == 150_000_000)
    }
}

@Suite("The ledger of availability")
struct AvailabilityLedgerTests {
    private static let second: UInt64 = 1_000_000_000

    private static func ledger() throws -> AvailabilityLedger {
        var plan = try RecordExamples.plan()
        plan.clients = 2
        plan.faults = [try TimedFault(parsing: "1s partition leader,c0|rest"), try TimedFault(parsing: "2s heal")]
        return AvailabilityLedger(plan, kinds: ["get", "put"])
    }

    @Test("counts an operation where it began, by side")
    func sides() throws {
        var ledger = try Self.ledger()
        let start = 10 * Self.second
        ledger.begin(at: start)
        ledger.ended(
            kind: 1, client: 0, completion: Completion.answered(0), sent: start + 1, received: start + 2)
        ledger.strike(.partition([NodeID(1)], clients: [0]), at: start + Self.second)
        ledger.ended(
            kind: 1, client: 0, completion: Completion<Int>.indeterminate(.timedOut), sent: start + Self.second + 1,
            received: start + Self.second * 3 / 2)
        ledger.ended(
            kind: 0, client: 1, completion: Completion.answered(0), sent: start + Self.second + 1,
            received: start + Self.second + 2)
        ledger.strike(.heal, at: start + 2 * Self.second)
        let records = ledger.records(windowEnd: start + 3 * Self.second)
        #expect(records.map(\.side) == ["minority", "majority", "minority", "majority", "minority", "majority"])
        #expect(records.map(\.fromNanoseconds) == [0, 0, Self.second, Self.second, 2 * Self.second, 2 * Self.second])
        #expect(records[0].kinds == [KindAvailability(kind: "put", attempted: 1, answered: 1)])
        #expect(records[2].kinds == [KindAvailability(kind: "put", attempted: 1, indeterminate: 1)])
        #expect(records[2].longestSilenceNanoseconds == Self.second)
        #expect(records[2].servedShare == 0)
        #expect(records[3].kinds == [KindAvailability(kind: "get", attempted: 1, answered: 1)])
        #expect(records[3].servedShare == 0.02)
        #expect(records[3].kinds[0].availability == 1)
    }

    @Test("has one side where nothing separates clients")
    func oneSide() throws {
        var plan = try RecordExamples.plan()
        plan.faults = [try TimedFault(parsing: "1s kill leader")]
        var ledger = AvailabilityLedger(plan, kinds: ["get"])
        ledger.begin(at: 0)
        ledger.strike(.kill(NodeID(0)), at: Self.second)
        #expect(ledger.records(windowEnd: 2 * Self.second).map(\.side) == ["all", "all"])
    }
}
