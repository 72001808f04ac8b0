import Testing
import Workload

@testable import Harness

@Suite("A trial's arrivals")
struct ArrivalTests {
    private static func text(_ more: String) -> String { "name: s\ntrials:\n  - systems: raft\n    \(more)\n" }

    private func starts(_ plan: PlannedTrial, trace: ArrivalTrace? = nil) throws -> [UInt64] {
        var arrivals = try #require(try OpenArrivals.of(plan, trace: trace, from: 0))
        var starts: [UInt64] = []
        while let next = arrivals.popDue(.max - 1) { starts.append(next) }
        return starts
    }

    private func plan(_ arrival: PlannedTrial.Arrival) throws -> PlannedTrial {
        var plan = try RecordExamples.plan()
        plan.arrival = arrival
        plan.warmUpNanoseconds = 1_000_000_000
        plan.windowNanoseconds = 2_000_000_000
        return plan
    }

    @Test("in bursts come so many at once, and at the mean rate all the same")
    func bursts() throws {
        let starts = try starts(plan(.burst(size: 50, perSecond: 1_000)))
        #expect(starts.count == 3_000)
        let groups = Dictionary(grouping: starts, by: { $0 })
        #expect(groups.count == 60 && groups.values.allSatisfy { $0.count == 50 })
        #expect(groups.keys.sorted().prefix(3) == [0, 50_000_000, 100_000_000])
    }

    @Test("in bursts obey a shape")
    func shapedBursts() throws {
        var plan = try plan(.burst(size: 10, perSecond: 100))
        plan.shape = .steps([0.5, 2])
        let starts = try starts(plan)
        #expect(starts.count { $0 >= 1_000_000_000 && $0 < 2_000_000_000 } == 50)
        #expect(starts.count { $0 >= 2_000_000_000 } == 200)
    }

    @Test("of a trace begin with the window, after a warm-up at its mean rate")
    func trace() throws {
        let trace = try ArrivalTrace([7, 1_000_000_007, 1_000_000_007, 1_500_000_007])
        let reference = PlannedTrial.TraceReference(
            path: "t.txt", arrivals: 4, perSecond: 2, isScaled: false, fingerprint: trace.fingerprint)
        let starts = try starts(plan(.trace(reference)), trace: trace)
        #expect(starts == [0, 500_000_000, 1_000_000_000, 2_000_000_000, 2_000_000_000, 2_500_000_000])
        #expect(throws: WorkloadError.self) { try self.starts(plan(.trace(reference))) }
    }

    @Test("of a trace are planned with the trace's length, its rate and what is in the file")
    func planned() throws {
        let folder = ScratchFolder()
        let path = "\(folder.path)/t.txt"
        try AtomicFile.write("# four\n0\n1\n1\n3\n", to: path)
        let recorded = try #require(try ScenarioFixtures.plan(Self.text("arrival: 'trace:\(path)'")).trials.first)
        #expect(recorded.windowNanoseconds == 4_000_000_000)
        #expect(recorded.offeredPerSecond == 1)
        #expect(try TraceFile.trace(of: recorded)?.starts == [0, 1_000_000_000, 1_000_000_000, 3_000_000_000])
        let scaled = try #require(
            try ScenarioFixtures.plan(Self.text("{arrival: 'trace:\(path)', rate: 100}".settings)).trials.first)
        #expect(scaled.windowNanoseconds == 40_000_000)
        #expect(try TraceFile.trace(of: scaled)?.starts == [0, 10_000_000, 10_000_000, 30_000_000])
        let cut = try ScenarioFixtures.plan(Self.text("{arrival: 'trace:\(path)', duration: 2s}".settings))
        #expect(cut.trials.first?.windowNanoseconds == 2_000_000_000)
        let long = ScenarioFixtures.refusal(Self.text("{arrival: 'trace:\(path)', duration: 5s}".settings))
        #expect(long?.contains("the trace lasts 4 s, less than this") == true, "\(long ?? "")")
        try AtomicFile.write("7\n7\n7\n", to: path)
        let atOnce = try #require(try ScenarioFixtures.plan(Self.text("arrival: 'trace:\(path)'")).trials.first)
        #expect(atOnce.offeredPerSecond == nil)
        try AtomicFile.write("0\n1\n1\n4\n", to: path)
        #expect(throws: TrialError.self) { try TraceFile.trace(of: recorded) }
    }

    @Test(
        "that can't be are refused with what can",
        arguments: [
            ("arrival: burst", "burst:100"), ("{arrival: 'burst:0', rate: 5}", "from 1 to 1M"),
            ("arrival: 'burst:10'", "needs a rate"), ("arrival: 'trace:'", "a trace has a file"),
            ("arrival: 'trace:/nowhere.txt'", "can't read /nowhere.txt: no such file"),
            ("arrival: 'trace:/dev/zero'", "not a plain file"), ("arrival: 'trace:/tmp'", "not a plain file"),
            ("arrival: poison", "did you mean 'poisson'?"),
            ("{arrival: 'burst:1000', rate: 1}", "less than one burst"),
            ("{arrival: 'burst:10', rate: 1k, think: 1ms}", "think time belongs to a closed loop"),
            ("think: 'normal:1ms'", "exponential:1ms"),
        ])
    func refused(setting: String, hint: String) {
        let refusal = ScenarioFixtures.refusal(Self.text(setting.settings))
        #expect(refusal?.contains(hint) == true, "\(refusal ?? "accepted")")
    }

    @Test("keep a think time's law in the plan and in its record, and a plain one as before")
    func thinkTime() throws {
        let plans = try ScenarioFixtures.plan(
            Self.text("think: [1ms, 'exponential:2ms', 'uniform:1ms..3ms']")
        ).trials
        #expect(plans.map(\.arrival) == [1, 2, 2].map { .closed(thinkNanoseconds: $0 * 1_000_000) })
        #expect(plans.map(\.thinkLaw) == [nil, .exponential(2_000_000), .uniform(1_000_000, 3_000_000)])
        for plan in plans {
            var record = try RecordExamples.record()
            record.plan = plan
            #expect(try TrialRecord.decode(try record.encoded(), path: "r").plan == plan)
        }
    }

    @Test("fall on idle users in turn, whatever the order in which they come back")
    func idleUsers() {
        var idle = IdleUsers(all: 3)
        #expect(idle.popFirst() == 0)
        #expect(idle.popFirst() == 1)
        idle.append(1)
        #expect(idle.popFirst() == 2)
        idle.append(0)
        #expect(idle.popFirst() == 1)
        #expect(idle.popFirst() == 0)
        #expect(idle.popFirst() == nil)
        for user in [2, 0, 1] { idle.append(user) }
        #expect(idle.count == 3)
        #expect([idle.popFirst(), idle.popFirst(), idle.popFirst()] == [2, 0, 1])
    }
}

extension String {
    /// A flow mapping's inside, one setting a line.
    fileprivate var settings: String {
        guard hasPrefix("{") else { return self }
        return dropFirst().dropLast().split(separator: ", ").joined(separator: "\n    ")
    }
}
