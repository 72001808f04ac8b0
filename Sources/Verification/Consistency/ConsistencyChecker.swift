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
    /// search went past `budget`, or when the model says nothing about an operation (regularity about increments).
    public static func check(
        history: [KeyValueOperation], model: ConsistencyModel, budget: Budget = Budget()
    ) -> Verdict {
        if model == .linearizable { return LinearizabilityChecker.check(history: history, budget: budget) }
        return history.withUnsafeBufferPointer { operations in
            if let reason = operations.reasonNotToJudge { return .unknown(reason: reason) }
            if model == .sequential { return SequentialConsistency.check(operations, budget) }
            let partition = KeyPartition(operations)
            return partition.order.withUnsafeBufferPointer { order in
                let groups = partition.ranges.map { range in
                    KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range]))
                }
                return judge(groups, model, budget)
            }
        }
    }

    private static func judge(_ groups: [KeyGroup], _ model: ConsistencyModel, _ budget: Budget) -> Verdict {
        let deadline = ContinuousClock.now + budget.time
        var verdict = Verdict.correct
        for (position, group) in groups.enumerated() {
            let now = ContinuousClock.now
            if now >= deadline {
                let left = groups.count - position
                return verdict.combined(with: .unknown(reason: "out of time with \(left) keys yet to be judged"))
            }
            let share = (deadline - now) / (groups.count - position)
            let judgement =
                switch model {
                case .regular: Regularity.judge(group)
                case .session:
                    SessionGuarantees.judge(group, deadline: now + share, memoBytes: budget.memoBytes)
                default: NoThinAir.judge(group)
                }
            switch judgement {
            case .holds: continue
            case .violated(let reason, let window):
                return .violated(Counterexample(model, key: group[0].key, reason, window))
            case .unknown(let reason):
                verdict = verdict.combined(with: .unknown(reason: "key \(group[0].key): \(reason)"))
            case .notApplicable: preconditionFailure("only the zones may pass")
            }
        }
        return verdict
    }
}

extension ConsistencyModel {
    /// The model's absence as the beginning of a sentence.
    var broken: String {
        switch self {
        case .linearizable: "not linearizable"
        case .sequential: "not sequentially consistent"
        case .regular: "not regular"
        case .session: "session guarantees broken"
        case .eventual: "not even eventually consistent"
        }
    }
}

extension Counterexample {
    /// The most events that are shown.
    private static let shown = 24

    /// Why a history breaks a model: the operations of `window` once each, the middle left out of a long one.
    init(_ model: ConsistencyModel, key: UInt32?, _ reason: String, _ window: [KeyValueOperation]) {
        var seen: Set<KeyValueOperation> = []
        let distinct = window.filter { seen.insert($0).inserted }
        let shown =
            distinct.count <= Self.shown
            ? distinct : Array(distinct.prefix(Self.shown / 2) + distinct.suffix(Self.shown / 2))
        let omitted = distinct.count - shown.count
        let place = key.map { "key \($0): " } ?? ""
        self.init(
            summary: "\(model.broken): \(place)\(reason)", events: shown.map(\.event),
            notes: omitted > 0 ? ["  ... and \(omitted) more between them"] : [])
    }
}
