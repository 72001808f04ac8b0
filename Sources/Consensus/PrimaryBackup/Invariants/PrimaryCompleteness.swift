import ProtocolKit

/// What is committed in an epoch, the primaries of all later epochs hold from the moment that they take office.
public struct PrimaryCompleteness: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    private struct Committed {
        /// The entry's epoch.
        let epoch: ViewEpoch
        /// The epoch in which it was seen to be committed.
        let inEpoch: ViewEpoch
    }

    /// What is committed at each index, from 1, by the first node that knew.
    private var committed: [Committed] = []
    /// The epoch in which each node was last found complete.
    private var lastServed: [ViewEpoch] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "primary-completeness" }

    /// Looks at what the node that took a step newly knows to be committed, and at a new primary's log.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while lastServed.count < nodes.count { lastServed.append(.zero) }
        let (commitIndex, epoch) = (nodes[changed].commitIndex, nodes[changed].promised)
        if commitIndex.rawValue > UInt64(committed.count) {
            if let wrong = note(nodes, changed, through: commitIndex, inEpoch: epoch) { return wrong }
        }
        if nodes[changed].role == .primary, lastServed[changed] != epoch {
            lastServed[changed] = epoch
            return missing(nodes, changed, from: 0)
        }
        return nil
    }

    private mutating func note(
        _ nodes: NodeStates<Node>, _ node: Int, through commitIndex: LogIndex, inEpoch: ViewEpoch
    ) -> String? {
        let start = committed.count
        while UInt64(committed.count) < commitIndex.rawValue {
            let index = LogIndex(UInt64(committed.count) + 1)
            guard let epoch = nodes[node].log.term(at: index) else {
                return "node \(node) was the first to commit entry \(index), which its log doesn't hold"
            }
            committed.append(Committed(epoch: epoch, inEpoch: inEpoch))
        }
        for other in nodes.indices
        where nodes.isUp(other) && nodes[other].role == .primary && nodes[other].promised > inEpoch {
            if let wrong = missing(nodes, other, from: start) { return wrong }
        }
        return nil
    }

    private func missing(_ nodes: NodeStates<Node>, _ primary: Int, from start: Int) -> String? {
        let served = nodes[primary].promised
        let first = max(start, Int(nodes[primary].log.baseIndex.rawValue))
        for position in min(first, committed.count)..<committed.count where committed[position].inEpoch < served {
            let index = LogIndex(UInt64(position) + 1)
            guard nodes[primary].log.term(at: index) == committed[position].epoch else {
                return "node \(primary) is primary of epoch \(served) without entry \(index) of epoch "
                    + "\(committed[position].epoch), committed in epoch \(committed[position].inEpoch)"
            }
        }
        return nil
    }
}
