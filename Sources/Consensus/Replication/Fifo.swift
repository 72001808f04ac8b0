/// A first-in, first-out queue in one array: the front moves on and the room before it is given back in bulk, so that
/// both ends cost constant time on average and a queue that runs empty never grows.
@usableFromInline
struct Fifo<Element: Sendable>: Sendable {
    @usableFromInline var storage: ContiguousArray<Element> = []
    @usableFromInline var head = 0

    @inlinable
    init() {}

    @inlinable
    var count: Int { storage.count &- head }

    @inlinable
    var isEmpty: Bool { storage.count == head }

    @inlinable
    var first: Element? { isEmpty ? nil : storage[head] }

    /// The element at an offset from the front.
    @inlinable
    subscript(offset: Int) -> Element {
        get { storage[head &+ offset] }
        _modify { yield &storage[head &+ offset] }
    }

    @inlinable
    mutating func append(_ element: Element) {
        storage.append(element)
    }

    /// Removes the `count` oldest elements, of which there must be as many.
    @inlinable
    mutating func removeFirst(_ count: Int = 1) {
        assert(count <= self.count, "the queue holds fewer elements")
        head &+= count
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head &* 2 >= storage.count {
            storage.removeSubrange(0..<head)
            head = 0
        }
    }

    /// Removes the `count` newest elements, of which there must be as many.
    @inlinable
    mutating func removeLast(_ count: Int) {
        assert(count <= self.count, "the queue holds fewer elements")
        storage.removeLast(count)
        if head == storage.count { removeAll() }
    }

    @inlinable
    mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        head = 0
    }
}
