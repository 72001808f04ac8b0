/// Judges whether a key is a regular register with many writers.
///
/// Lamport (Distributed Computing 1986, "On interprocess communication") defines regularity for one writer: a read
/// returns the last value written before it began, or one that is written meanwhile. For many writers Shao, Welch, Pierce
/// & Lee (SIAM J. Comput. 2011, "Multiwriter consistency conditions for shared memory registers") give several
/// definitions, of which two are judged here:
///
/// - *Weak*: for each read alone there is an order of all writes and that read which keeps real time and in which the
///   read returns the latest value. That is so exactly when the read returns a write that did not begin after it ended,
///   and that no other write both followed and ended before the read began. Exact whatever values were written, since a
///   read may return any of the writes of its value.
/// - *Write order*: besides, the orders of any two reads agree on the writes that began before both had ended. As these
///   sets of writes grow with time, that is one order of all writes, in which each write lies behind those that ended
///   before it or one of its reads began. With f the end of a value's *write* and s the last invocation on the value,
///   value A must lie before B exactly when f(A) < s(B): the relation on zones of ``ZoneCheck`` with another f, and
///   decided by the same ``ZoneOrder``. Judged where it is known which write a read returned: distinct values, nothing
///   deleted. Quorum reads and writes with unique tags keep it: tags are the order.
///
/// What a regular register may show and a linearizable one may not: of two reads during one write the earlier returns
/// the new value, the later the old one.
///
/// A compare-and-set that succeeded counts as a read of what it expected and as a write; a delete writes absence, and one
/// that answered that nothing was there reads it. Increments and appends are no register's operations: not judged.
enum Regularity {
    static func judge(_ group: KeyGroup) -> KeyJudgement {
        let kinds = OperationKinds(group)
        guard kinds.increments + kinds.appends + kinds.concatenations == 0 else {
            return .unknown(reason: "regularity says nothing about increments and appends")
        }
        if case .violated(let reason, let window) = NoThinAir.judge(group) {
            return .violated(reason: reason, window: window)
        }
        let writes = RegisterWrites(group)
        for position in 0..<group.count {
            let operation = group[position]
            guard let value = operation.valueSeen, let window = writes.window(againstReadAt: position, of: value)
            else { continue }
            return .violated(reason: "a read missed a write that had ended before it began", window: window)
        }
        return kinds.deletes == 0 ? WriteOrder.judge(group) : .holds
    }
}

extension KeyValueOperation {
    /// The value that the answer proves to have been there, if it does.
    var valueSeen: UInt64? {
        guard isTold else { return nil }
        return switch kind {
        case .get: result
        case .compareAndSet: outcome == .ok ? result : nil
        case .delete: result == 0 ? ValueIdentity.absent : nil
        case .put, .increment, .append, .concatenate: nil
        }
    }

    /// The value that a register holds after it.
    var valueLeft: UInt64 { kind == .delete ? ValueIdentity.absent : argument }
}

/// The writes of a register: by value for candidates, and by end for what a read must not miss.
private struct RegisterWrites {
    private struct Write {
        var value: UInt64
        var invoked: UInt64
        /// Which write of the value, up to this one in order of invocation, ends last, and which before that; −1: none.
        var latest: Int32
        var second: Int32 = -1
    }

    private struct Ended {
        var returned: UInt64
        /// The write that began last among those that ended up to this one.
        var lastBegun: Int32
    }

    private let group: KeyGroup
    private var byValue: ContiguousArray<Write> = []
    private var byEnd: ContiguousArray<Ended> = []

    init(_ group: KeyGroup) {
        self.group = group
        for position in 0..<group.count where group[position].writes {
            let operation = group[position]
            let number = Int32(truncatingIfNeeded: position)
            byValue.append(
                Write(value: operation.valueLeft, invoked: operation.invokedNanoseconds, latest: number))
            if operation.hasReturned {
                byEnd.append(Ended(returned: operation.returnedNanoseconds, lastBegun: number))
            }
        }
        byValue.sort { ($0.value, $0.invoked) < ($1.value, $1.invoked) }
        for index in byValue.indices.dropFirst() where byValue[index].value == byValue[index - 1].value {
            let (before, number) = (byValue[index - 1], byValue[index].latest)
            if end(number) >= end(before.latest) {
                byValue[index].second = before.latest
            } else {
                byValue[index].latest = before.latest
                byValue[index].second = before.second < 0 || end(number) >= end(before.second) ? number : before.second
            }
        }
        byEnd.sort { $0.returned < $1.returned }
        for index in byEnd.indices.dropFirst() where began(byEnd[index - 1]) > began(byEnd[index]) {
            byEnd[index].lastBegun = byEnd[index - 1].lastBegun
        }
    }

