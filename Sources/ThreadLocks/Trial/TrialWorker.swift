import CLinux
import Glibc

/// Takes a batch of acquire latencies, in nanoseconds, on the thread that measured them.
typealias LatencyDrain = @Sendable (UnsafeBufferPointer<UInt64>) -> Void

/// One thread's loop: ask, acquire, work, release, think. Generic over the lock and formed where the lock's type is
/// known, so that the loop is compiled for it.
final class TrialWorker<Lock: ThreadLock>: @unchecked Sendable {
    // @unchecked: used by one thread at a time; handed over by starting and joining it.

    private let lock: Lock
    private let index: Int
    private let control: TrialControl
    private let shared: SharedRegion
    private let drain: LatencyDrain
    private let roundsPerNanosecond: Double

    private(set) var window = ThreadLockThreadResult()
    private(set) var acquisitionsInAll: UInt64 = 0
    private(set) var tornInvariants: UInt64 = 0
    private(set) var context: Lock.Context
    private(set) var checksum: UInt64 = 0
    private var usageAtStart: ThreadUsage?

    init(
        lock: Lock, index: Int, control: TrialControl, shared: SharedRegion, roundsPerNanosecond: Double,
        drain: @escaping LatencyDrain
    ) {
        self.lock = lock
        self.index = index
        self.control = control
        self.shared = shared
        self.roundsPerNanosecond = roundsPerNanosecond
        self.drain = drain
        var seeds = SplitMix64(seed: control.load.seed &+ UInt64(index))
        context = lock.makeContext(seed: seeds.next(), patience: control.patience)
    }

    /// The life of the thread.
    func run() {
        if control.load.pinsThreads {
            let processor = clinux_pin_thread(UInt32(index))
            window.pinnedProcessor = processor < 0 ? nil : Int(processor)
        }
        var samples = LatencyBatch(drain: drain)
        var think = ThinkTime(
            rounds: Double(control.load.thinkNanoseconds) * roundsPerNanosecond,
            seed: control.load.seed ^ 0x7468_696E_6B00_0000 &+ UInt64(index))
        control.awaitStart()
        compete(&samples, &think)
        samples.flush()
        samples.deallocate()
        checksum &+= think.checksum
        control.leave()
    }

    private func compete(_ samples: inout LatencyBatch, _ think: inout ThinkTime) {
        // Locals, not properties: the loop keeps them in registers or on a stack that no other thread shares.
        var context = self.context
        var work = SpinWork(seed: UInt64(index))
        let rounds = UInt64(Double(control.load.criticalSectionNanoseconds) * roundsPerNanosecond)
        var local = window
        var phase = TrialPhase.warmUp
        loop: while true {
            let current = control.phase
            if current != phase {
                noteTransition(from: phase, to: current, &local)
                phase = current
            }
            let goesOn: Bool
            switch phase {
            case .warmUp: goesOn = warmUpRound(&context, &work, rounds)
            case .window: goesOn = measuredRound(&context, &work, rounds, &local, &samples)
            case .audit: goesOn = auditedRound(&context, &work, rounds)
            case .finished: break loop
            }
            guard goesOn else { break }
            acquisitionsInAll &+= 1
            if acquisitionsInAll & 15 == 1 { control.noteProgress() }
            think.pass()
            // After a nap with the lock held comes one without: on a busy core waiters would never run while it's free.
            if napsNow { usleep(ThreadLockLoad.holderNapMicroseconds) }
        }
        if phase == .window { noteTransition(from: .window, to: .finished, &local) }
        window = local
        checksum = work.checksum
        self.context = context
    }

    // Before an acquisition, so that the division stays out of the critical section.
    private var napsNow: Bool {
        @inline(__always) get {
            let interval = control.load.holderNapInterval
            return interval > 0 && acquisitionsInAll % interval == 0
        }
    }

    @inline(__always)
    private func warmUpRound(_ context: inout Lock.Context, _ work: inout SpinWork, _ rounds: UInt64) -> Bool {
        let naps = napsNow
        guard lock.lock(&context) != .abandoned else { return false }
        let visit = shared.visit(work: &work, rounds: rounds, naps: naps)
        lock.unlock(&context)
        if visit.isTorn { tornInvariants &+= 1 }
        if case .acquisitions(let limit) = control.load.warmUp, max(visit.count, acquisitionsInAll) >= limit {
            control.advance(from: .warmUp)
        }
        return true
    }

