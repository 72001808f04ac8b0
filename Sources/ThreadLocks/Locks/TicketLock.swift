import Synchronization

/// The ticket lock with proportional back-off (Reed & Kanodia 1979; Mellor-Crummey & Scott 1991, §2.2).
///
/// A thread draws the next ticket and waits until it is served. A waiter with `d` others before it looks again only
/// after about `d` critical sections. First come, first served. Tickets are 32 bits wide and wrap: comparing for
/// equality and subtracting modulo 2³² stay right as long as fewer than 2³² threads wait.
public final class TicketLock: ThreadLock {
    /// How long to wait for each thread ahead, and when to stop spinning, in pause instructions.
    public struct Options: Sendable, Equatable {
        /// Pauses for each thread that is before this one.
        public var backOffPerWaiter: UInt32
        /// Pauses in one wait before the waiter yields its processor instead.
        public var spinLimit: UInt32

        /// Creates options.
        public init(backOffPerWaiter: UInt32 = 4, spinLimit: UInt32 = 64) {
            self.backOffPerWaiter = backOffPerWaiter
            self.spinLimit = spinLimit
        }
    }

    /// One thread's ticket.
    public struct Context {
        fileprivate var wait: SpinWait
        fileprivate var ticket: UInt32
    }

    /// True: in the order of the tickets.
    public static var isFirstComeFirstServed: Bool { true }

    private let options: Options
    // Apart: a new arrival's fetch-and-add must not take the line that the waiters read.
    private let nextTicket: IsolatedAtomic<UInt32>
    private let nowServing: IsolatedAtomic<UInt32>

    /// Creates a free lock whose first ticket is `firstTicket`.
    public init(_ options: Options = Options(), firstTicket: UInt32 = 0) {
        precondition(options.backOffPerWaiter >= 1, "a back-off must be at least one pause for each thread ahead")
        self.options = options
        nextTicket = IsolatedAtomic(firstTicket)
        nowServing = IsolatedAtomic(firstTicket)
    }

    /// A place for the thread's ticket.
    public func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(wait: SpinWait(spinLimit: options.spinLimit, patience: patience), ticket: 0)
    }

    /// Nothing to give back.
    public func destroyContext(_ context: Context) {}

    /// Draws a ticket.
    @inline(__always)
    public func enterDoorway(_ context: inout Context) {
        // Relaxed: the draw need only be atomic, which gives each ticket to one thread. What the critical section
        // needs to see comes with the acquiring load of `nowServing`.
        context.ticket = nextTicket.atomic.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// Waits until the ticket is served.
    @inline(__always)
    public func awaitTurn(_ context: inout Context) -> Acquisition {
        // Acquiring: pairs with the releasing store of `unlock`; seeing our number, we see its writer's section.
        if nowServing.atomic.pointee.load(ordering: .acquiring) == context.ticket { return .immediate }
        return queue(&context)
    }

    private func queue(_ context: inout Context) -> Acquisition {
        context.wait.begin()
        while true {
            let serving = nowServing.atomic.pointee.load(ordering: .acquiring)
            let ahead = context.ticket &- serving
            if ahead == 0 { return .waited }
            // The multiplication is bounded: past the spin limit its length no longer matters.
            let pauses = min(ahead, options.spinLimit) &* options.backOffPerWaiter
            guard context.wait.pass(pauses: min(pauses, max(options.spinLimit, 1))) else { return .abandoned }
        }
    }

    /// Serves the next ticket.
    @inline(__always)
    public func unlock(_ context: inout Context) {
        // Only the holder writes `nowServing`, so a plain increment of its own ticket needs no read-modify-write.
        // Releasing: our writes come before the number that the next holder waits for.
        nowServing.atomic.pointee.store(context.ticket &+ 1, ordering: .releasing)
    }
}
