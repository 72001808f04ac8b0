/// One fault, or the end of one, in the vocabulary that the simulator and real runs share.
public enum Fault: Hashable, Sendable {
    /// Stop a node at once; what it had not synced is lost.
    case kill(NodeID)
    /// Start a node that is down, with what its disk holds.
    case restart(NodeID)
    /// Stop a node from running, its connections kept.
    case pause(NodeID)
    /// Let a paused node run again.
    case resume(NodeID)
    /// Cut some nodes and clients off from all the others, both ways; replaces an earlier partition.
    case partition([NodeID], clients: [Int])
    /// Lose what some nodes send to others, one way only.
    case oneWay(from: [NodeID], to: [NodeID])
    /// End all partitions, one-way or not, and all link delays.
    case heal
    /// Add to the delay of everything from one node to another, in nanoseconds.
    case delay(from: NodeID, to: NodeID, nanoseconds: UInt64)
    /// Lose each message between nodes with a probability.
    case loss(Double)
    /// Deliver each message between nodes twice with a probability.
    case duplicate(Double)
    /// Let each message between nodes be overtaken with a probability.
    case reorder(Double)
    /// Make a node's syncs take this many times as long; 1 ends it.
    case slowDisk(NodeID, factor: UInt64)
    /// Move a node's wall clock by nanoseconds.
    case clockJump(NodeID, nanoseconds: Int64)
    /// End a client's connection to a node.
    case disconnect(client: Int, NodeID)
}

extension Fault: CustomStringConvertible {
    /// The fault as scenarios and traces write it: `kill 2`, `partition 0,1|rest`.
    public var description: String {
        func list(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }
        switch self {
        case .kill(let node): return "kill \(node)"
        case .restart(let node): return "restart \(node)"
        case .pause(let node): return "pause \(node)"
        case .resume(let node): return "resume \(node)"
        case .partition(let nodes, let clients):
            let names = clients.map { ",c\($0)" }.joined()
            return "partition \(list(nodes))\(names)|rest"
        case .oneWay(let from, let to): return "one-way \(list(from))>\(list(to))"
        case .heal: return "heal"
        case .delay(let from, let to, let nanoseconds): return "delay \(from)>\(to) \(nanoseconds)ns"
        case .loss(let probability): return "loss \(probability)"
        case .duplicate(let probability): return "duplicate \(probability)"
        case .reorder(let probability): return "reorder \(probability)"
        case .slowDisk(let node, let factor): return "slow disk \(node) x\(factor)"
        case .clockJump(let node, let nanoseconds): return "clock jump \(node) \(nanoseconds)ns"
        case .disconnect(let client, let node): return "disconnect c\(client) \(node)"
        }
    }
}
