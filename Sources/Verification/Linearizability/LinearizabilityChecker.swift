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
            if let reason = reasonNotToJudge(operations) { return .unknown(reason: reason) }
            let partition = KeyPartition(operations)
            return partition.order.withUnsafeBufferPointer { order in
                judge(
                    partition.ranges.map { range in
                        KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[range]))
                    }, budget)
            }
        }
    }

    private static func judge(_ groups: [KeyGroup], _ budget: Budget) -> Verdict {
        var hard: [(group: KeyGroup, kinds: OperationKinds)] = []
        for group in groups {
            let kinds = OperationKinds(group)
            var zones = ZoneCheck(group, kinds: kinds)
            switch zones.judge() {
            case .linearizable: continue
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
            case .linearizable, .notApplicable: continue
            case .violated(let reason, let window): return violation(reason, window)
            case .unknown(let reason):
                verdict = verdict.combined(with: .unknown(reason: "key \(group[0].key): \(reason)"))
            }
        }
        return verdict
    }

    private static func violation(_ reason: String, _ window: [KeyValueOperation]) -> Verdict {
        let distinct = window.enumerated().filter { !window[..<$0.offset].contains($0.element) }.map(\.element)
        let shown = distinct.count <= 24 ? distinct : Array(distinct.prefix(12) + distinct.suffix(12))
        let omitted = distinct.count - shown.count
        let key = window.first.map { "key \($0.key): " } ?? ""
        return .violated(
            Counterexample(
                summary: "not linearizable: \(key)\(reason)", events: shown.map(\.event),
                notes: omitted > 0 ? ["  ... and \(omitted) more between them"] : []))
    }

    private static func reasonNotToJudge(_ operations: UnsafeBufferPointer<KeyValueOperation>) -> String? {
        if operations.isEmpty { return "the history is empty" }
        if operations.count >= Int(Int32.max) { return "more than 2^31 operations in one history" }
        var hasObserved = false
        var hasWritten = false
        for operation in operations where operation.outcome != .failed {
            if operation.hasReturned, operation.returnedNanoseconds < operation.invokedNanoseconds {
                return "\(operation) of client \(operation.client) returned before it was invoked"
            }
            hasObserved = hasObserved || operation.observes
            hasWritten = hasWritten || (operation.kind != .get && operation.outcome != .mismatch)
        }
        if !hasObserved { return "nothing was observed: no read and no other telling result" }
        if !hasWritten { return "nothing was written" }
        return nil
    }
}

extension KeyValueOperation {
    /// Whether the answer tells something about the state.
    var observes: Bool {
        guard hasReturned else { return false }
        return switch kind {
        case .get, .compareAndSet: true
        case .put: false
        case .delete, .increment, .append: result != Self.unreported
        }
    }
}
