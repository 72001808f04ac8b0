import ProtocolKit

/// An epoch has at most one established leader, and its history begins with everything that was delivered before
/// (section 4 of the paper: the leader's history is that of a quorum's latest).
public struct ZabOnePrimary: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    /// The leader of each epoch, over the whole run: one that has crashed since counts too.
    private var leaders: [Epoch: NodeID] = [:]
    /// The epoch that each process was last seen to lead.
    private var lastLed: [Epoch] = []
    /// The identifier of what was delivered at each index, from 1.
    private var delivered: [Zxid] = []
    private var watch = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "one complete primary an epoch" }

    /// Looks at the process that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while lastLed.count < nodes.count { lastLed.append(.zero) }
        let wrong = checkLeader(nodes, changed: changed)
        if let range = watch.newlyDelivered(nodes, changed: changed) {
            var index = range.lowerBound
            while index <= range.upperBound {
                if Int(index.rawValue) == delivered.count + 1 {
                    delivered.append(Zxid(nodes[changed].history[index].tag))
                }
                index = index.next
            }
        }
        return wrong
    }

    private mutating func checkLeader(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard nodes[changed].role == .leading, nodes[changed].phase == .broadcast else { return nil }
        let epoch = nodes[changed].currentEpoch
        guard lastLed[changed] != epoch else { return nil }
        lastLed[changed] = epoch
        let id = nodes[changed].id
        if let other = leaders[epoch], other != id {
            return "processes \(other) and \(id) are both established as leaders of epoch \(epoch)"
        }
        leaders[epoch] = id
        let first = Int(nodes[changed].history.base.index.rawValue)
        for position in min(first, delivered.count)..<delivered.count {
            let index = LogIndex(UInt64(position) + 1)
            guard nodes[changed].history.zxid(at: index) == delivered[position] else {
                return "process \(id) leads epoch \(epoch) without \(delivered[position]), which was delivered"
            }
        }
        return nil
    }
}
