import Dispatch
import Glibc
import LoopbackRuntime
import Measurement
import ProtocolKit
import RESP
import Statistics
import Synchronization

/// One trial of a system whose nodes exchange messages: starts the cluster, makes the load, watches, judges, clears up.
///
/// Its load is made in turns, one for a trial by itself. Between turns the cluster serves and nobody asks, so that trials
/// of several clusters can share the machine turn by turn.
final class ClusterTrial<System: ClusterSystem> {
    let plan: PlannedTrial
    let environment: TrialEnvironment
    private let variant: Variant
    private var record: TrialRecord
    private let folder: String
    private let cluster: (any RunningCluster)?
    private let leader: NodeID
    private let session: LoadSession<System>
    private let watch: TrialWatch
    private let phases = PhaseSignal()
    private let handle: SessionHandle<System>
    private var turns = 0
    private var isStopped = false

    /// Starts the cluster and does what comes before the load.
    init(_ plan: PlannedTrial, _ environment: TrialEnvironment) throws {
        self.plan = plan
        self.environment = environment
        variant = try Variant(parsing: plan.variant)
        let system = try System(options: variant.options, mutation: nil)
        let trace = try TraceFile.trace(of: plan)
        var record = environment.record(of: plan)
        record.costs = system.costs(nodes: plan.nodes)
        self.record = record
        folder = "\(environment.dataFolder)/trial-\(plan.number)-\(getpid())"
        var started: (any RunningCluster)?
        do {
            let addresses: [SocketAddress]
            var preferred = NodeID(0)
            if plan.connect.isEmpty {
                let cluster = try Self.start(system, variant, plan, environment, folder)
                started = cluster
                preferred = try cluster.waitUntilReady()
                addresses = cluster.addresses.map(\.client)
            } else {
                var warnings: [String] = []
                addresses = try Self.reachable(plan.connect, &warnings)
                self.record.warnings += warnings
            }
            session = LoadSession(
                system: system, plan: plan, addresses: addresses, preferred: preferred,
                loop: try EventLoop(label: "coordbench.load"), trace: trace)
            watch = TrialWatch(addresses: addresses, isShared: plan.isolation == .shared && started != nil)
            leader = preferred
        } catch {
            started?.stop()
            FileTree.remove(folder)
            throw error
        }
        cluster = started
        // Not a weak reference: an object that has one is retained and released at several times the price.
        handle = SessionHandle(session)
        session.onPhase = { [phases] phase, _ in phases.enter(phase) }
        environment.interruption.onRequest { [handle] in handle.interrupt() }
        session.begin()
        // What comes before the load goes on by itself; whoever takes a turn waits for it.
    }

    deinit { stop() }

    /// Runs it whole on the calling thread; nil if it was stopped before anything was measured.
    static func run(_ plan: PlannedTrial, _ environment: TrialEnvironment) throws -> TrialRecord? {
        let trial = try ClusterTrial(plan, environment)
        defer { trial.stop() }
        let turn = LoadTurn(
            warmUpNanoseconds: plan.warmUpNanoseconds, windowNanoseconds: plan.windowNanoseconds, seed: plan.seed)
        guard try trial.take(turn) else { return nil }
        return trial.finish()
    }

    private static func start(
        _ system: System, _ variant: Variant, _ plan: PlannedTrial, _ environment: TrialEnvironment, _ folder: String
    ) throws -> any RunningCluster {
        try AtomicFile.makeFolder(folder)
        let cluster = UInt64(MonotonicClock.wall()) ^ UInt64(plan.number) << 56
        switch plan.isolation {
        case .shared:
            let configuration = NodeConfiguration(
                id: NodeID(0), members: (0..<plan.nodes).map { NodeID(UInt32($0)) }, cluster: cluster,
                durability: plan.durability, seed: plan.seed)
            return try SharedCluster(
                system, configuration: configuration, dataFolder: folder)
        case .processes:
            var launch = NodeLaunch(
                executable: environment.executable, system: variant.description, nodes: plan.nodes,
                durability: plan.durability, dataFolder: folder, cluster: cluster, seed: plan.seed)
            launch.moreArguments = environment.nodeArguments
            return try ProcessCluster(count: plan.nodes, launch: launch.processes)
        }
    }

    /// The servers under `--connect`. A single one that sends writers on to another (`MOVED`, as in Redis Cluster) gives
    /// way to that one.
    private static func reachable(_ texts: [String], _ warnings: inout [String]) throws -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        var elsewhere: SocketAddress?
        for text in texts {
            let address = try SocketAddress(parsing: text)
            do {
                let connection = try ControlConnection(to: address)
                if texts.count == 1 { elsewhere = try movedTo(by: connection) }
            } catch {
                throw TrialError.cannotReach(address: text, reason: "\(error)")
            }
            addresses.append(address)
        }
        guard let elsewhere, !addresses.contains(elsewhere) else { return addresses }
        warnings.append("\(addresses[0]) sends writers to \(elsewhere), which was measured instead")
        return [elsewhere]
    }

    private static func movedTo(by connection: ControlConnection) throws -> SocketAddress? {
        let answer: RESPValue
        do {
            // A write that changes nothing.
            answer = try connection.ask(["DEL", "coordbench:none"])
        } catch RuntimeError.noAnswer {
            // As of a cluster without a majority: what operations come to there is for the load to find out.
            return nil
        }
        guard case .error(let line) = answer else { return nil }
        let words = line.text.split(separator: " ")
        guard words.count == 3, words[0] == "MOVED" else { return nil }
        return try SocketAddress(parsing: String(words[2]))
    }

    /// How long judging a history may take; past it the verdict is unknown.
    private static var judgingNanoseconds: UInt64 { .seconds(20) }

    private func judge(_ recorder: LoadRecorder<System.Offer>) {
        guard let judge = recorder.judge else {
            record.verdicts = [
                JudgedProperty(
                    property: "unjudged", verdict: .unknown(reason: "judging was switched off"), basis: "nothing")
            ]
            return
        }
        record.verdicts = judge.verdicts(budgetNanoseconds: Self.judgingNanoseconds)
        guard !plan.faults.isEmpty else { return }
        record.consistency = judge.consistency(
            knowing: record.verdicts, budgetNanoseconds: Self.judgingNanoseconds)
    }
}

