import ProtocolKit

/// An entry that is committed in a term is in the logs of the leaders of all later terms (figure 3 of the Raft paper).
public struct LeaderCompleteness<Machine: StateMachine>: Invariant {
    /// The nodes it looks at.
    public typealias Node = Raft<Machine>

    private struct Committed {
        /// The entry's term.
        let term: Term
        /// The term in which it was seen to be committed.
        let inTerm: Term
    }

    /// What is committed at each index, from 1, by the first node that knew.
    private var committed: [Committed] = []
    /// The term in which each node was last found complete.
    private var lastLed: [Term] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "leader-completeness" }

    /// Looks at what the node that took a step newly knows to be committed, and at a new leader's log.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while lastLed.count < nodes.count { lastLed.append(.zero) }
        let (commitIndex, term) = (nodes[changed].commitIndex, nodes[changed].currentTerm)
        if commitIndex.rawValue > UInt64(committed.count) {
            if let wrong = note(nodes, changed: changed, through: commitIndex, inTerm: term) { return wrong }
        }
        if nodes[changed].role == .leader, lastLed[changed] != term {
            lastLed[changed] = term
            return missing(nodes, leader: changed, from: 0)
        }
        return nil
    }

    private mutating func note(
        _ nodes: NodeStates<Node>, changed: Int, through commitIndex: LogIndex, inTerm: Term
    ) -> String? {
        let start = committed.count
        while UInt64(committed.count) < commitIndex.rawValue {
            let index = LogIndex(UInt64(committed.count) + 1)
            guard let term = nodes[changed].log.term(at: index) else {
                return "node \(nodes[changed].id) was the first to commit entry \(index), which its log doesn't hold"
            }
            committed.append(Committed(term: term, inTerm: inTerm))
        }
        for leader in nodes.indices where nodes.isUp(leader) && nodes[leader].role == .leader {
            guard nodes[leader].currentTerm > inTerm else { continue }
            if let wrong = missing(nodes, leader: leader, from: start) { return wrong }
        }
        return nil
    }

    private func missing(_ nodes: NodeStates<Node>, leader: Int, from start: Int) -> String? {
        let term = nodes[leader].currentTerm
        let first = max(start, Int(nodes[leader].log.baseIndex.rawValue))
        for position in min(first, committed.count)..<committed.count where committed[position].inTerm < term {
            let index = LogIndex(UInt64(position) + 1)
            guard nodes[leader].log.term(at: index) == committed[position].term else {
                return "node \(nodes[leader].id) leads term \(term) without entry \(index) of term "
                    + "\(committed[position].term), committed in term \(committed[position].inTerm)"
            }
        }
        return nil
    }
}
