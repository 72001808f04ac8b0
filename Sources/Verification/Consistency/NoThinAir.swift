/// Judges what even an eventually consistent store owes its clients: every value that is seen was written.
///
/// Each told answer on its own: a value that was read (or found by a compare-and-set) was written to the key by an
/// operation that was not refused and that began before the answer had come. That a key is absent may always be
/// answered. Of integers and lists a history holds no more than totals, so these are held against bounds: an integer
/// within the sums of the decrements and of the increments begun by then, a list no longer than the appends begun by
/// then; texts that are joined are not looked into. That replicas agree in the end is judged by ``ReplicaConvergence``.
enum NoThinAir {
    static func judge(_ group: KeyGroup) -> KeyJudgement {
        let writes = BegunWrites(group)
        for position in 0..<group.count {
            let operation = group[position]
            guard operation.isTold, let reason = writes.objection(to: operation) else { continue }
            return .violated(reason: reason, window: writes.latecomers(operation) + [operation])
        }
        return .holds
    }
}

/// The writes of a key by when they began.
private struct BegunWrites {
    private let group: KeyGroup
    /// For each written value (piece) when the first write of it began.
    private var began: ContiguousArray<UInt64> = []
    private var values: ValueTable
    private var hasTexts = false
    /// When each write that leaves something began, in order.
    private var leaving: [UInt64] = []
    /// When each append or write that it may build upon began, in order.
    private var pieces: [UInt64] = []
    /// The increments in order of their beginning, and the sums of the positive and the negative ones up to each.
    private var increments: [(began: UInt64, up: Int64, down: Int64)] = []

    init(_ group: KeyGroup) {
        self.group = group
        values = ValueTable(capacity: group.count)
        for position in 0..<group.count where group[position].writes { add(group[position]) }
        leaving.sort()
        pieces.sort()
        increments.sort { $0.began < $1.began }
        for index in increments.indices.dropFirst() {
            increments[index].up = increments[index].up.addingClamped(increments[index - 1].up)
            increments[index].down = increments[index].down.addingClamped(increments[index - 1].down)
        }
    }

    private mutating func add(_ operation: KeyValueOperation) {
        let time = operation.invokedNanoseconds
        switch operation.kind {
        case .get, .delete: return
        case .put, .compareAndSet, .append:
            pieces.append(time)
            let (number, isNew) = values.insert(operation.argument)
            if isNew { began.append(time) } else { began[number] = min(began[number], time) }
        case .concatenate: hasTexts = true
        case .increment:
            let delta = Int64(bitPattern: operation.argument)
            increments.append((time, max(0, delta), min(0, delta)))
        }
        leaving.append(time)
    }

    /// What can't be true about an answer that was told, or `nil`.
    func objection(to operation: KeyValueOperation) -> String? {
        let ended = operation.returnedNanoseconds
        switch operation.kind {
        case .put, .concatenate: return nil
        case .get: return objection(toValue: operation.result, by: ended)
        case .compareAndSet:
            return operation.outcome == .mismatch ? nil : objection(toValue: operation.result, by: ended)
        case .delete:
            if operation.result > 1 { return "an answer that no delete can give" }
            return operation.result == 1 && count(leaving, by: ended) == 0 ? "a removal where nothing was yet" : nil
        case .increment: return objection(toInteger: operation.result, by: ended)
        case .append:
            let isPossible = operation.result >= 1 && operation.result <= UInt64(count(pieces, by: ended))
            return isPossible ? nil : "a list longer than what had been appended"
        }
    }

    private func objection(toValue value: UInt64, by ended: UInt64) -> String? {
        if value == ValueIdentity.absent || hasTexts { return nil }
        if let number = values.number(of: value) {
            return began[number] > ended ? "a read of a value before its write began" : nil
        }
        if ValueIdentity.isList(value) {
            let appended = count(pieces, by: ended)
            // Lengths are known modulo 2^22 only.
            let isPossible = appended >= 1 << 22 || ValueIdentity.pieceCount(value) <= UInt64(appended)
            return isPossible ? nil : "a list longer than what had been appended"
        }
        if ValueIdentity.integerValue(value) != nil { return objection(toInteger: value, by: ended) }
        return "a read of a value that nobody wrote"
    }

    private func objection(toInteger value: UInt64, by ended: UInt64) -> String? {
        guard let integer = ValueIdentity.integerValue(value) else { return "an increment that answered no integer" }
        let begun = increments.partitioningIndex { $0.began > ended }
        if begun == 0 { return "a read of a value that nobody wrote" }
        let (_, up, down) = increments[begun - 1]
        return (down...up).contains(integer) ? nil : "an integer that the increments begun by then can't reach"
    }

    private func count(_ times: [UInt64], by ended: UInt64) -> Int {
        times.partitioningIndex { $0 > ended }
    }

    /// The writes of the value that was answered, which came too late, or were refused.
    func latecomers(_ operation: KeyValueOperation) -> [KeyValueOperation] {
        guard operation.kind == .get || operation.kind == .compareAndSet else { return [] }
        return (0..<group.count).lazy.map { group[$0] }
            .filter { $0.writes && $0.kind != .increment && $0.kind != .concatenate && $0.argument == operation.result }
    }
}

extension Int64 {
    /// The sum, or the bound that it passes.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index at which `isBeyond` holds; it must hold from there to the end.
    ///
    /// - Complexity: O(log n).
    @inline(__always)
    func partitioningIndex(where isBeyond: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
