import ProtocolKit

/// Before a primary broadcasts, it has delivered every transaction of earlier primaries that anyone delivers, now or
/// later (primary integrity, section 3 of the paper).
public struct ZabPrimaryIntegrity: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    private struct Primary {
        let epoch: Epoch
        /// How far it had delivered when it first broadcast.
        let delivered: LogIndex
    }

    private var primaries: [Primary] = []
    /// The epoch of what was delivered at each index, from 1.
    private var epochs: [Epoch] = []
    private var broadcasts = BroadcastWatch()
    private var deliveries = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "primary integrity" }

    /// Looks at what the process that took a step has newly broadcast and delivered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        if let wrong = noteDeliveries(nodes, changed: changed) { return wrong }
        guard broadcasts.newlyBroadcast(nodes, changed: changed) != nil else { return nil }
        let epoch = nodes[changed].currentEpoch
        guard !primaries.contains(where: { $0.epoch == epoch }) else { return nil }
        let delivered = nodes[changed].lastApplied
        primaries.append(Primary(epoch: epoch, delivered: delivered))
        for position in min(Int(delivered.rawValue), epochs.count)..<epochs.count where epochs[position] < epoch {
            return "the primary of epoch \(epoch) broadcasts, having delivered \(delivered), and transaction "
                + "\(position + 1) of epoch \(epochs[position]) was delivered before"
        }
        return nil
    }

    private mutating func noteDeliveries(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard let range = deliveries.newlyDelivered(nodes, changed: changed) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            defer { index = index.next }
            guard Int(index.rawValue) == epochs.count + 1 else { continue }
            let epoch = Zxid(nodes[changed].history[index].tag).epoch
            epochs.append(epoch)
            for primary in primaries where primary.epoch > epoch && primary.delivered < index {
                return "process \(nodes[changed].id) delivers transaction \(index) of epoch \(epoch), which the "
                    + "primary of epoch \(primary.epoch) hadn't delivered when it began to broadcast"
            }
        }
        return nil
    }
}
