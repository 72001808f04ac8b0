/// Judges a key whose every written value is distinct, in time O(n log n) whatever the concurrency.
///
/// Source: Gibbons & Korach, "Testing Shared Memories", SIAM J. Comput. 1997, section 4 (read-mapping known). All
/// operations on one value form a *cluster*: its write, then its reads. In a linearization a cluster is contiguous, so
/// only the order of clusters is open. Let f be a cluster's first return and s its last invocation; cluster A must come
/// before B exactly when f(A) < s(B), for then some operation of A ended before one of B began. An order exists exactly
/// when no two clusters must each come before the other: the relation on zones is such that every longer cycle contains
/// one of two. With *forward zones* (f < s) and *backward zones* (s ≤ f) that reads: no two forward zones overlap, and
/// no backward zone lies inside a forward one.
///
/// A compare-and-set that succeeded from e to n ties cluster n directly behind cluster e. Such a *chain* is contiguous
/// and its inner order is fixed, so it is one large cluster with one zone, and the same theorem holds. Increments and
/// appends whose results are all known are chains as well.
///
/// - An indeterminate write that was read (or on which an effective compare-and-set rests) happened, with an open end;
///   one that was not is dropped: taking it out of a linearization hurts nobody.
/// - A mismatched compare-and-set is left out. So "violated" is final, but if there was one, a pass proves nothing and
///   the answer is ``KeyJudgement/notApplicable``.
struct ZoneCheck {
    /// The write of a value and what is known of its readers. Cluster 0 is the initial, absent value.
    struct Cluster {
        var writeInvoked: UInt64
        var firstReturn: UInt64
        var lastInvoked: UInt64
        var value: UInt64
    }

    let group: KeyGroup
    private let kinds: OperationKinds
    private var clusters: ContiguousArray<Cluster>
    private var numbers: ValueTable
    private var readsOfAbsent = false
    /// For each cluster the value that its write replaced, if that is known; empty when there are only plain writes.
    private var replaced: [(cluster: Int, value: UInt64)] = []
    private var listOfCount: [UInt64] = []

    init(_ group: KeyGroup, kinds: OperationKinds) {
        self.group = group
        self.kinds = kinds
        clusters = []
        clusters.reserveCapacity(kinds.writes + 1)
        numbers = ValueTable(capacity: kinds.writes + 1)
    }

    mutating func judge() -> KeyJudgement {
        guard kinds.deletes + kinds.concatenations == 0, prepareLists(), gatherWrites() else { return .notApplicable }
        if let violation = gatherReads() { return violation }
        let judgement = replaced.isEmpty ? judgeClusters() : judgeChains()
        if case .holds = judgement, kinds.mismatches > 0 { return .notApplicable }
        return judgement
    }

    // MARK: Gathering

    /// The value a write replaced and the value it left, as far as known; `nil` for reads and mismatches.
    private func transition(_ operation: KeyValueOperation) -> (from: UInt64?, to: UInt64)? {
        switch operation.kind {
        case .get, .delete, .concatenate: return nil
        case .put: return (nil, operation.argument)
        case .compareAndSet: return operation.outcome == .mismatch ? nil : (operation.result, operation.argument)
        case .increment:
            // Only upwards: else an absent key and a written zero, from which the same increments lead on, may both occur.
            guard Int64(bitPattern: operation.argument) > 0, let after = ValueIdentity.integerValue(operation.result)
            else { return nil }
            let (before, overflow) = after.subtractingReportingOverflow(Int64(bitPattern: operation.argument))
            guard !overflow, before >= -(1 << 61), before < 1 << 61 else { return nil }
            return (before == 0 ? ValueIdentity.absent : ValueIdentity.integer(before), operation.result)
        case .append:
            return (listOfCount[Int(operation.result) - 1], listOfCount[Int(operation.result)])
        }
    }

    /// Whether increments and appends, if there are any, are all of known result and alone with reads; for appends, lays
    /// out the list's identity by its length, since the counts alone give the order.
    private mutating func prepareLists() -> Bool {
        if kinds.increments + kinds.appends == 0 { return true }
        guard kinds.unreported == 0, kinds.increments + kinds.appends == kinds.writes else { return false }
        guard kinds.increments == 0 || kinds.appends == 0 else { return false }
        if kinds.appends == 0 { return true }
        var pieces = [UInt64](repeating: 0, count: kinds.appends)
        for position in 0..<group.count where group[position].kind == .append {
            let count = group[position].result
            guard count >= 1, count <= pieces.count, pieces[Int(count) - 1] == 0 else { return false }
            pieces[Int(count) - 1] = group[position].argument
        }
        guard pieces.count < 1 << 22, !pieces.contains(0) else { return false }
        listOfCount = [ValueIdentity.absent]
        for piece in pieces { listOfCount.append(ValueIdentity.appending(piece, to: listOfCount.last!)) }
        return true
    }

    /// Makes a cluster of each write; false if two wrote the same value, or one wrote "absent".
    private mutating func gatherWrites() -> Bool {
        _ = numbers.insert(ValueIdentity.absent)
        clusters.append(Cluster(writeInvoked: 0, firstReturn: .max, lastInvoked: 0, value: ValueIdentity.absent))
        for position in 0..<group.count {
            let operation = group[position]
            if operation.kind == .get || operation.outcome == .mismatch { continue }
            guard let (from, to) = transition(operation) else { return false }
            let (number, isNew) = numbers.insert(to)
            guard isNew else { return false }
            if let from { replaced.append((number, from)) }
            clusters.append(
                Cluster(
                    writeInvoked: operation.invokedNanoseconds,
                    firstReturn: operation.hasReturned ? operation.returnedNanoseconds : .max,
                    lastInvoked: operation.invokedNanoseconds, value: to))
        }
        return true
    }

