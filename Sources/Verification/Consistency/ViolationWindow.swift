/// The operations that show a violation of a model in which real time and order of answers play no part: what is left of
/// those given when whatever can go has gone.
struct ViolationWindow {
    private let operations: [KeyValueOperation]
    private let offender: KeyValueOperation?

    private static let patience = Duration.seconds(1)

    /// - Parameter judge: judges the operations of some keys, in little time.
    init(_ window: [KeyValueOperation], judge: ([KeyGroup]) -> KeyJudgement) {
        var seen: Set<KeyValueOperation> = []
        let distinct = window.filter { seen.insert($0).inserted }
        let reduction = WindowReduction(distinct, deadline: ContinuousClock.now + Self.patience) {
            if case .violated = Self.judged($0, judge) { true } else { false }
        }
        operations = reduction.kept.map { distinct[$0] }.sorted {
            ($0.invokedNanoseconds, $0.returnedNanoseconds) < ($1.invokedNanoseconds, $1.returnedNanoseconds)
        }
        offender = operations.filter { $0.observes }.max { $0.returnedNanoseconds < $1.returnedNanoseconds }
    }

    private static func judged(
        _ operations: [KeyValueOperation], _ judge: ([KeyGroup]) -> KeyJudgement
    ) -> KeyJudgement {
        operations.withUnsafeBufferPointer { operations in
            let partition = KeyPartition(operations)
            guard !partition.ranges.isEmpty else { return .holds }
            return partition.order.withUnsafeBufferPointer { order in
                judge(
                    partition.ranges.map {
                        KeyGroup(operations: operations, indices: UnsafeBufferPointer(rebasing: order[$0]))
                    })
            }
        }
    }

    func violation(of model: ConsistencyModel, key: UInt32?, _ reason: String) -> ConsistencyViolation {
        ConsistencyViolation(model: model, key: key, reason: reason, operations: operations, offender: offender)
    }
}
