import CLinux
import Synchronization

/// The parts of a trial, in order.
enum TrialPhase: UInt32, Sendable {
    case warmUp, window, audit, finished
}

/// What directs the threads of a trial: the start gate, the phase, the stamp of the order audit.
final class TrialControl: Sendable {
    let load: ThreadLockLoad
    let patience = Patience()
    /// Drawn by audited requests on entering and on leaving the doorway.
    let stamp = IsolatedAtomic<UInt64>(0)

    private let gate = IsolatedAtomic<UInt32>(0)
    private let waitingAtGate = IsolatedAtomic<UInt32>(0)
    private let running: IsolatedAtomic<UInt32>
    private let phaseWord = IsolatedAtomic<UInt32>(TrialPhase.warmUp.rawValue)
    private let acquisitionsSeen = IsolatedAtomic<UInt64>(0)
    // When each phase began, by its raw value.
    private let beginnings = Mutex<[UInt64]>([])

    init(load: ThreadLockLoad) {
        self.load = load
        running = IsolatedAtomic(UInt32(load.threads))
    }

    /// Relaxed: a late view of the phase only moves an acquisition to its neighbour.
    var phase: TrialPhase {
        @inline(__always) get {
            TrialPhase(rawValue: phaseWord.atomic.pointee.load(ordering: .relaxed)) ?? .finished
        }
    }

    // MARK: threads

    /// Parks the calling thread until the gate opens.
    func awaitStart() {
        waitingAtGate.atomic.pointee.wrappingAdd(1, ordering: .releasing)
        clinux_futex_wake_all(waitingAtGate.cell)
        while gate.atomic.pointee.load(ordering: .acquiring) == 0 {
            clinux_futex_wait(gate.cell, 0, -1)
        }
    }

    /// Says that a thread has left its loop.
    func leave() {
        running.atomic.pointee.wrappingSubtract(1, ordering: .releasing)
        clinux_futex_wake_all(running.cell)
    }

    /// Shows life to the stall watch; called once in many acquisitions.
    func noteProgress() {
        acquisitionsSeen.atomic.pointee.wrappingAdd(1, ordering: .relaxed)
    }

    /// Ends `phase`, if it isn't ended already.
    func advance(from phase: TrialPhase) {
        let moved = beginnings.withLock { beginnings in
            guard self.phase == phase, let next = TrialPhase(rawValue: phase.rawValue + 1) else { return false }
            beginnings.append(monotonicNanoseconds())
            phaseWord.atomic.pointee.store(next.rawValue, ordering: .releasing)
            return true
        }
        if moved { clinux_futex_wake_all(phaseWord.cell) }
    }

    // MARK: the coordinator

    /// Opens the gate when all threads stand at it.
    func start() {
        while true {
            let waiting = waitingAtGate.atomic.pointee.load(ordering: .acquiring)
            if waiting == UInt32(load.threads) { break }
            clinux_futex_wait(waitingAtGate.cell, waiting, -1)
        }
        beginnings.withLock { $0 = [monotonicNanoseconds()] }
        openGate()
    }

    /// Sends away the threads that did start, after one could not.
    func cancel() {
        phaseWord.atomic.pointee.store(TrialPhase.finished.rawValue, ordering: .releasing)
        openGate()
    }

    private func openGate() {
        gate.atomic.pointee.store(1, ordering: .releasing)
        clinux_futex_wake_all(gate.cell)
    }

    /// Moves the trial through its phases by the clock, and watches for a stall. True: it was given up.
    func conduct() -> Bool {
        var watch = StallWatch(limit: load.stallNanoseconds)
        while true {
            let current = phase
            let now = monotonicNanoseconds()
            if current == .finished {
                let left = running.atomic.pointee.load(ordering: .acquiring)
                if left == 0 { return watch.hasStalled }
                // A thread may be lost though the others went on to the end: now it has the lock to itself.
                if watch.check(progress: UInt64(left), at: now) { patience.exhaust() }
                clinux_futex_wait(running.cell, left, 10_000_000)
                continue
            }
            if let deadline = deadline(of: current), now >= deadline {
                advance(from: current)
                continue
            }
            if watch.check(progress: acquisitionsSeen.atomic.pointee.load(ordering: .relaxed), at: now) {
                patience.exhaust()
                phaseWord.atomic.pointee.store(TrialPhase.finished.rawValue, ordering: .releasing)
                continue
            }
            let nap = min(10_000_000, deadline(of: current).map { $0 - now } ?? .max)
            clinux_futex_wait(phaseWord.cell, current.rawValue, Int64(nap))
        }
    }

    private func deadline(of phase: TrialPhase) -> UInt64? {
        let length: ThreadLockLoad.Length
        switch phase {
        case .warmUp: length = load.warmUp
        case .window: length = load.window
        // The audit is counted in acquisitions; a slow lock gets two seconds for it.
        case .audit: length = .nanoseconds(load.auditedAcquisitions == 0 ? 0 : 2_000_000_000)
        case .finished: return nil
        }
        guard case .nanoseconds(let limit) = length else { return nil }
        return beginnings.withLock { $0.last.map { $0 + limit } }
    }

    /// How long the measured window lasted, in nanoseconds; to now if it was cut short, 0 if it never began.
    var windowNanoseconds: UInt64 {
        beginnings.withLock { beginnings in
            guard beginnings.count > 1 else { return 0 }
            return (beginnings.count > 2 ? beginnings[2] : monotonicNanoseconds()) - beginnings[1]
        }
    }
}

/// Notices that a count has stood still for too long.
struct StallWatch {
    let limit: UInt64
    private(set) var hasStalled = false
    private var last: (progress: UInt64, at: UInt64)?

    init(limit: UInt64) {
        self.limit = limit
    }

    /// True once `progress` has been the same for the limit.
    mutating func check(progress: UInt64, at now: UInt64) -> Bool {
        guard let last, last.progress == progress else {
            self.last = (progress, now)
            return hasStalled
        }
        if now - last.at >= limit { hasStalled = true }
        return hasStalled
    }
}
