import ProtocolKit

/// Replicas that have applied the same slots are in the same state.
struct PaxosStateAgreement<Node: PaxosNode>: Invariant {
    /// The state's digest after a slot, where a step ended.
    private var digests: [LogIndex: UInt64] = [:]
    /// How far each node was looked at.
    private var looked: [LogIndex] = []

    var name: String { "state-agreement" }

    /// Looks at the state of the node that took a step, if it has changed.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count { looked.append(.zero) }
        let applied = nodes[changed].applied
        guard applied != looked[changed] else { return nil }
        looked[changed] = applied
        let digest = nodes[changed].stateDigest
        if let other = digests[applied], other != digest {
            return "node \(changed) has another state after slot \(applied) than was reached before"
        }
        digests[applied] = digest
        return nil
    }
}
