import Synchronization

/// Test-and-test-and-set with bounded exponential back-off (Rudolph & Segall 1984; Anderson 1990, §3; Mellor-Crummey &
/// Scott 1991, §2.1).
///
/// A waiter reads its cached copy until the lock looks free and only then tries the exchange; a failed try doubles the
/// range from which it draws its next pause. No queue and no order: a thread may be overtaken any number of times.
public final class TestAndTestAndSetLock: ThreadLock {
    /// The ends of the back-off's range, and when to stop spinning, in pause instructions.
    public struct Options: Sendable, Equatable {
        /// The range of the first back-off.
        public var minimumBackOff: UInt32
        /// The range that doubling stops at.
        public var maximumBackOff: UInt32
        /// Pauses in one wait before the waiter yields its processor instead.
        public var spinLimit: UInt32

        /// Creates options; the defaults keep the longest pause near the cost of a system call.
        public init(minimumBackOff: UInt32 = 4, maximumBackOff: UInt32 = 64, spinLimit: UInt32 = 64) {
            self.minimumBackOff = minimumBackOff
            self.maximumBackOff = maximumBackOff
            self.spinLimit = spinLimit
        }
    }

    /// The state of one thread's back-off.
    public struct Context {
        fileprivate var wait: SpinWait
        fileprivate var generator: SplitMix64
    }

    /// False: whoever is quickest gets the lock.
    public static var isFirstComeFirstServed: Bool { false }

    private let options: Options
    private let held = IsolatedAtomic(false)

    /// Creates a free lock.
    public init(_ options: Options = Options()) {
        precondition(options.minimumBackOff >= 1, "a back-off range must be at least one pause")
        precondition(options.maximumBackOff >= options.minimumBackOff, "the back-off's bound lies below its start")
        self.options = options
    }

    /// A back-off with a generator of its own, so that waiters don't return in step.
    public func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(
            wait: SpinWait(spinLimit: options.spinLimit, patience: patience), generator: SplitMix64(seed: seed))
    }

    /// Nothing to give back.
    public func destroyContext(_ context: Context) {}

    /// Empty: there is no queue.
    @inline(__always)
    public func enterDoorway(_ context: inout Context) {}

    /// Tries the exchange whenever the lock looks free, with growing pauses between failed tries.
    @inline(__always)
    public func awaitTurn(_ context: inout Context) -> Acquisition {
        // Acquiring: pairs with the releasing store of `unlock`, so the last holder's writes come before ours. The
        // order of a failed exchange doesn't matter; nothing protected is read after it.
        if !held.atomic.pointee.exchange(true, ordering: .acquiring) { return .immediate }
        return contend(&context)
    }

    private func contend(_ context: inout Context) -> Acquisition {
        context.wait.begin()
        var range = options.minimumBackOff
        while true {
            // Relaxed: only a hint that the exchange may succeed; the exchange does the synchronising.
            while held.atomic.pointee.load(ordering: .relaxed) {
                guard context.wait.pass(pauses: options.minimumBackOff) else { return .abandoned }
            }
            if !held.atomic.pointee.exchange(true, ordering: .acquiring) { return .waited }
            guard context.wait.pass(pauses: 1 + context.generator.below(range)) else { return .abandoned }
            range = min(range &* 2, options.maximumBackOff)
        }
    }

    /// Frees the lock for whoever comes first.
    @inline(__always)
    public func unlock(_ context: inout Context) {
        // Releasing: our writes come before the store that the next holder's exchange reads.
        held.atomic.pointee.store(false, ordering: .releasing)
    }
}
