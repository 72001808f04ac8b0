import ProtocolKit

/// Which transactions a process has delivered since the last look.
struct DeliveryWatch {
    /// How far each process was looked at, on one of its starts.
    private struct Look {
        var last = LogIndex.zero
        var incarnation = UInt64(0)
    }

    private var looks: [Look] = []

    /// The indices that are newly delivered, or nil. After a restart a process delivers again what follows its snapshot;
    /// what a snapshot contains isn't delivered one by one.
    mutating func newlyDelivered(_ nodes: NodeStates<Zab<KeyValueStore>>, changed: Int) -> ClosedRange<LogIndex>? {
        while looks.count < nodes.count { looks.append(Look()) }
        let look = Look(last: nodes[changed].lastApplied, incarnation: nodes.incarnation(changed))
        let before = looks[changed]
        guard look.last != before.last || look.incarnation != before.incarnation else { return nil }
        looks[changed] = look
        let known = look.incarnation == before.incarnation ? before.last : .zero
        let first = max(known, nodes[changed].history.base.index).next
        return first <= look.last ? first...look.last : nil
    }
}

/// Which transactions an established leader has broadcast since the last look.
struct BroadcastWatch {
    private var epochs: [Epoch] = []
    private var looked: [LogIndex] = []

    /// The indices of the newly broadcast transactions, or nil.
    mutating func newlyBroadcast(_ nodes: NodeStates<Zab<KeyValueStore>>, changed: Int) -> ClosedRange<LogIndex>? {
        while looked.count < nodes.count {
            looked.append(.zero)
            epochs.append(.zero)
        }
        guard nodes[changed].role == .leading, nodes[changed].phase == .broadcast else {
            return nil
        }
        let epoch = nodes[changed].currentEpoch
        if epochs[changed] != epoch {
            epochs[changed] = epoch
            looked[changed] = nodes[changed].leading.initial.index
        }
        let last = nodes[changed].history.lastIndex
        guard last > looked[changed] else { return nil }
        let first = looked[changed].next
        looked[changed] = last
        return first...last
    }
}

/// Which transactions have come into a process's history since the last look.
struct HistoryWatch {
    private var last = LogIndex.zero
    private var truncations = UInt64(0)
    private var incarnation = UInt64(0)

    /// The new transactions, or nil; all of the history after a truncation or a restart.
    mutating func newTransactions(_ nodes: NodeStates<Zab<KeyValueStore>>, changed: Int) -> ClosedRange<LogIndex>? {
        let (lastIndex, base) = (nodes[changed].history.lastIndex, nodes[changed].history.base.index)
        let count = nodes[changed].history.truncations
        let isChanged = truncations != count || incarnation != nodes.incarnation(changed)
        guard isChanged || lastIndex > last else { return nil }
        let first = isChanged ? base.next : max(last, base).next
        last = lastIndex
        truncations = count
        incarnation = nodes.incarnation(changed)
        return first <= lastIndex ? first...lastIndex : nil
    }
}
