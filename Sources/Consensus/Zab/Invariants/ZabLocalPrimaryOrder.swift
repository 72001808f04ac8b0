import ProtocolKit

/// What a primary broadcasts is delivered in the order in which it broadcast it, without gaps (local primary order,
/// section 3 of the paper): a process that delivers the n-th transaction of an epoch has delivered the one before.
public struct ZabLocalPrimaryOrder: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    private var watch = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "local primary order" }

    /// Looks at what the process that took a step has newly delivered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard let range = watch.newlyDelivered(nodes, changed: changed) else { return nil }
        guard var previous = nodes[changed].history.zxid(at: range.lowerBound.previous) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            let zxid = Zxid(nodes[changed].history[index].tag)
            let expected = zxid.epoch == previous.epoch ? previous.counter + 1 : 1
            guard zxid.counter == expected else {
                return "process \(nodes[changed].id) delivers \(zxid) after \(previous)"
            }
            previous = zxid
            index = index.next
        }
        return nil
    }
}
