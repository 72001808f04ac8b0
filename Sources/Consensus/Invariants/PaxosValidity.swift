import ProtocolKit

/// Only a value that has been proposed may be chosen (Lamport 2001, section 2.1): every value that an acceptor holds came
/// from a node that a client had asked for it and that owed the client the answer, or is that node's own no-op or tick.
struct PaxosValidity<Node: PaxosNode>: Invariant {
    /// The first appearance of each value in a slot, from 1; mostly one.
    private var seen: [[UInt64]] = []
    private var watches: [AcceptanceWatch] = []

    var name: String { "validity" }

    /// Looks at what the node that took a step has newly accepted.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while watches.count < nodes.count { watches.append(AcceptanceWatch()) }
        guard let range = watches[changed].changed(nodes, changed) else { return nil }
        var slot = range.lowerBound
        while slot <= range.upperBound {
            if nodes[changed].slots.ballot(at: slot) > .zero, let wrong = look(nodes, changed, slot) { return wrong }
            slot = slot.next
        }
        return nil
    }

    private mutating func look(_ nodes: NodeStates<Node>, _ node: Int, _ slot: LogIndex) -> String? {
        let record = nodes[node].slots[slot]
        let place = Int(slot.rawValue)
        while seen.count <= place { seen.append([]) }
        guard !seen[place].contains(record.tag) else { return nil }
        seen[place].append(record.tag)
        guard nodes[node].isProposer(of: record) else {
            return
                "node \(node) has accepted a value for slot \(slot) that nobody had proposed: its first ballot would be "
                + "\(Ballot(record.tag))"
        }
        return nil
    }
}
