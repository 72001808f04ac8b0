import ProtocolKit

/// At most one leader is elected in a term (figure 3 of the Raft paper).
public struct ElectionSafety<Machine: StateMachine>: Invariant {
    /// The nodes it looks at.
    public typealias Node = Raft<Machine>

    /// The leader of each term, over the whole run: one that has crashed since counts too.
    private var leaders: [Term: NodeID] = [:]
    /// The term in which each node last led.
    private var lastLed: [Term] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "election-safety" }

    /// Looks at the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard nodes[changed].role == .leader else { return nil }
        while lastLed.count < nodes.count { lastLed.append(.zero) }
        let (id, term) = (nodes[changed].id, nodes[changed].currentTerm)
        guard lastLed[changed] != term else { return nil }
        lastLed[changed] = term
        if let other = leaders[term], other != id { return "nodes \(other) and \(id) both lead term \(term)" }
        leaders[term] = id
        return nil
    }
}
