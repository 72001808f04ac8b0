import Glibc

/// The platform's `pthread_mutex_t` of the default kind: on Linux a futex that parks its waiters and lets a running
/// thread overtake a woken one. A waiter sleeps in the kernel, so it has no patience to lose.
public final class PthreadLock: ThreadLock, @unchecked Sendable {
    // @unchecked: the pointer is constant, and pthread_mutex_t is made to be shared.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Nothing: the kernel keeps the queue.
    public struct Context {}

    /// False: a thread that runs may overtake one that is being woken.
    public static var isFirstComeFirstServed: Bool { false }

    /// Creates a free lock.
    public init() {
        let bytes = IsolatedAtomic<Bool>.isolationBytes
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
        mutex = raw.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed with \(status)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        UnsafeMutableRawPointer(mutex).deallocate()
    }

    /// Nothing.
    public func makeContext(seed: UInt64, patience: Patience) -> Context { Context() }

    /// Nothing to give back.
    public func destroyContext(_ context: Context) {}

    /// Empty: there is no order to fix.
    @inline(__always)
    public func enterDoorway(_ context: inout Context) {}

    /// Takes the mutex, parking if it is held.
    @inline(__always)
    public func awaitTurn(_ context: inout Context) -> Acquisition {
        // The try is what pthread_mutex_lock does first itself; it tells whether there was contention.
        if pthread_mutex_trylock(mutex) == 0 { return .immediate }
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock failed with \(status)")
        return .waited
    }

    /// Frees the mutex and wakes a waiter, if there is one.
    @inline(__always)
    public func unlock(_ context: inout Context) {
        pthread_mutex_unlock(mutex)
    }
}
