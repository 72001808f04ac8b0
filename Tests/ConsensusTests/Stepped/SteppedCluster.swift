import ProtocolKit

@testable import Consensus

/// Several nodes driven by hand: what is under way between them arrives when a test says so.
struct SteppedCluster<Node: ProtocolNode> {
    var nodes: [Stepped<Node>]

    init(_ nodes: [Stepped<Node>]) { self.nodes = nodes }

    subscript(node: Int) -> Stepped<Node> {
        get { nodes[node] }
        set { nodes[node] = newValue }
    }

    /// Lets everything become durable at some nodes, and everything between them arrive, until they are quiet.
    mutating func settle(_ among: Int...) {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for node in among {
                if nodes[node].isUnsynced { nodes[node].persist() }
                if !nodes[node].reads.isEmpty { nodes[node].readSnapshot() }
                for peer in among where peer != node {
                    while let message = take(from: node, to: peer) {
                        nodes[peer].receive(message, from: UInt32(node))
                        isQuiet = false
                    }
                }
                isQuiet = isQuiet && !nodes[node].isUnsynced && nodes[node].reads.isEmpty
            }
        }
    }

    /// Lets the oldest message from one node to another arrive.
    mutating func deliver(from node: Int, to peer: Int) {
        guard let message = take(from: node, to: peer) else { return }
        nodes[peer].receive(message, from: UInt32(node))
    }

    /// Loses all that is under way from a node, and to it.
    mutating func lose(_ node: Int) {
        nodes[node].outbox.removeAll()
        for other in nodes.indices { nodes[other].outbox.removeAll { $0.peer == NodeID(UInt32(node)) } }
    }

    /// Crashes and restarts a node: what it hadn't synced and what was under way from and to it is lost.
    mutating func crash(_ node: Int, losingDisk: Bool = false) {
        lose(node)
        nodes[node] = nodes[node].restarted(losingDisk: losingDisk)
    }

    private mutating func take(from node: Int, to peer: Int) -> Node.Message? {
        let place = nodes[node].outbox.firstIndex {
            $0.peer == NodeID(UInt32(peer)) && $0.ticket <= nodes[node].durable
        }
        guard let place else { return nil }
        return nodes[node].outbox.remove(at: place).message
    }

    /// What is wrong after one of the nodes took a step.
    func check<Property: Invariant>(_ property: inout Property, changed: Int) -> String?
    where Property.Node == Node {
        property.check(nodes.map { $0.node }, changed: changed)
    }
}
