/// Judges whether a key-value history is linearizable (Herlihy & Wing, TOPLAS 1990).
///
/// The history is split by key. A key whose written values are distinct is judged by its zones, near-linear in the number
/// of operations whatever the concurrency (``ZoneCheck``); any other by a search within a budget
/// (``LinearizationSearch``). Keys start absent.
public enum LinearizabilityChecker {
    /// What the search may use; the zones need no budget.
    public struct Budget: Sendable, Hashable {
        /// Wall time for all keys together.
        public var time: Duration
        /// Bytes for the memory of states that were tried, for one key at a time.
        public var memoBytes: Int

        /// A budget of `time` and `memoBytes`.
        public init(time: Duration = .seconds(20), memoBytes: Int = 512 << 20) {
            self.time = time
            self.memoBytes = memoBytes
        }
    }

    /// Judges `history`, which may be in any order.
    ///
    /// Unknown when nothing was observed (no reads or other telling results), nothing was written, an operation returns
    /// before it was invoked, or a search went past `budget`; a violation on any key outranks that.
    ///
    /// - Complexity: O(n log n) for distinct written values; exponential in the concurrency otherwise, up to `budget`.
    public static func check(history: [KeyValueOperation], budget: Budget = Budget()) -> Verdict {
        ConsistencyChecker.check(history: history, model: .linearizable, budget: budget)
    }

    /// Judges keys, each by itself.
    static func check(_ groups: [KeyGroup], _ budget: Budget) -> ConsistencyFinding {
        var hard: [(group: KeyGroup, kinds: OperationKinds)] = []
        for group in groups {
            let kinds = OperationKinds(group)
            var zones = ZoneCheck(group, kinds: kinds)
            switch zones.judge() {
            case .holds: continue
            case .violated(let reason, let witnesses):
                return violation(group, reason, SearchWindow(witnesses: witnesses))
            case .unknown, .notApplicable: hard.append((group, kinds))
            }
        }
        // The smallest first, so that one hopeless key leaves the others judged.
        hard.sort { $0.group.count < $1.group.count }
        let deadline = ContinuousClock.now + budget.time
        var finding = ConsistencyFinding.correct
        for (position, (group, kinds)) in hard.enumerated() {
            let now = ContinuousClock.now
            let share = max(.zero, deadline - now) / (hard.count - position)
            let history = SearchHistory(group, kinds: kinds)
            var search = LinearizationSearch(history, deadline: now + share, memoBytes: budget.memoBytes)
            switch search.run() {
            case .holds, .notApplicable: continue
            case .violated(let reason, _):
                return violation(group, reason, SearchWindow(history, upTo: search.furthestEvent))
            case .unknown(let reason):
                if case .correct = finding { finding = .unknown(reason: "key \(group[0].key): \(reason)") }
            }
        }
        return finding
    }

    private static func violation(_ group: KeyGroup, _ reason: String, _ window: SearchWindow) -> ConsistencyFinding {
        .violated(
            ConsistencyViolation(
                model: .linearizable, key: group[0].key, reason: reason, operations: window.operations,
                offender: window.offender, isWhateverCameBefore: window.isCut))
    }
}
