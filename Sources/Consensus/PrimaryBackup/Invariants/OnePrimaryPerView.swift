import ProtocolKit

/// A view has one primary and one set of members, and an epoch one primary.
public struct OnePrimaryPerView: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    /// The primary of each epoch, over the whole run: one that has crashed since counts too.
    private var primaries: [ViewEpoch: NodeID] = [:]
    /// The epoch in which each node was last primary.
    private var lastServed: [ViewEpoch] = []
    private var members: [ViewNumber: MemberSet] = [:]
    /// The view that each node had last accepted.
    private var lastAccepted: [ViewNumber] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "one-primary-per-view" }

    /// Looks at the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while lastServed.count < nodes.count {
            lastServed.append(.zero)
            lastAccepted.append(ViewNumber(epoch: .zero, change: 0))
        }
        let number = nodes[changed].accepted.number
        if number != lastAccepted[changed] {
            let accepted = nodes[changed].accepted
            lastAccepted[changed] = number
            if let other = members[number], other != accepted.members {
                return "view \(number) has members \(other) and \(accepted.members)"
            }
            members[number] = accepted.members
        }
        guard nodes[changed].role == .primary else { return nil }
        let (epoch, id) = (nodes[changed].promised, nodes[changed].id)
        guard lastServed[changed] != epoch else { return nil }
        lastServed[changed] = epoch
        if let other = primaries[epoch], other != id { return "nodes \(other) and \(id) are both primary of \(epoch)" }
        primaries[epoch] = id
        return nil
    }
}
