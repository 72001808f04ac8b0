import Consensus
import Dispatch
import Foundation
import LoopbackRuntime
import Measurement
import ProtocolKit
import Testing
import Verification
import Workload

@testable import Harness

@Suite("When the power fails in all node processes at once", .serialized)
struct CrashTests {
    @Test("twenty times, nothing acknowledged is lost and nothing is applied twice")
    func survives() async throws {
        let outcome = try await CrashRun(cuts: 20, seed: 7, skipsSync: false).run()
        #expect(outcome.verdicts.map(\.verdict) == [.correct], "\(outcome.verdicts)")
        #expect(outcome.acknowledged > 20 * CrashRun.operationsBetweenCuts)
        #expect(outcome.lostBytes > 0, "no cut lost anything: the test shows nothing")
    }

    @Test("a log that skips its sync is caught")
    func catchesSkippedSync() async throws {
        let outcome = try await CrashRun(cuts: 1, seed: 8, skipsSync: true).run()
        #expect(outcome.verdicts.contains { $0.verdict.isViolated }, "\(outcome.verdicts)")
    }
}

/// A replicated store under load whose nodes are all killed at random moments, their logs cut back to what was synced, and
/// started again.
private struct CrashRun {
    static let operationsBetweenCuts = 200

    struct Outcome: Sendable {
        var verdicts: [JudgedProperty]
        var acknowledged: Int
        var lostBytes: Int
    }

    let cuts: Int
    let seed: UInt64
    let skipsSync: Bool

    func run() async throws -> Outcome {
        try await TemporaryFolder.with { folder in
            // The waiting is done on a thread of its own, not in the tests' pool.
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try blockingRun(folder.path) })
                }
            }
        }
    }

    private var plan: PlannedTrial {
        get throws {
            let mix = try OperationMix(
                parsing: "append=40,increment=30,get=20,put=10", allowedKinds: KeyValueService.kinds)
            var plan = PlannedTrial(
                variant: "raft", subject: .cluster, family: .consensus, nodes: 3,
                // Every cut leaves 16 operations without an answer: on few keys they would make the search long.
                workload: WorkloadOptions(mix: mix, keyCount: 128, valueSize: .fixed(16), seed: seed))
            plan.clients = 4
            plan.inFlight = 4
            plan.durability = .synced
            plan.warmUpNanoseconds = 1_000_000
            plan.windowNanoseconds = .seconds(3600)
            // What only waited for a busy machine is not to be counted among them.
            plan.timeoutNanoseconds = .seconds(30)
            plan.seed = seed
            return plan
        }
    }

    private func blockingRun(_ folder: String) throws -> Outcome {
        let plan = try plan
        var launch = NodeLaunch(
            executable: Command.executable.path, system: plan.variant, nodes: plan.nodes, durability: .synced,
            dataFolder: folder, cluster: seed, seed: seed)
        launch.segmentBytes = 256 << 10
        launch.skipsSync = skipsSync
        let cluster = try ProcessCluster(count: plan.nodes, launch: launch.processes)
        defer { cluster.stop() }
        let leader = try cluster.waitUntilReady()
        let loop = try EventLoop(label: "coordbench.crash-test")
        let session = LoadSession(
            system: try RaftSystem(options: VariantOptions(), mutation: nil), plan: plan,
            addresses: cluster.addresses.map(\.client), preferred: leader, loop: loop)
        defer { session.close() }
        let phases = PhaseSignal()
        session.onPhase = { phase, _ in phases.enter(phase) }
        session.begin()
        try #require(phases.wait(for: .rest))
        session.take(
            LoadTurn(
                warmUpNanoseconds: plan.warmUpNanoseconds, windowNanoseconds: plan.windowNanoseconds, seed: plan.seed))
        try #require(phases.wait(for: .window))
        var random = SeededGenerator(seed: seed)
        var lost = 0
        for _ in 0..<cuts {
            try awaitOperations(session, Self.operationsBetweenCuts)
            Pause.milliseconds(random.below(20))
            lost += try strike(cluster, launch, &random)
            _ = try cluster.waitUntilReady(timeoutNanoseconds: .seconds(60))
        }
        try awaitOperations(session, Self.operationsBetweenCuts)
        session.interrupt()
        _ = phases.wait(for: .rest, inTurn: 1)
        session.finish()
        _ = phases.wait(for: .ended)
        let recorder = loop.queue.sync { session.recorder }
        let judge = try #require(recorder.judge)
        return Outcome(
            verdicts: judge.verdicts(budgetNanoseconds: .seconds(200)),
            acknowledged: judge.history.count { $0.outcome == .ok }, lostBytes: lost)
    }

    private func strike(
        _ cluster: ProcessCluster, _ launch: NodeLaunch, _ random: inout SeededGenerator
    ) throws -> Int {
        for node in 0..<launch.nodes { try cluster.kill(node) }
        var lost = 0
        for node in 0..<launch.nodes {
            lost += try PowerCut.strike(folder: launch.folder(of: node), tornSectors: random.below(3))
        }
        for node in 0..<launch.nodes { try cluster.restart(node) }
        return lost
    }

    /// Waits until so many further operations have been acknowledged.
    private func awaitOperations(_ session: LoadSession<RaftSystem>, _ count: Int) throws {
        func acknowledged() -> UInt64 {
            session.loop.queue.sync { session.recorder.kinds.reduce(0) { $0 + $1.completedInWindow } }
        }
        let goal = acknowledged() + UInt64(count)
        let deadline = MonotonicClock.now() + .seconds(120)
        while acknowledged() < goal {
            try #require(MonotonicClock.now() < deadline, "the cluster made no progress")
            Pause.milliseconds(2)
        }
    }
}
