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
    static func check(_ groups: [KeyGroup], _ budget: ConsistencyChecker.Budget) -> ConsistencyFinding {
        let deadline = ContinuousClock.now + budget.time
        if let violation = violation(groups) { return .violated(violation) }
        var some = budget
        some.time = budget.time / 4
        if case .correct = LinearizabilityChecker.check(groups, some) { return .correct }
        var search = SequentialSearch(SequentialHistory(groups), deadline: deadline, memoBytes: budget.memoBytes)
        switch search.judge() {
        case .holds, .notApplicable: return .correct
        case .unknown(let reason): return .unknown(reason: reason)
        case .violated(let reason, _):
            let few = ViolationWindow(groups.flatMap { group in (0..<group.count).map { group[$0] } }) { groups in
                var search = SequentialSearch(
                    SequentialHistory(groups), deadline: ContinuousClock.now + .milliseconds(20), memoBytes: 16 << 20)
                return search.judge()
            }
            return .violated(few.violation(of: .sequential, key: nil, reason))
        }
    }

    /// What one key alone shows.
    private static func violation(_ groups: [KeyGroup]) -> ConsistencyViolation? {
        for group in groups {
            guard case .violated(let reason, let window) = contradiction(group) else { continue }
            let few = ViolationWindow(window) { contradiction($0[0]) }
            return few.violation(of: .sequential, key: group[0].key, reason)
        }
        return nil
    }

    private static func contradiction(_ group: KeyGroup) -> KeyJudgement {
        let judgement = NoThinAir.judge(group)
        if case .violated = judgement { return judgement }
        return SessionGuarantees.contradiction(group, KeyVersions(group)) ?? .holds
    }
}
