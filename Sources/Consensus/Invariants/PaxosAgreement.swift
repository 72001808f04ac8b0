import ProtocolKit

/// Only a single value is chosen for a slot: no two nodes learn different ones (Lamport 2001, section 2.1).
struct PaxosAgreement<Node: PaxosNode>: Invariant {
    /// What was learned for each slot, from 1, by the first node that did.
    private var learned: [LogRecord?] = []
    /// How far each node was looked at.
    private var looked: [LogIndex] = []

    var name: String { "agreement" }

    /// Looks at what the node that took a step has newly learned.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count { looked.append(.zero) }
        let decided = nodes[changed].decided
        // Since a restart it may have learned again what it knew before.
        if decided < looked[changed] { looked[changed] = .zero }
        guard decided > looked[changed] else { return nil }
        var slot = max(looked[changed], nodes[changed].slots.base).next
        looked[changed] = decided
        while slot <= decided {
            guard slot <= nodes[changed].slots.last else {
                return "node \(changed) takes slot \(slot) for decided and has no value for it"
            }
            if let wrong = learn(nodes[changed].slots[slot], node: changed) { return wrong }
            slot = slot.next
        }
        return nil
    }

    private mutating func learn(_ record: LogRecord, node: Int) -> String? {
        let place = Int(record.index.rawValue)
        while learned.count <= place { learned.append(nil) }
        guard let known = learned[place] else {
            learned[place] = record
            return nil
        }
        guard known != record else { return nil }
        return "node \(node) has learned another value for slot \(record.index) (first proposed in "
            + "\(Ballot(record.tag))) than was learned before (\(Ballot(known.tag)))"
    }
}