    private func began(_ ended: Ended) -> UInt64 { group[Int(ended.lastBegun)].invokedNanoseconds }

    private func end(_ number: Int32) -> UInt64 {
        let operation = group[Int(number)]
        return operation.hasReturned ? operation.returnedNanoseconds : .max
    }

    /// Nothing when the read may return `value`; else the write that it returned, the one that it missed, and itself.
    func window(againstReadAt position: Int, of value: UInt64) -> [KeyValueOperation]? {
        let read = group[position]
        let ended = byEnd.partitioningIndex { $0.returned >= read.invokedNanoseconds }
        guard ended > 0 else { return nil }
        let missed = group[Int(byEnd[ended - 1].lastBegun)]
        let begun = byValue.partitioningIndex { ($0.value, $0.invoked) > (value, read.returnedNanoseconds) }
        guard begun > 0, byValue[begun - 1].value == value else { return [missed, read] }
        // An operation that both reads and writes did not read what it wrote.
        let best = byValue[begun - 1].latest == position ? byValue[begun - 1].second : byValue[begun - 1].latest
        guard best >= 0 else { return [missed, read] }
        return end(best) >= missed.invokedNanoseconds ? nil : [group[Int(best)], missed, read]
    }
}

/// The order of writes that all reads of a register must agree on; see ``Regularity``.
private enum WriteOrder {
    private struct Value {
        /// The write, −1 for the initial value, and the operation that began last on the value.
        var write: Int32
        var last: Int32
        var written: UInt64
        var lastInvoked: UInt64
    }

    /// ``KeyJudgement/holds`` also where it can't be judged because a value was written twice.
    static func judge(_ group: KeyGroup) -> KeyJudgement {
        var numbers = ValueTable(capacity: group.count + 1)
        _ = numbers.insert(ValueIdentity.absent)
        var values: ContiguousArray = [Value(write: -1, last: -1, written: 0, lastInvoked: 0)]
        for position in 0..<group.count where group[position].writes {
            let operation = group[position]
            guard numbers.insert(operation.valueLeft).isNew else { return .holds }
            let number = Int32(truncatingIfNeeded: position)
            values.append(
                Value(
                    write: number, last: number,
                    written: operation.hasReturned ? operation.returnedNanoseconds : .max,
                    lastInvoked: operation.invokedNanoseconds))
        }
        for position in 0..<group.count {
            let operation = group[position]
            guard let seen = operation.valueSeen, let number = numbers.number(of: seen) else { continue }
            if operation.invokedNanoseconds > values[number].lastInvoked || values[number].last < 0 {
                values[number].last = Int32(truncatingIfNeeded: position)
                values[number].lastInvoked = operation.invokedNanoseconds
            }
        }
        return judge(group, values)
    }

    private static func judge(_ group: KeyGroup, _ values: ContiguousArray<Value>) -> KeyJudgement {
        var order = ZoneOrder(capacity: values.count)
        if values[0].last >= 0 { order.initialLastInvoked = values[0].lastInvoked }
        for number in values.indices.dropFirst() {
            order.insert(Zone(values[number].written, values[number].lastInvoked, number))
        }
        func witnesses(_ number: Int) -> [KeyValueOperation] {
            [values[number].write, values[number].last].filter { $0 >= 0 }.map { group[Int($0)] }
        }
        switch order.conflict() {
        case nil: return .holds
        case .afterInitial(let number)?:
            return .violated(
                reason: "a read of the initial value after another value was in place",
                window: witnesses(0) + witnesses(number))
        case .between(let first, let second)?:
            return .violated(
                reason: "no order of the writes that all reads agree on: two that must each come before the other",
                window: witnesses(first) + witnesses(second))
        }
    }
}
