/// The decisions that a participant remembers, so that a PREPARE that a network repeats or delays can't prepare a
/// decided transaction a second time. They are forgotten once the coordinator has nothing so old under way.
struct DecidedTransactions: Sendable {
    private var outcomes: [UInt64: Bool] = [:]
    private var order: [UInt64] = []
    private var head = 0
    /// Nothing below this is prepared any more.
    private(set) var oldest = TransactionID.zero

    var count: Int { outcomes.count }

    /// Whether a transaction committed, or nil where it isn't remembered.
    func outcome(of id: TransactionID) -> Bool? { outcomes[id.rawValue] }

    mutating func record(_ id: TransactionID, committed: Bool) {
        guard id >= oldest, outcomes.updateValue(committed, forKey: id.rawValue) == nil else { return }
        order.append(id.rawValue)
    }

    mutating func forget(below bound: TransactionID) {
        guard bound > oldest else { return }
        oldest = bound
        while head < order.count, order[head] < bound.rawValue {
            outcomes[order[head]] = nil
            head += 1
        }
        if head >= 1_024, head * 2 >= order.count {
            order.removeSubrange(0..<head)
            head = 0
        }
    }

    /// The remembered decisions, in the order in which they were made.
    var all: [(id: UInt64, committed: Bool)] {
        order[head...].compactMap { id in outcomes[id].map { (id, $0) } }
    }
}
