import Verification

/// The definitions of the weaker models, tried literally: every order, every subset of the operations without an answer.
enum BruteForceConsistency {
    static func holds(_ model: ConsistencyModel, _ history: [KeyValueOperation]) -> Bool {
        let history = history.filter { $0.outcome != .failed }
        let byKey = Dictionary(grouping: history, by: \.key).values
        switch model {
        case .linearizable: return BruteForce.isLinearizable(history)
        case .sequential: return byKey.allSatisfy(isWritten) && isSequential(history)
        case .regular: return byKey.allSatisfy(isWritten) && byKey.allSatisfy(isRegular)
        case .session: return byKey.allSatisfy(isWritten) && byKey.allSatisfy(isSequential)
        case .eventual: return byKey.allSatisfy(isWritten)
        }
    }

    // MARK: Sequential

    /// Whether `first` comes before `second` in a session's own order.
    private static func isBefore(_ first: KeyValueOperation, _ second: KeyValueOperation) -> Bool {
        first.client == second.client && first.precedes(second)
    }

    private static func isSequential(_ operations: [KeyValueOperation]) -> Bool {
        search(operations, Array(repeating: false, count: operations.count), [:])
    }

    private static func search(
        _ operations: [KeyValueOperation], _ taken: [Bool], _ values: [UInt32: BruteForce.Value]
    ) -> Bool {
        let left = operations.indices.filter { !taken[$0] }
        if left.allSatisfy({ !operations[$0].hasReturned }) { return true }
        for index in left where !left.contains(where: { isBefore(operations[$0], operations[index]) }) {
            let key = operations[index].key
            guard let after = BruteForce.apply(operations[index], values[key] ?? .absent) else { continue }
            var more = taken
            more[index] = true
            if search(operations, more, values.merging([key: after]) { $1 }) { return true }
        }
        return false
    }

    // MARK: Eventual

    /// Registers only: whatever was seen had been written by an operation that had begun.
    private static func isWritten(_ operations: [KeyValueOperation]) -> Bool {
        operations.allSatisfy { read in
            guard let value = seen(read), value != ValueIdentity.absent else { return true }
            return operations.contains {
                writes($0) && left($0) == value && $0.invokedNanoseconds <= read.returnedNanoseconds
            }
        }
    }

    private static func writes(_ operation: KeyValueOperation) -> Bool {
        operation.kind != .get && operation.outcome != .mismatch
    }

    private static func left(_ operation: KeyValueOperation) -> UInt64 {
        operation.kind == .delete ? ValueIdentity.absent : operation.argument
    }

    private static func seen(_ operation: KeyValueOperation) -> UInt64? {
        guard operation.hasReturned, operation.result != KeyValueOperation.unreported else { return nil }
        return switch operation.kind {
        case .get: operation.result
        case .compareAndSet where operation.outcome == .ok: operation.result
        case .delete where operation.result == 0: ValueIdentity.absent
        default: nil
        }
    }

    // MARK: Regular

    private static func isRegular(_ operations: [KeyValueOperation]) -> Bool {
        let writes = operations.filter(Self.writes)
        let reads = operations.filter { seen($0) != nil }
        guard reads.allSatisfy({ isWeaklyRegular($0, writes) }) else { return false }
        let values = writes.map(left)
        let isTold = Set(values).count == values.count && !values.contains(ValueIdentity.absent)
        return !isTold || hasWriteOrder(writes, reads)
    }

    /// Some order of the writes and the read keeps real time, and the read returns the latest value in it.
    private static func isWeaklyRegular(_ read: KeyValueOperation, _ writes: [KeyValueOperation]) -> Bool {
        let others = writes.filter { $0 != read }
        let initial = !others.contains { $0.precedes(read) } && seen(read) == ValueIdentity.absent
        return initial
            || others.contains { write in
                left(write) == seen(read) && !read.precedes(write)
                    && !others.contains { write.precedes($0) && $0.precedes(read) }
            }
    }

    /// One order of the writes that keeps real time, from which each read's order follows: the writes that began before
    /// the read ended, in that order, with the read somewhere among them where it keeps real time.
    private static func hasWriteOrder(_ writes: [KeyValueOperation], _ reads: [KeyValueOperation]) -> Bool {
        permutations(writes) { order in
            reads.allSatisfy { read in
                let relevant = order.filter { !read.precedes($0) }
                return (0...relevant.count).contains { place in
                    guard !relevant[place...].contains(where: { $0.precedes(read) }) else { return false }
                    let last = relevant[..<place].last
                    return seen(read) == (last.map(left) ?? ValueIdentity.absent) && last != read
                }
            }
        }
    }

    private static func permutations(
        _ writes: [KeyValueOperation], _ body: ([KeyValueOperation]) -> Bool
    ) -> Bool {
        func extend(_ order: [KeyValueOperation], _ left: [KeyValueOperation]) -> Bool {
            if left.allSatisfy({ !$0.hasReturned }), body(order) { return true }
            return left.indices.contains { index in
                guard !left.contains(where: { $0.precedes(left[index]) }) else { return false }
                var rest = left
                return extend(order + [rest.remove(at: index)], rest)
            }
        }
        return extend([], writes)
    }
}
