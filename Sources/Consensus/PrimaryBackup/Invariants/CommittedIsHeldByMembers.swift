import ProtocolKit

/// What a primary commits, every member of its view holds; and it keeps it, over crashes too.
public struct CommittedIsHeldByMembers: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    /// The epoch of each committed entry, from index 1.
    private var committed: [ViewEpoch] = []
    /// How far each node's commit index was looked at.
    private var looked: [LogIndex] = []
    /// Through where each node must hold the committed entries.
    private var required: [LogIndex] = []
    private var truncations: [UInt64] = []
    private var incarnations: [UInt64] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "committed-is-held-by-members" }

    /// Looks at what the node that took a step has newly committed, and at what it should hold.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count {
            looked.append(.zero)
            required.append(.zero)
            truncations.append(0)
            incarnations.append(0)
        }
        // One that has lost its disk holds nothing any more, and isn't relied on.
        if nodes[changed].isReplacement { return nil }
        if nodes.incarnation(changed) != incarnations[changed]
            || nodes[changed].log.truncations != truncations[changed]
        {
            incarnations[changed] = nodes.incarnation(changed)
            looked[changed] = .zero
            truncations[changed] = nodes[changed].log.truncations
            if let wrong = lacking(nodes, changed, from: .zero, through: required[changed]) { return wrong }
        }
        let commitIndex = nodes[changed].commitIndex
        guard commitIndex > looked[changed] else { return nil }
        let former = looked[changed]
        looked[changed] = commitIndex
        if let wrong = note(nodes, changed, through: commitIndex) { return wrong }
        guard nodes[changed].role == .primary, let members = nodes[changed].view?.members else { return nil }
        for member in nodes.indices where members.contains(member) {
            if nodes.isUp(member), nodes[member].isReplacement { continue }
            required[member] = max(required[member], commitIndex)
            if let wrong = lacking(nodes, member, from: former, through: commitIndex) { return wrong }
        }
        return nil
    }

    private mutating func note(_ nodes: NodeStates<Node>, _ node: Int, through commitIndex: LogIndex) -> String? {
        while UInt64(committed.count) < commitIndex.rawValue {
            let index = LogIndex(UInt64(committed.count) + 1)
            guard let epoch = nodes[node].log.term(at: index) else {
                return "node \(node) was the first to commit entry \(index), which its log doesn't hold"
            }
            committed.append(epoch)
        }
        return nil
    }

    /// A committed entry that a node should hold and doesn't; nothing can be said of one that is down.
    private func lacking(_ nodes: NodeStates<Node>, _ node: Int, from: LogIndex, through last: LogIndex) -> String? {
        guard nodes.isUp(node) else { return nil }
        var index = max(from, nodes[node].log.baseIndex).next
        while index <= last {
            let expected = committed[Int(index.rawValue) - 1]
            guard nodes[node].log.term(at: index) == expected else {
                return "node \(node) doesn't hold entry \(index) of epoch \(expected), which was committed with it"
            }
            index = index.next
        }
        return nil
    }
}
