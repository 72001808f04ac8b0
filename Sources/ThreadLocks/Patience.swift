import CLinux
import Glibc
import Synchronization

/// When waiting threads give up: a flag that the trial raises if no thread has acquired for too long, so that a lock
/// that loses a thread ends in a report and not in a hang.
public final class Patience: Sendable {
    private let exhausted = Atomic<Bool>(false)

    /// Creates patience that lasts until it is exhausted.
    public init() {}

    /// Tells all who wait to give up.
    public func exhaust() {
        exhausted.store(true, ordering: .relaxed)
    }

    /// Whether those who wait are to give up. Relaxed: the flag carries no data.
    public var isExhausted: Bool { exhausted.load(ordering: .relaxed) }
}

/// How one thread passes the time in front of a lock: some rounds of the pause instruction, then the processor is
/// offered to others.
///
/// Pure spinning is right only while every waiter has a core. With more threads than cores the holder, or the next in a
/// queue, may be the one without, and then each spin delays what it waits for: hence `sched_yield` past a bound. To spin for about as long as
/// a switch of threads takes costs at most twice the best choice (Karlin, Li, Manasse & Owicki, SOSP 1991): the locks'
/// default of 64 pauses is 2 to 3 µs where a pause takes some 40 ns.
public struct SpinWait {
    /// How many pause instructions a wait may spend before it starts to yield.
    public let spinLimit: UInt32
    private let patience: Patience
    private var spent: UInt32 = 0

    /// Creates the waiting of one thread.
    public init(spinLimit: UInt32, patience: Patience) {
        self.spinLimit = spinLimit
        self.patience = patience
    }

    /// Starts a new wait.
    @inline(__always)
    public mutating func begin() {
        spent = 0
    }

    /// Passes some time, `pauses` pause instructions' worth while spinning is still in order. False: give up.
    @inline(__always)
    public mutating func pass(pauses: UInt32) -> Bool {
        guard spent < spinLimit else { return offerProcessor() }
        spent &+= pauses
        for _ in 0..<pauses { clinux_pause() }
        return true
    }

    @inline(never)
    private func offerProcessor() -> Bool {
        sched_yield()
        return !patience.isExhausted
    }
}
