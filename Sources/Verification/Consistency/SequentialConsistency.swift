/// Judges whether a key-value history is sequentially consistent (Lamport 1979): one order of all operations on all keys
/// explains every answer and keeps every session's own order; real time plays no part.
///
/// It is not local (keys may each be in order and all together not), so the history is never split by key. Deciding it is
/// NP-complete; so what is cheap comes first:
///
/// 1. What breaks a single key's session guarantees breaks this as well: a violation, near-linear (``SessionGuarantees``).
/// 2. What is linearizable keeps this as well: correct, near-linear for distinct values.
/// 3. Then the search, within its budget (``SequentialSearch``).
enum SequentialConsistency {
    static func check(_ operations: UnsafeBufferPointer<KeyValueOperation>, _ budget: ConsistencyChecker.Budget)
        -> Verdict
    {
        let deadline = ContinuousClock.now + budget.time
        let partition = KeyPartition(operations)
        return partition.order.withUnsafeBufferPointer { order in
            let groups = partition.ranges.map { range in
                KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range]))
            }
            if let violation = violation(groups) { return violation }
            var some = budget
            some.time = budget.time / 4
            if LinearizabilityChecker.check(groups, some).isCorrect { return .correct }
            var search = SequentialSearch(SequentialHistory(groups), deadline: deadline, memoBytes: budget.memoBytes)
            switch search.judge() {
            case .holds, .notApplicable: return .correct
            case .violated(let reason, let window):
                return .violated(Counterexample(.sequential, key: nil, reason, window))
            case .unknown(let reason): return .unknown(reason: reason)
            }
        }
    }

    private static func violation(_ groups: [KeyGroup]) -> Verdict? {
        for group in groups {
            var judgement = NoThinAir.judge(group)
            if case .holds = judgement {
                judgement = SessionGuarantees.contradiction(group, KeyVersions(group)) ?? .holds
            }
            if case .violated(let reason, let window) = judgement {
                return .violated(Counterexample(.sequential, key: group[0].key, reason, window))
            }
        }
        return nil
    }
}
