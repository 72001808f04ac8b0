import Synchronization

/// The list-based queueing lock of Mellor-Crummey & Scott (ACM TOCS 9(1), 1991, §2.4, algorithm 5, with
/// compare-and-swap).
///
/// Each thread spins on a flag in its own queue node, so a release touches one other cache. First come, first served in
/// the order of the exchanges on the tail.
public final class MCSLock: ThreadLock {
    /// When to stop spinning.
    public struct Options: Sendable, Equatable {
        /// Pause instructions in one wait before the waiter yields its processor instead.
        public var spinLimit: UInt32

        /// Creates options.
        public init(spinLimit: UInt32 = 64) {
            self.spinLimit = spinLimit
        }
    }

    /// One thread's queue node.
    public struct Context {
        fileprivate var wait: SpinWait
        fileprivate let node: UnsafeMutablePointer<QueueNode>
        fileprivate var hasPredecessor = false
    }

    /// True: in the order of the queue.
    public static var isFirstComeFirstServed: Bool { true }

    private let options: Options
    private let tail = IsolatedAtomic<UnsafeMutableRawPointer?>(nil)

    /// Creates a free lock.
    public init(_ options: Options = Options()) {
        self.options = options
    }

    /// Takes memory for a queue node.
    public func makeContext(seed: UInt64, patience: Patience) -> Context {
        Context(wait: SpinWait(spinLimit: options.spinLimit, patience: patience), node: QueueNode.allocate())
    }

    /// Gives the queue node back. Others may hold its address until every thread has stopped.
    public func destroyContext(_ context: Context) {
        QueueNode.deallocate(context.node)
    }

    /// Appends the thread's node to the queue.
    @inline(__always)
    public func enterDoorway(_ context: inout Context) {
        let node = context.node
        // Relaxed: nobody else can reach the node before the exchange, which releases both stores.
        node.pointee.next.store(nil, ordering: .relaxed)
        node.pointee.isBlocked.store(true, ordering: .relaxed)
        // Releasing: whoever takes this tail sees the node initialised. Acquiring: we see our predecessor's node
        // initialised before we link to it; and, if there is none, the critical section of the last holder, whose
        // releasing compare-exchange wrote the nil.
        let last = tail.atomic.pointee.exchange(UnsafeMutableRawPointer(node), ordering: .acquiringAndReleasing)
        context.hasPredecessor = last != nil
        guard let last else { return }
        // Releasing: the predecessor, following the link, sees `isBlocked` set before it clears it.
        last.assumingMemoryBound(to: QueueNode.self).pointee.next.store(
            UnsafeMutableRawPointer(node), ordering: .releasing)
    }

    /// Spins on the thread's own node until its predecessor hands over.
    @inline(__always)
    public func awaitTurn(_ context: inout Context) -> Acquisition {
        guard context.hasPredecessor else { return .immediate }
        return queue(&context)
    }

    private func queue(_ context: inout Context) -> Acquisition {
        context.wait.begin()
        // Acquiring: pairs with the predecessor's releasing store, so its writes come before our section.
        while context.node.pointee.isBlocked.load(ordering: .acquiring) {
            guard context.wait.pass(pauses: 4) else { return .abandoned }
        }
        return .waited
    }

    /// Hands the lock to the successor, or frees it if there is none.
    @inline(__always)
    public func unlock(_ context: inout Context) {
        let node = context.node
        // Acquiring: the successor's initialisation of its node comes before our store to it.
        var successor = node.pointee.next.load(ordering: .acquiring)
        if successor == nil {
            // Releasing: a thread that finds the nil by its acquiring exchange sees our section.
            let freed = tail.atomic.pointee.compareExchange(
                expected: UnsafeMutableRawPointer(node), desired: nil, successOrdering: .releasing,
                failureOrdering: .relaxed
            ).exchanged
            if freed { return }
            successor = awaitLink(&context)
        }
        // Releasing: our writes come before the flag that the successor waits for.
        successor?.assumingMemoryBound(to: QueueNode.self).pointee.isBlocked.store(false, ordering: .releasing)
    }

    // A successor has swapped the tail and is about to link itself. Nil only when patience is exhausted.
    private func awaitLink(_ context: inout Context) -> UnsafeMutableRawPointer? {
        context.wait.begin()
        while true {
            if let successor = context.node.pointee.next.load(ordering: .acquiring) { return successor }
            guard context.wait.pass(pauses: 1) else { return nil }
        }
    }
}
