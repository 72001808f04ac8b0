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
        history.withUnsafeBufferPointer { operations in
            if let reason = operations.reasonNotToJudge { return .unknown(reason: reason) }
            let partition = KeyPartition(operations)
            return partition.order.withUnsafeBufferPointer { order in
                check(
                    partition.ranges.map { range in
                        KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range]))
                    }, budget)
            }
        }
    }

    /// Judges keys, each by itself.
    static func check(_ groups: [KeyGroup], _ budget: Budget) -> Verdict {
        var hard: [(group: KeyGroup, kinds: OperationKinds)] = []
        for group in groups {
            let kinds = OperationKinds(group)
            var zones = ZoneCheck(group, kinds: kinds)
            switch zones.judge() {
            case .holds: continue
            case .violated(let reason, let window): return violation(reason, window)
            case .unknown, .notApplicable: hard.append((group, kinds))
            }
        }
        // The smallest first, so that one hopeless key leaves the others judged.
        hard.sort { $0.group.count < $1.group.count }
        let deadline = ContinuousClock.now + budget.time
        var verdict = Verdict.correct
        for (position, (group, kinds)) in hard.enumerated() {
            let now = ContinuousClock.now
            let share = max(.zero, deadline - now) / (hard.count - position)
            var search = LinearizationSearch(
                SearchHistory(group, kinds: kinds), deadline: now + share, memoBytes: budget.memoBytes)
            switch search.judge() {
            case .holds, .notApplicable: continue
            case .violated(let reason, let window): return violation(reason, window)
            case .unknown(let reason):
                verdict = verdict.combined(with: .unknown(reason: "key \(group[0].key): \(reason)"))
            }
        }
        return verdict
    }

    private static func violation(_ reason: String, _ window: [KeyValueOperation]) -> Verdict {
        .violated(Counterexample(.linearizable, key: window.first?.key, reason, window))
    }
}
