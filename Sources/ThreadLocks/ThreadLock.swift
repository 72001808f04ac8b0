/// How an acquisition went.
public enum Acquisition: UInt8, Sendable {
    /// The lock was free: no wait.
    case immediate
    /// The lock was held, or others were queued before this thread.
    case waited
    /// The trial gave up while this thread was waiting; the lock isn't held and must not be used any more.
    case abandoned
}

/// A mutual-exclusion lock among threads of one process.
///
/// Acquiring has two parts, as in Lamport's definition of first come, first served (CACM 17(8), 1974): a *doorway*, a
/// bounded number of steps in which a lock that queues fixes the thread's place, and a wait for the turn. A lock without
/// a queue has an empty doorway. Keeping them apart lets a trial check the order exactly: if A left its doorway before B
/// entered, A must be served first.
///
/// Code that uses a lock is generic over it, never existential, so that the whole acquisition is inlined.
public protocol ThreadLock: AnyObject, Sendable {
    /// What one thread brings to every acquisition: a queue node, the state of its back-off.
    associatedtype Context

    /// Whether requests are served in the order of their doorways.
    static var isFirstComeFirstServed: Bool { get }

    /// What the thread with this seed brings; `patience` says when a wait is to be given up.
    func makeContext(seed: UInt64, patience: Patience) -> Context

    /// Returns what `makeContext` took, after the last thread has stopped using the lock.
    func destroyContext(_ context: Context)

    /// Fixes this thread's place in the queue, where there is one. Never waits.
    func enterDoorway(_ context: inout Context)

    /// Waits until the lock is this thread's. Everything that earlier holders wrote is visible afterwards.
    func awaitTurn(_ context: inout Context) -> Acquisition

    /// Hands the lock on. Only the holder may call it, with the context that acquired.
    func unlock(_ context: inout Context)
}

extension ThreadLock {
    /// Acquires the lock.
    @inline(__always)
    @discardableResult
    public func lock(_ context: inout Context) -> Acquisition {
        enterDoorway(&context)
        return awaitTurn(&context)
    }
}
