/// Leaves out of a wrong history what is not needed to show that it is wrong.
///
/// Only operations are left out without which a good history stays good, so that the wrongness of what is left proves the
/// wrongness of the whole: operations that change nothing; and, on a key where every answer fits one exact state only,
/// writes of a value that nobody who is left needs.
struct WindowReduction {
    /// What is left: positions in the operations given.
    private(set) var kept: [Int]
    private let operations: [KeyValueOperation]
    private let isExact: [UInt32: Bool]

    /// Reduces `operations`, which are wrong by `isViolated`, until nothing more can go or `deadline` has passed.
    init(
        _ operations: [KeyValueOperation], deadline: ContinuousClock.Instant,
        isViolated: ([KeyValueOperation]) -> Bool
    ) {
        self.operations = operations
        kept = Array(operations.indices)
        isExact = Dictionary(grouping: operations, by: \.key).mapValues { $0.allSatisfy(Self.isExact) }
        var size = max(1, operations.count / 2)
        while ContinuousClock.now < deadline {
            let before = kept.count
            drop(chunksOf: size, deadline, isViolated)
            if size == 1, kept.count == before { return }
            size = max(1, size / 2)
        }
    }

    /// Whether the operation depends on the state in no other way than by needing one exact value.
    private static func isExact(_ operation: KeyValueOperation) -> Bool {
        switch operation.kind {
        case .get, .put: true
        case .compareAndSet: operation.outcome != .mismatch
        case .delete: !operation.isTold
        case .increment, .append, .concatenate: false
        }
    }

    private mutating func drop(
        chunksOf size: Int, _ deadline: ContinuousClock.Instant, _ isViolated: ([KeyValueOperation]) -> Bool
    ) {
        // From the back: what came last hangs on most of what came before, and seldom the other way round.
        var end = kept.count
        while end > 0, ContinuousClock.now < deadline {
            let chunk = max(0, end - size)..<end
            end = chunk.lowerBound
            let droppable = droppable(in: chunk)
            if droppable.isEmpty { continue }
            let rest = kept.filter { !droppable.contains($0) }
            if isViolated(rest.map { operations[$0] }) {
                kept = rest
                end = min(end, kept.count)
            }
        }
    }

    private func droppable(in chunk: Range<Int>) -> Set<Int> {
        let members = Set(kept[chunk])
        var reads = members.filter { KeyValueModel.isReadOnly(operations[$0]) }
        var needed: [UInt32: Set<UInt64>] = [:]
        for position in kept where !reads.contains(position) {
            if let value = operations[position].valueNeeded {
                needed[operations[position].key, default: []].insert(value)
            }
        }
        for position in members.subtracting(reads) {
            let operation = operations[position]
            guard isExact[operation.key] == true, needed[operation.key]?.contains(operation.valueLeft) != true else {
                continue
            }
            reads.insert(position)
        }
        return reads
    }
}

extension KeyValueOperation {
    /// The value that it needs to find, be it only to have an effect.
    fileprivate var valueNeeded: UInt64? { kind == .compareAndSet && outcome != .mismatch ? result : valueSeen }
}
