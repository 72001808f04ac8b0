import ProtocolKit

/// A quorum promises an epoch to one leader only, and the history that this then chooses holds every transaction of an
/// earlier epoch that is ever delivered (section 4 of the paper: it is that of a quorum's latest). A leader that was slow
/// may well be established after a later one has delivered something.
public struct ZabOnePrimary: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    /// A process on one of its starts.
    private struct Leader: Equatable {
        var id: NodeID
        var incarnation: UInt64
    }

    /// An epoch and how far its leader has come with it, on one of its starts.
    private struct Reign: Equatable {
        var epoch = Epoch.zero
        var incarnation = UInt64(0)
        var phase = ZabPhase.election
    }

    /// The leader of each epoch, over the whole run: one that has crashed since counts too.
    private var leaders: [Epoch: Leader] = [:]
    /// What each process was last seen to lead.
    private var lastLed: [Reign] = []
    /// The identifier of what was delivered at each index, from 1.
    private var delivered: [Zxid] = []
    private var watch = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "one complete primary an epoch" }

    /// Looks at the process that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while lastLed.count < nodes.count { lastLed.append(Reign()) }
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
        guard nodes[changed].role == .leading, nodes[changed].phase != .discovery else { return nil }
        let epoch = nodes[changed].currentEpoch
        let reign = Reign(epoch: epoch, incarnation: nodes.incarnation(changed), phase: nodes[changed].phase)
        guard lastLed[changed] != reign else { return nil }
        lastLed[changed] = reign
        let leader = Leader(id: nodes[changed].id, incarnation: reign.incarnation)
        if let other = leaders[epoch], other != leader {
            return "epoch \(epoch) is promised to process \(other.id) and to process \(leader.id)"
                + (other.id == leader.id ? " again, after a restart" : "")
        }
        leaders[epoch] = leader
        let first = Int(nodes[changed].history.base.index.rawValue)
        for position in min(first, delivered.count)..<delivered.count where delivered[position].epoch < epoch {
            let index = LogIndex(UInt64(position) + 1)
            guard nodes[changed].history.zxid(at: index) == delivered[position] else {
                return "process \(leader.id) leads epoch \(epoch) without \(delivered[position]), which was delivered"
            }
        }
        return nil
    }
}