    @inline(__always)
    private func measuredRound(
        _ context: inout Lock.Context, _ work: inout SpinWork, _ rounds: UInt64,
        _ local: inout ThreadLockThreadResult, _ samples: inout LatencyBatch
    ) -> Bool {
        let naps = napsNow
        let asked = monotonicNanoseconds()
        let acquisition = lock.lock(&context)
        guard acquisition != .abandoned else { return false }
        let acquired = monotonicNanoseconds()
        let visit = shared.visit(work: &work, rounds: rounds, naps: naps)
        let logged = shared.logAcquisition(by: UInt16(truncatingIfNeeded: index))
        lock.unlock(&context)
        let released = monotonicNanoseconds()
        let waited = acquired &- asked
        local.acquisitions &+= 1
        local.waitNanoseconds &+= waited
        local.holdNanoseconds &+= released &- acquired
        if waited > local.longestWaitNanoseconds { local.longestWaitNanoseconds = waited }
        if acquisition == .waited { local.contendedAcquisitions &+= 1 }
        if visit.isTorn { tornInvariants &+= 1 }
        samples.append(waited)
        // A broken lock loses counts: no thread goes past the limit alone, so the window ends all the same.
        if case .acquisitions(let limit) = control.load.window, max(logged, local.acquisitions) >= limit {
            control.advance(from: .window)
        }
        return true
    }

    private func auditedRound(_ context: inout Lock.Context, _ work: inout SpinWork, _ rounds: UInt64) -> Bool {
        let naps = napsNow
        // Sequentially consistent draws around the doorway: one that begins after another has ended draws a higher
        // stamp, and neither draw can move into or over the doorway's own atomics.
        let stamp = control.stamp.atomic
        let entered = stamp.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
        lock.enterDoorway(&context)
        let left = stamp.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
        let acquisition = lock.awaitTurn(&context)
        guard acquisition != .abandoned else { return false }
        let visit = shared.visit(work: &work, rounds: rounds, naps: naps)
        let hasRoom = shared.logAudit(
            SharedRegion.AuditEntry(entered: entered, left: left, waited: acquisition == .waited))
        lock.unlock(&context)
        if visit.isTorn { tornInvariants &+= 1 }
        if !hasRoom { control.advance(from: .audit) }
        return true
    }

    private func noteTransition(from old: TrialPhase, to new: TrialPhase, _ local: inout ThreadLockThreadResult) {
        if old == .window, let start = usageAtStart {
            let usage = ThreadUsage.now()
            local.userCPUNanoseconds = usage.user - start.user
            local.systemCPUNanoseconds = usage.system - start.system
            local.voluntarySwitches = usage.voluntary - start.voluntary
            local.involuntarySwitches = usage.involuntary - start.involuntary
        }
        if new == .window { usageAtStart = .now() }
    }
}

/// Latencies on their way to a sink, handed over by the thousand.
struct LatencyBatch {
    private let samples: UnsafeMutablePointer<UInt64>
    private var count = 0
    private let drain: LatencyDrain
    private static var capacity: Int { 4_096 }

    init(drain: @escaping LatencyDrain) {
        self.drain = drain
        samples = .allocate(capacity: Self.capacity)
    }

    @inline(__always)
    mutating func append(_ nanoseconds: UInt64) {
        samples[count] = nanoseconds
        count &+= 1
        if count == Self.capacity { flush() }
    }

    @inline(never)
    mutating func flush() {
        drain(UnsafeBufferPointer(start: samples, count: count))
        count = 0
    }

    func deallocate() {
        samples.deallocate()
    }
}

/// The time between a release and the next request: work, drawn anew each time so that threads don't fall into step.
struct ThinkTime {
    private let mean: UInt32
    private var generator: SplitMix64
    private var work: SpinWork

    init(rounds: Double, seed: UInt64) {
        mean = UInt32(min(rounds, 4e9 / 2))
        generator = SplitMix64(seed: seed)
        work = SpinWork(seed: seed)
    }

    @inline(__always)
    mutating func pass() {
        guard mean > 0 else { return }
        work.run(UInt64(mean / 2) &+ UInt64(generator.below(mean &+ 1)))
    }

    var checksum: UInt64 { work.checksum }
}
