import Foundation
import LoopbackRuntime
import Measurement
import ProtocolKit
import Testing

@testable import Harness

@Suite("Trials that take turns", .serialized)
struct TurnTakingTests {
    private static func plan(_ systems: String, _ more: String) throws -> [PlannedTrial] {
        try ScenarioFixtures.plan(
            "trials: [{systems: [\(systems)], isolation: shared, clients: 2, in-flight: 4, \(more)}]"
        ).trials
    }

    private static func inFolder(
        _ plans: [PlannedTrial], _ interruption: Interruption = Interruption(), turn: UInt64 = 50_000_000,
        onRound: (@Sendable (Int) -> Void)? = nil
    ) throws -> (records: [TrialRecord?], left: [String]) {
        let folder = NSTemporaryDirectory() + "turns-\(UUID().uuidString)"
        try AtomicFile.makeFolder(folder)
        defer { FileTree.remove(folder) }
        let floor = try MachineFloor.measure(folder: folder)
        let environment = TrialEnvironment(
            host: try HostFacts.current(folder: folder), floor: floor, allocations: .unavailable, dataFolder: folder,
            executable: "/none", interruption: interruption)
        var turns = TurnTaking(catalogue: .all, turnNanoseconds: turn, seed: 5)
        turns.onRound = onRound
        let records = try turns.run(
            plans.map { TurnTaking.Member(plan: $0, environment: environment) }, interruption: interruption)
        return (records, try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    /// Runs on a thread of its own: waiting for a load is no task's business.
    private static func run(
        _ plans: [PlannedTrial], _ interruption: Interruption = Interruption(), turn: UInt64 = 50_000_000,
        onRound: (@Sendable (Int) -> Void)? = nil
    ) async throws -> (records: [TrialRecord?], left: [String]) {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(with: Result { try inFolder(plans, interruption, turn: turn, onRound: onRound) })
            }.start()
        }
    }

    @Test(
        "are measured for their whole windows, judged over all turns, and leave nothing behind",
        arguments: [
            "warm-up: 20ms", "warm-up: 20ms, rate: 2000", "warm-up: 0s, rate: 2000",
            "warm-up: 20ms, rate: 2000, arrival: poisson",
        ])
    func whole(load: String) async throws {
        let plans = try Self.plan("unreplicated, raft", "duration: 200ms, \(load)")
        let (records, left) = try await Self.run(plans)
        #expect(left.isEmpty)
        for (record, name) in zip(records, ["unreplicated", "raft"]) {
            let record = try #require(record)
            #expect(record.plan.variant == name)
            #expect(record.windowNanoseconds == 200_000_000)
            #expect(record.arrivals.isBalanced, "\(record.arrivals.sentence)")
            #expect(record.allOperations.completed > 0)
            #expect(record.verdict.isCorrect, "\(record.verdicts)")
            let timeline = try #require(record.timeline)
            #expect(timeline.count <= 2, "what lies between turns is no part of the window")
            #expect(timeline.completedPerInterval.reduce(0, +) == record.allOperations.completedInWindow)
            #expect(!record.isInterrupted)
            if load.contains("rate") {
                let offered = Double(record.arrivals.offered)
                #expect(offered > 250 && offered < 550, "2,000 a second in four windows of 50 ms")
            }
        }
    }

    @Test("count what is left over when a turn must end once, though it is answered later")
    func leftOver() async throws {
        let plans = try Self.plan("unreplicated", "duration: 200ms, warm-up: 0s, rate: 1M, timeout: 200ms")
        let (records, _) = try await Self.run(plans, turn: 100_000_000)
        let record = try #require(records.first ?? nil)
        let account = record.arrivals
        #expect(account.inFlightAtEnd + account.dropped > 0, "the load is far above what can be served: \(account)")
        #expect(account.unaccounted == 0, "\(account)")
    }

    @Test("that were asked to stop before measure nothing")
    func stoppedBefore() async throws {
        let interruption = Interruption()
        interruption.request()
        let plans = try Self.plan("unreplicated, raft", "duration: 1s, warm-up: 20ms")
        let (records, left) = try await Self.run(plans, interruption)
        #expect(records.allSatisfy { $0 == nil } && left.isEmpty)
    }

    @Test("that are stopped in the middle keep what was measured, marked")
    func stopped() async throws {
        let interruption = Interruption()
        let plans = try Self.plan("unreplicated, raft", "duration: 9m, warm-up: 20ms")
        let (records, left) = try await Self.run(plans, interruption) { round in
            if round == 2 { interruption.request() }
        }
        #expect(left.isEmpty)
        for record in records {
            let record = try #require(record)
            #expect(record.isInterrupted && !record.validity.isValid)
            #expect(record.windowNanoseconds > 0 && record.windowNanoseconds < 9 * 60_000_000_000)
        }
    }

    @Test("are clusters under a load that is the same all the time")
    func possible() throws {
        func can(_ text: String) throws -> Bool {
            try ScenarioFixtures.plan("trials: [{\(text)}]").trials.allSatisfy(TurnTaking.canTake)
        }
        #expect(try can("systems: raft"))
        #expect(try can("systems: [raft, unreplicated], rate: 100"))
        #expect(try !can("systems: mcs"))
        #expect(try !can("systems: ring"))
        #expect(try !can("systems: raft, requests: 100"))
        #expect(try !can("systems: raft, rate: 100, shape: 'ramp:0.5..2'"))
        #expect(try !can("systems: raft, faults: '1s heal'"))
    }

    @Test("have as many turns as fit, one at least")
    func turns() throws {
        let plan = try #require(try Self.plan("raft", "duration: 1s, warm-up: 20ms").first)
        func count(_ nanoseconds: UInt64) -> Int {
            TurnTaking(catalogue: .all, turnNanoseconds: nanoseconds, seed: 1).turns(of: plan)
        }
        #expect(count(100_000_000) == 10)
        #expect(count(300_000_000) == 3)
        #expect(count(10_000_000_000) == 1)
    }
}