    /// Adds every read to its cluster.
    private mutating func gatherReads() -> KeyJudgement? {
        for position in 0..<group.count {
            let operation = group[position]
            guard operation.kind == .get else { continue }
            guard let number = numbers.number(of: operation.result) else {
                return .violated(reason: "a read of a value that nobody wrote", window: [operation])
            }
            if operation.returnedNanoseconds < clusters[number].writeInvoked {
                return .violated(
                    reason: "a read of a value before its write began",
                    window: operations { isWrite($0, of: operation.result) } + [operation])
            }
            if number == 0 { readsOfAbsent = true }
            clusters[number].firstReturn = min(clusters[number].firstReturn, operation.returnedNanoseconds)
            clusters[number].lastInvoked = max(clusters[number].lastInvoked, operation.invokedNanoseconds)
        }
        return nil
    }

    // MARK: Judging

    private func judgeClusters() -> KeyJudgement {
        var order = ZoneOrder(capacity: clusters.count)
        if readsOfAbsent { order.initialLastInvoked = clusters[0].lastInvoked }
        for number in 1..<max(1, clusters.count) {
            order.insert(Zone(clusters[number].firstReturn, clusters[number].lastInvoked, number))
        }
        switch order.conflict() {
        case nil: return .holds
        case .afterInitial(let zone)?:
            return .violated(
                reason: "a read of the initial value after another value was in place",
                window: witnesses([0]) + witnesses([zone]))
        case .between(let first, let second)?:
            return .violated(
                reason: "two values that must each come before the other",
                window: witnesses([first]) + witnesses([second]))
        }
    }

    private func judgeChains() -> KeyJudgement {
        switch ClusterChains(clusters: clusters, replaced: replaced, numbers: numbers) {
        case .neverWritten(let number, let value):
            return .violated(
                reason: "a success that expected \(ValueIdentity.text(value)), which was never there",
                window: witnesses([number]))
        case .replacedTwice(let number, let first, let second):
            return .violated(
                reason: "one value replaced by two successes",
                window: witnesses([number]) + witnesses([first]) + witnesses([second]))
        case .outOfOrder(let chain):
            return .violated(reason: "values that follow each other out of order", window: witnesses(chain))
        case .circular(let chain):
            return .violated(reason: "values that replace each other in a circle", window: witnesses(chain))
        case .chains(let chains):
            return judge(chains)
        }
    }

    private func judge(_ chains: [[Int]]) -> KeyJudgement {
        var order = ZoneOrder(capacity: chains.count)
        for (position, chain) in chains.enumerated() {
            let firstReturn = chain.reduce(.max) { min($0, clusters[$1].firstReturn) }
            let lastInvoked = chain.reduce(0) { max($0, clusters[$1].lastInvoked) }
            if chain[0] == 0 {
                if readsOfAbsent || chain.count > 1 { order.initialLastInvoked = lastInvoked }
            } else {
                order.insert(Zone(firstReturn, lastInvoked, position))
            }
        }
        switch order.conflict() {
        case nil: return .holds
        case .afterInitial(let chain)?:
            let initial = chains.first { $0[0] == 0 } ?? []
            return .violated(
                reason: "the initial value, or what was made from it, seen after another was in place",
                window: witnesses(initial) + witnesses(chains[chain]))
        case .between(let first, let second)?:
            return .violated(
                reason: "two chains of values that must each come before the other",
                window: witnesses(chains[first]) + witnesses(chains[second]))
        }
    }

    // MARK: Windows

    private func isWrite(_ operation: KeyValueOperation, of value: UInt64) -> Bool {
        operation.kind != .get && transition(operation)?.to == value
    }

    private func operations(where isIncluded: (KeyValueOperation) -> Bool) -> [KeyValueOperation] {
        (0..<group.count).lazy.map { group[$0] }.filter(isIncluded)
    }

    /// The operations that fix the zone of a chain of clusters: the first to return, the last to begin, and the writes
    /// from the earliest to the latest of the clusters that these belong to.
    private func witnesses(_ chain: [Int]) -> [KeyValueOperation] {
        let firstReturn = chain.reduce(.max) { min($0, clusters[$1].firstReturn) }
        let lastInvoked = chain.reduce(0) { max($0, clusters[$1].lastInvoked) }
        let ends = chain.indices.filter {
            clusters[chain[$0]].firstReturn == firstReturn || clusters[chain[$0]].lastInvoked == lastInvoked
        }
        // A chain rests on its beginning: what its first value came from is shown as well.
        let shown = Set(chain[max(0, (ends.min() ?? 0) - 1)...(ends.max() ?? 0)].map { clusters[$0].value })
        var isFirstFound = false
        var isLastFound = false
        return operations { operation in
            let value = operation.kind == .get ? operation.result : transition(operation)?.to
            guard let value, shown.contains(value) else { return false }
            var isWitness = operation.kind != .get
            if !isFirstFound, operation.hasReturned, operation.returnedNanoseconds == firstReturn {
                isFirstFound = true
                isWitness = true
            }
            if !isLastFound, operation.invokedNanoseconds == lastInvoked {
                isLastFound = true
                isWitness = true
            }
            return isWitness
        }
    }
}
