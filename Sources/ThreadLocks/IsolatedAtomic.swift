import Synchronization

/// An atomic alone on its cache lines, so that writes to its neighbours don't disturb those who spin on it.
///
/// 128 bytes: a line is 64 on x86-64, but the adjacent-line prefetcher fetches them in pairs, and Apple's arm64 has 128.
public struct IsolatedAtomic<Value: AtomicRepresentable>: ~Copyable, @unchecked Sendable {
    // @unchecked: the pointer is owned, constant, and leads to an Atomic, which is Sendable.
    @usableFromInline let cell: UnsafeMutablePointer<Atomic<Value>>

    /// The size and alignment of the memory that an atomic has for itself, in bytes.
    public static var isolationBytes: Int { 128 }

    /// Creates an atomic that holds `value`.
    public init(_ value: consuming Value) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: Self.isolationBytes, alignment: Self.isolationBytes)
        cell = raw.bindMemory(to: Atomic<Value>.self, capacity: 1)
        cell.initialize(to: Atomic(value))
    }

    deinit {
        cell.deinitialize(count: 1)
        UnsafeMutableRawPointer(cell).deallocate()
    }

    /// The atomic.
    @inlinable public var atomic: UnsafeMutablePointer<Atomic<Value>> {
        @inline(__always) get { cell }
    }
}
