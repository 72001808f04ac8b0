import ProtocolKit

/// At most one leader is elected in a term (figure 3 of the Raft paper).
public struct ElectionSafety<Machine: StateMachine>: Invariant {
    /// The nodes it looks at.
    public typealias Node = Raft<Machine>

    private struct Leader: Equatable {
        let id: NodeID
        /// Which of its starts it led on: a server that starts again has forgotten that it led, so it must not lead the
        /// same term again.
        let incarnation: UInt64
    }

    /// The leader of each term, over the whole run: one that has crashed since counts too.
    private var leaders: [Term: Leader] = [:]
    /// The term in which each node last led.
    private var lastLed: [Term] = []
    private var incarnations: [UInt64] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "election-safety" }

    /// Looks at the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard nodes[changed].role == .leader else { return nil }
        while lastLed.count < nodes.count {
            lastLed.append(.zero)
            incarnations.append(0)
        }
        let term = nodes[changed].currentTerm
        guard lastLed[changed] != term || incarnations[changed] != nodes.incarnation(changed) else { return nil }
        lastLed[changed] = term
        incarnations[changed] = nodes.incarnation(changed)
        let leader = Leader(id: nodes[changed].id, incarnation: nodes.incarnation(changed))
        if let other = leaders[term], other != leader {
            return "nodes \(other.id) and \(leader.id) both lead term \(term)"
        }
        leaders[term] = leader
        return nil
    }
}
