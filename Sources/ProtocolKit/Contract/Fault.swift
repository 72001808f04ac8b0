/// One fault, or the end of one, in the vocabulary that the simulator and real runs share.
public enum Fault: Hashable, Sendable {
    /// Stop a node at once; of what it had not synced a random part is lost.
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
    /// End all partitions, one-way or not, all link delays and clogs.
    case heal
    /// Add to the delay of everything from one node to another, in nanoseconds.
    case delay(from: NodeID, to: NodeID, nanoseconds: UInt64)
    /// Let nothing from one node to another arrive for so many nanoseconds, and everything then.
    case clog(from: NodeID, to: NodeID, nanoseconds: UInt64)
    /// Lose each message between nodes with a probability.
    case loss(Double)
    /// Deliver each message between nodes twice with a probability.
    case duplicate(Double)
    /// Let each message between nodes be overtaken with a probability.
    case reorder(Double)
    /// Make a node's syncs take this many times as long; 1 ends it.
    case slowDisk(NodeID, factor: UInt64)
    /// Let a node's next sync fail, at which the node stops.
    case syncError(NodeID)
    /// Let a node's disk have no room: the next write fails, at which the node stops, and it can't start.
    case diskFull(NodeID)
    /// Let a full disk have room again.
    case diskFree(NodeID)
    /// Stop a node while it syncs, and lose all that it had not synced.
    case lostSuffix(NodeID)
    /// Stop a node while it syncs; of what it wrote some sectors are on the disk, so that a record may be cut short.
    case tornWrite(NodeID)
    /// Turn one bit of what a node's disk holds over; it is found out when the node next starts.
    case bitFlip(NodeID)
    /// Put the last record that a node wrote in a place that isn't its own.
    case misdirectedWrite(NodeID)
    /// Stop a node and give it an empty disk: what starts next is a replacement.
    case wipe(NodeID)
    /// Set a node's wall clock so many nanoseconds before or after true time.
    case clockSkew(NodeID, nanoseconds: Int64)
    /// Move a node's wall clock by nanoseconds.
    case clockJump(NodeID, nanoseconds: Int64)
    /// End a client's connection to a node.
    case disconnect(client: Int, NodeID)
}

extension Fault: CustomStringConvertible {
    /// The fault as scenarios and traces write it, `kill 2`, `partition 0,1|rest`; ``init(parsing:)`` reads it back.
    public var description: String {
        switch self {
        case .kill(let node): "kill \(node)"
        case .restart(let node): "restart \(node)"
        case .pause(let node): "pause \(node)"
        case .resume(let node): "resume \(node)"
        case .partition(let nodes, let clients):
            "partition \((nodes.map(\.description) + clients.map { "c\($0)" }).joined(separator: ","))|rest"
        case .oneWay(let from, let to): "one-way \(Self.list(from))>\(Self.list(to))"
        case .heal: "heal"
        case .delay(let from, let to, let nanoseconds): "delay \(from)>\(to) \(DurationText.write(nanoseconds))"
        case .clog(let from, let to, let nanoseconds): "clog \(from)>\(to) \(DurationText.write(nanoseconds))"
        case .loss(let probability): "loss \(probability)"
        case .duplicate(let probability): "duplicate \(probability)"
        case .reorder(let probability): "reorder \(probability)"
        case .slowDisk(let node, let factor): "slow disk \(node) x\(factor)"
        case .syncError(let node): "sync error \(node)"
        case .diskFull(let node): "disk full \(node)"
        case .diskFree(let node): "disk free \(node)"
        case .lostSuffix(let node): "lost suffix \(node)"
        case .tornWrite(let node): "torn write \(node)"
        case .bitFlip(let node): "bit flip \(node)"
        case .misdirectedWrite(let node): "misdirected write \(node)"
        case .wipe(let node): "wipe \(node)"
        case .clockSkew(let node, let nanoseconds): "clock skew \(node) \(Self.signed(nanoseconds))"
        case .clockJump(let node, let nanoseconds): "clock jump \(node) \(Self.signed(nanoseconds))"
        case .disconnect(let client, let node): "disconnect c\(client) \(node)"
        }
    }

    private static func list(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }

    private static func signed(_ nanoseconds: Int64) -> String {
        (nanoseconds < 0 ? "-" : "") + DurationText.write(nanoseconds.magnitude)
    }
}

extension Fault {
    /// The nodes that it names.
    public var nodes: [NodeID] {
        switch self {
        case .kill(let node), .restart(let node), .pause(let node), .resume(let node), .slowDisk(let node, _),
            .syncError(let node), .diskFull(let node), .diskFree(let node), .lostSuffix(let node),
            .tornWrite(let node), .bitFlip(let node), .misdirectedWrite(let node), .wipe(let node),
            .clockSkew(let node, _), .clockJump(let node, _), .disconnect(_, let node):
            [node]
        case .partition(let nodes, _): nodes
        case .oneWay(let from, let to): from + to
        case .delay(let from, let to, _), .clog(let from, let to, _): [from, to]
        case .heal, .loss, .duplicate, .reorder: []
        }
    }
}
