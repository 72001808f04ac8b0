import ProtocolKit

/// Replicas that have applied the same slots are in the same state.
struct PaxosStateAgreement<Node: PaxosNode>: Invariant {
    /// The state's digest after each slot, from 0; nil where no step has ended there.
    private var digests: [UInt64?] = []
    /// How far each node was looked at.
    private var looked: [LogIndex] = []

    var name: String { "state-agreement" }

    /// Looks at the state of the node that took a step, if it has changed.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count { looked.append(.zero) }
        let applied = nodes[changed].applied
        guard applied != looked[changed] else { return nil }
        looked[changed] = applied
        let digest = nodes[changed].machine.digest
        let place = Int(applied.rawValue)
        while digests.count <= place { digests.append(nil) }
        if let other = digests[place], other != digest {
            return "node \(changed) has another state after slot \(applied) than was reached before"
        }
        digests[place] = digest
        return nil
    }
}
