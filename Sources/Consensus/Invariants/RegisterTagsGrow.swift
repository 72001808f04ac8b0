import ProtocolKit

/// At each replica a register's tags only grow, over restarts too as far as they were durable: what a replica has said of
/// itself stays true, but for one that lost its disk, which says so.
public struct RegisterTagsGrow: Invariant {
    /// The nodes it looks at.
    public typealias Node = RegisterReplica

    private var watch = RegisterWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "tags-grow" }

    /// Looks at what the node that took a step has written, or recovered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        switch watch.look(nodes, changed: changed) {
        case nil: return nil
        case .wentBack(let register, let before, let after):
            return "node \(changed) held \(watch.keys[register]) with tag \(before) and then with \(after)"
        case .lost(let register, let durable, let found):
            return "node \(changed) held \(watch.keys[register]) with tag \(durable) durably and recovered \(found)"
        }
    }
}
