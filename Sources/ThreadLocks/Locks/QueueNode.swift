import Synchronization

/// A thread's place in the queue of an `MCSLock`: whom to wake, and whether still to wait. On cache lines of its own,
/// since its owner spins on it.
public struct QueueNode: ~Copyable {
    let next = Atomic<UnsafeMutableRawPointer?>(nil)
    let isBlocked = Atomic<Bool>(false)

    static func allocate() -> UnsafeMutablePointer<QueueNode> {
        let bytes = IsolatedAtomic<Bool>.isolationBytes
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
        let node = raw.bindMemory(to: QueueNode.self, capacity: 1)
        node.initialize(to: QueueNode())
        return node
    }

    static func deallocate(_ node: UnsafeMutablePointer<QueueNode>) {
        node.deinitialize(count: 1)
        UnsafeMutableRawPointer(node).deallocate()
    }
}
