import ProtocolKit

/// What an earlier primary broadcast is delivered before what a later one broadcast (global primary order, section 3 of
/// the paper).
public struct ZabGlobalPrimaryOrder: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    private var watch = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "global primary order" }

    /// Looks at what the process that took a step has newly delivered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard let range = watch.newlyDelivered(nodes, changed: changed) else { return nil }
        guard var previous = nodes[changed].history.zxid(at: range.lowerBound.previous) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            let zxid = Zxid(nodes[changed].history[index].tag)
            guard zxid.epoch >= previous.epoch else {
                return "process \(nodes[changed].id) delivers \(zxid) after \(previous) of a later primary"
            }
            previous = zxid
            index = index.next
        }
        return nil
    }
}
