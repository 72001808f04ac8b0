import Testing
import Workload

@testable import Harness

@Suite("Shapes of a trial's rate")
struct ShapeTests {
    private static func text(_ more: String) -> String { "name: s\ntrials:\n  - systems: raft\n    \(more)\n" }

    @Test("are planned beside the rate that they move")
    func planned() throws {
        let plan = try ScenarioFixtures.plan(Self.text("{rate: 5k/s, shape: 'ramp:0.1..1'}".trimmed))
        #expect(plan.trials.map(\.shape) == [.ramp(from: 0.1, to: 1)])
    }

    @Test(
        "are refused without a rate, and when they can't be read",
        arguments: [("shape: 'sine:0.5x3'", "needs a rate"), ("shape: wave", "ramp:0.1..1")])
    func refused(setting: String, hint: String) {
        #expect(ScenarioFixtures.refusal(Self.text(setting))?.contains(hint) == true)
    }

    @Test("begin with the window: the warm-up runs at the rate with which it begins")
    func warmUp() throws {
        var plan = try RecordExamples.plan()
        plan.warmUpNanoseconds = 1_000_000_000
        plan.windowNanoseconds = 2_000_000_000
        plan.shape = .steps([0.5, 2])
        plan.arrival = .constant(perSecond: 100)
        var arrivals = try #require(try OpenArrivals.of(plan, from: 7))
        var counts = [0, 0, 0]
        while let start = arrivals.popDue(.max - 1) { counts[Int((start - 7) / 1_000_000_000)] += 1 }
        #expect(counts == [50, 50, 200])
    }
}

extension String {
    /// A flow mapping's inside, one setting a line.
    fileprivate var trimmed: String {
        dropFirst().dropLast().split(separator: ", ").joined(separator: "\n    ")
    }
}
