/// Which operations are called and not yet taken, in two lists with constant-time removal and exact undo ("dancing
/// links", Knuth 2000): those that will return, the one that must first
/// at the front, and those that never do.
struct PendingOperations {
    private var next: ContiguousArray<Int32>
    private var previous: ContiguousArray<Int32>
    private let returning: Int32

    /// Room for `count` operations, none pending.
    init(count: Int) {
        returning = Int32(truncatingIfNeeded: count)
        next = ContiguousArray(repeating: -1, count: count + 2)
        previous = next
        for head in [count, count + 1] {
            next[head] = Int32(truncatingIfNeeded: head)
            previous[head] = Int32(truncatingIfNeeded: head)
        }
    }

    @inline(__always)
    private func head(_ hasReturned: Bool) -> Int32 { hasReturned ? returning : returning + 1 }

    /// The first operation in a list, or `nil`.
    @inline(__always)
    func first(returning hasReturned: Bool) -> Int? {
        let head = head(hasReturned)
        return next[Int(head)] == head ? nil : Int(next[Int(head)])
    }

    /// The operation after `operation` in its list, or `nil`.
    @inline(__always)
    func after(_ operation: Int) -> Int? {
        next[operation] >= returning ? nil : Int(next[operation])
    }

    /// Puts an operation into its list: in order of `deadline` for those that will return, at the end for the others.
    mutating func insert(_ operation: Int, returning hasReturned: Bool, deadline: ContiguousArray<UInt64>) {
        let head = head(hasReturned)
        var before = previous[Int(head)]
        if hasReturned {
            while before != head, deadline[Int(before)] > deadline[operation] { before = previous[Int(before)] }
        }
        previous[operation] = before
        next[operation] = next[Int(before)]
        restore(operation)
    }

    /// Takes an operation out of its list.
    @inline(__always)
    mutating func remove(_ operation: Int) {
        next[Int(previous[operation])] = next[operation]
        previous[Int(next[operation])] = previous[operation]
    }

    /// Undoes the latest removal that was not yet undone.
    @inline(__always)
    mutating func restore(_ operation: Int) {
        next[Int(previous[operation])] = Int32(truncatingIfNeeded: operation)
        previous[Int(next[operation])] = Int32(truncatingIfNeeded: operation)
    }
}
