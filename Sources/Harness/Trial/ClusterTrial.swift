import Dispatch
import Glibc
import LoopbackRuntime
import Measurement
import ProtocolKit
import Statistics
import Synchronization

/// One trial of a system whose nodes exchange messages: starts the cluster, makes the load, watches, judges, clears up.
struct ClusterTrial<System: ClusterSystem> {
    let plan: PlannedTrial
    let environment: TrialEnvironment
    let variant: Variant

    init(_ plan: PlannedTrial, _ environment: TrialEnvironment) throws {
        self.plan = plan
        self.environment = environment
        variant = try Variant(parsing: plan.variant)
    }

    /// Runs it on the calling thread; nil if it was stopped before anything was measured.
    func run() throws -> TrialRecord? {
        let system = try System(options: variant.options, mutation: nil)
        let trace = try TraceFile.trace(of: plan)
        var record = environment.record(of: plan)
        record.costs = system.costs(nodes: plan.nodes)
        let folder = "\(environment.dataFolder)/trial-\(plan.number)-\(getpid())"
        defer { FileTree.remove(folder) }
        let cluster = try plan.connect.isEmpty ? start(system, folder) : nil
        defer { cluster?.stop() }
        let addresses: [SocketAddress]
        var preferred = NodeID(0)
        if let cluster {
            preferred = try cluster.waitUntilReady()
            addresses = cluster.addresses.map(\.client)
        } else {
            addresses = try reachable(plan.connect)
        }
        let loop = try EventLoop(label: "coordbench.load")
        let session = LoadSession(
            system: system, plan: plan, addresses: addresses, preferred: preferred, loop: loop,
            trace: trace)
        let watch = TrialWatch(addresses: addresses, isShared: plan.isolation == .shared && cluster != nil)
        defer { session.close() }
        guard try drive(session, watch, cluster, preferred, &record) else { return nil }
        fill(&record, session, watch, loop)
        return record
    }

    private func start(_ system: System, _ folder: String) throws -> any RunningCluster {
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

    private func reachable(_ texts: [String]) throws -> [SocketAddress] {
        try texts.map { text in
            let address = try SocketAddress(parsing: text)
            do {
                _ = try ControlConnection(to: address)
            } catch {
                throw TrialError.cannotReach(address: text, reason: "\(error)")
            }
            return address
        }
    }

    /// Waits for the session to end, reading the servers' counters where the window begins and ends.
    ///
    /// - Returns: whether anything was measured.
    private func drive(
        _ session: LoadSession<System>, _ watch: TrialWatch, _ cluster: (any RunningCluster)?, _ leader: NodeID,
        _ record: inout TrialRecord
    ) throws -> Bool {
        let phases = PhaseSignal()
        session.onPhase = { phase, now in phases.enter(phase, now) }
        // Not a weak reference: an object that has one is retained and released at several times the price.
        let handle = SessionHandle(session)
        defer { handle.clear() }
        environment.interruption.onRequest { handle.interrupt() }
        session.begin()
        guard phases.wait(for: .window) else {
            if let failure = session.loop.queue.sync(execute: { session.failure }) { throw failure }
            return false
        }
        watch.begin(session.loop)
        if let cluster, !plan.faults.isEmpty {
            let start = session.loop.queue.sync { session.recorder.windowStart }
            record.faults = FaultSchedule(faults: plan.faults, cluster: cluster, leader: leader).run(
                start: start, isOver: { phases.wait(for: .drain, until: $0) }, strike: { session.strike($0) })
            session.reconnect()
        }
        _ = phases.wait(for: .drain)
        watch.end(session.loop)
        _ = phases.wait(for: .ended)
        return true
    }

    private func fill(
        _ record: inout TrialRecord, _ session: LoadSession<System>, _ watch: TrialWatch, _ loop: EventLoop
    ) {
        let recorder = loop.queue.sync { session.recorder }
        record.windowNanoseconds = recorder.windowEnd &- recorder.windowStart
        record.arrivals = recorder.account
        record.operations = recorder.operationRecords()
        let timeline = recorder.timeline()
        record.timeline = timeline
        record.setCompletedPerClient(recorder.completedPerClient)
        if case .closed = plan.arrival {
        } else {
            record.generator.wakeLateness = recorder.wakeLateness
            record.generator.backPressureWait = recorder.backPressureWait
        }
        if var ledger = recorder.availability { record.availability = ledger.records(windowEnd: recorder.windowEnd) }
        watch.fill(&record)
        record.isInterrupted = environment.interruption.isRequested
        judge(&record, recorder)
        TrialValidity.judge(&record)
    }

    /// How long judging a history may take; past it the verdict is unknown.
    private static var judgingNanoseconds: UInt64 { .seconds(20) }

    private func judge(_ record: inout TrialRecord, _ recorder: LoadRecorder<System.Offer>) {
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
    private let current = Mutex(LoadPhase.prologue)
    private let changed = DispatchSemaphore(value: 0)

    func enter(_ phase: LoadPhase, _ now: UInt64) {
        current.withLock { $0 = phase }
        changed.signal()
    }

    /// Waits until a phase is reached or passed.
    ///
    /// - Returns: false when the load ended without that phase.
    func wait(for phase: LoadPhase) -> Bool {
        while true {
            let reached = current.withLock { $0 }
            if reached >= phase { return reached != .ended || phase == .ended }
            changed.wait()
        }
    }

    /// Waits until a phase is reached or passed, or until a time.
    ///
    /// - Returns: whether it was reached.
    func wait(for phase: LoadPhase, until deadline: UInt64) -> Bool {
        while current.withLock({ $0 }) < phase {
            let now = MonotonicClock.now()
            guard now < deadline else { return false }
            // Woken now and then anyway, so that no deadline is too far for the semaphore's arithmetic.
            _ = changed.wait(timeout: .now() + .nanoseconds(Int(min(deadline - now, 100_000_000))))
        }
        return true
    }
}
