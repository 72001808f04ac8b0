import LoopbackRuntime
import Synchronization

/// How loops read what their thread has allocated; the command sets it where it links an allocator that tells.
public enum JemallocThread {
    private static let reader = Mutex(ThreadAllocations.unavailable)

    /// The reader in force.
    public static var current: ThreadAllocations { reader.withLock { $0 } }

    /// Sets the reader, once, before anything runs.
    public static func use(_ allocations: ThreadAllocations) {
        reader.withLock { $0 = allocations }
    }
}
