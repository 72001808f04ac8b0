/// Judges whether a key-value history keeps what a ``ConsistencyModel`` promises.
///
/// | model | judged by | key by key | cost |
/// |---|---|---|---|
/// | linearizable | ``LinearizabilityChecker`` | yes | O(n log n) for distinct values, else a bounded search |
/// | sequential | ``SequentialConsistency`` | no: it is not local | a bounded search, after cheap tests both ways |
/// | regular | ``Regularity`` | yes | O(n log n) |
/// | session | ``SessionGuarantees`` | yes | O(n log n) for distinct values, else a bounded search |
/// | eventual | ``NoThinAir`` | yes | O(n log n) |
///
/// The *session* of an operation is its ``KeyValueOperation/client``: whoever records a history gives every connection of
/// every user a number of its own. Within a session an operation follows another when it was sent after the other's
/// answer had come; what is under way at once, and what never returned, is in no order. Keys start absent.
public enum ConsistencyChecker {
    /// What a search may use.
    public typealias Budget = LinearizabilityChecker.Budget

    /// Judges `history`, which may be in any order, by `model`.
    ///
    /// Unknown when nothing was observed or nothing was written, when an operation returns before it was invoked, when a
    /// search went past `budget`, or when the model says nothing about an operation (regularity about increments). A
    /// violation outranks that.
    public static func check(
        history: [KeyValueOperation], model: ConsistencyModel, budget: Budget = Budget()
    ) -> Verdict {
        judge(history: history, model: model, budget: budget).verdict()
    }

    /// As ``check(history:model:budget:)``, with the operations themselves that show a violation.
    public static func judge(
        history: [KeyValueOperation], model: ConsistencyModel, budget: Budget = Budget()
    ) -> ConsistencyFinding {
        history.withUnsafeBufferPointer { operations in
            if let reason = operations.reasonNotToJudge { return .unknown(reason: reason) }
            let partition = KeyPartition(operations)
            return partition.order.withUnsafeBufferPointer { order in
                let groups = partition.ranges.map { range in
                    KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range]))
                }
                return switch model {
                case .linearizable: LinearizabilityChecker.check(groups, budget)
                case .sequential: SequentialConsistency.check(groups, budget)
                case .regular, .session, .eventual: eachByItself(groups, model, budget)
                }
            }
        }
    }

    private static func eachByItself(
        _ groups: [KeyGroup], _ model: ConsistencyModel, _ budget: Budget
    ) -> ConsistencyFinding {
        let deadline = ContinuousClock.now + budget.time
        var finding = ConsistencyFinding.correct
        for (position, group) in groups.enumerated() {
            let now = ContinuousClock.now
            if now >= deadline, position > 0 {
                return .unknown(reason: "out of time with \(groups.count - position) keys yet to be judged")
            }
            let share = (deadline - now) / (groups.count - position)
            let judge = { (group: KeyGroup, until: ContinuousClock.Instant, memoBytes: Int) in
                switch model {
                case .regular: Regularity.judge(group)
                case .session: SessionGuarantees.judge(group, deadline: until, memoBytes: memoBytes)
                default: NoThinAir.judge(group)
                }
            }
            switch judge(group, now + share, budget.memoBytes) {
            case .holds, .notApplicable: continue
            case .violated(let reason, let window):
                let few = ViolationWindow(window) { judge($0[0], ContinuousClock.now + .milliseconds(20), 16 << 20) }
                return .violated(few.violation(of: model, key: group[0].key, reason))
            case .unknown(let reason):
                if case .correct = finding { finding = .unknown(reason: "key \(group[0].key): \(reason)") }
            }
        }
        return finding
    }
}