// One thread at a time uses it, as the protocol asks.
extension ClusterTrial: @unchecked Sendable {}

extension ClusterTrial: HeldTrial {
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        handle.clear()
        session.close()
        cluster?.stop()
        FileTree.remove(folder)
    }

    func take(_ turn: LoadTurn) throws -> Bool {
        guard phases.wait(for: .rest, inTurn: turns) else {
            if let failure = session.loop.queue.sync(execute: { session.failure }) { throw failure }
            return false
        }
        session.take(turn)
        _ = phases.wait(for: .window, inTurn: turns)
        if turn.windowNanoseconds > 0 { watch.begin(session.loop) }
        if let cluster, !plan.faults.isEmpty {
            let start = session.loop.ask { [session] in session.recorder.windowStart }
            record.faults = FaultSchedule(faults: plan.faults, cluster: cluster, leader: leader).run(
                start: start, isOver: { phases.wait(for: .drain, inTurn: turns, until: $0) },
                strike: { session.strike($0) })
            session.reconnect()
        }
        _ = phases.wait(for: .drain, inTurn: turns)
        watch.end(session.loop)
        turns += 1
        _ = phases.wait(for: .rest, inTurn: turns)
        return session.loop.ask { [session] in session.recorder.windowNanoseconds } > 0
    }

    func finish() -> TrialRecord {
        session.finish()
        _ = phases.wait(for: .ended, inTurn: turns)
        let recorder = session.loop.queue.sync { session.recorder }
        record.windowNanoseconds = recorder.windowNanoseconds
        record.arrivals = recorder.account
        record.operations = recorder.operationRecords()
        record.timeline = recorder.timeline()
        record.setCompletedPerClient(recorder.completedPerClient)
        if case .closed = plan.arrival {
        } else {
            record.generator.wakeLateness = recorder.wakeLateness
            record.generator.backPressureWait = recorder.backPressureWait
        }
        if var ledger = recorder.availability { record.availability = ledger.records(windowEnd: recorder.windowEnd) }
        watch.fill(&record)
        record.isInterrupted = environment.interruption.isRequested
        judge(recorder)
        TrialValidity.judge(&record)
        return record
    }
}

/// A session as long as its trial runs: a request to stop may come later.
private final class SessionHandle<System: ClusterSystem>: Sendable {
    private let session: Mutex<LoadSession<System>?>

    init(_ session: LoadSession<System>) {
        self.session = Mutex(session)
    }

    func interrupt() {
        session.withLock { $0 }?.interrupt()
    }

    func clear() {
        session.withLock { $0 = nil }
    }
}

/// Waits on a thread of its own for phases that a loop enters.
final class PhaseSignal: Sendable {
    private struct Reached {
        var phase = LoadPhase.prologue
        /// The turn that is under way or, at rest, comes next; from 0, before which the prologue is.
        var turn = 0

        func has(_ wanted: LoadPhase, _ wantedTurn: Int) -> Bool {
            if phase >= .epilogue || wanted >= .epilogue { return phase >= wanted }
            return turn > wantedTurn || (turn == wantedTurn && phase >= wanted)
        }
    }

    private let reached = Mutex(Reached())
    private let changed = DispatchSemaphore(value: 0)

    func enter(_ phase: LoadPhase) {
        reached.withLock { reached in
            if phase == .rest, reached.phase > .rest { reached.turn += 1 }
            reached.phase = phase
        }
        changed.signal()
    }

    /// Waits until a phase of a turn is reached or passed.
    ///
    /// - Returns: false when the load ended without that phase.
    func wait(for phase: LoadPhase, inTurn turn: Int = 0) -> Bool {
        while true {
            let reached = reached.withLock { $0 }
            if reached.has(phase, turn) { return reached.phase != .ended || phase == .ended }
            changed.wait()
        }
    }

    /// Waits until a phase of a turn is reached or passed, or until a time.
    ///
    /// - Returns: whether it was reached.
    func wait(for phase: LoadPhase, inTurn turn: Int = 0, until deadline: UInt64) -> Bool {
        while !reached.withLock({ $0.has(phase, turn) }) {
            let now = MonotonicClock.now()
            guard now < deadline else { return false }
            // Woken now and then anyway, so that no deadline is too far for the semaphore's arithmetic.
            _ = changed.wait(timeout: .now() + .nanoseconds(Int(min(deadline - now, 100_000_000))))
        }
        return true
    }
}
