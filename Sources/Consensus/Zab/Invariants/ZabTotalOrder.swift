import ProtocolKit

/// The sequences of transactions that processes deliver are prefixes of one another: agreement and total order (section 3
/// of the paper). A process that takes over a snapshot takes over a sequence that another has delivered.
public struct ZabTotalOrder: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    /// What was delivered at each index, from 1, by the first process that did.
    private var delivered: [LogRecord] = []
    private var watch = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The properties' names.
    public var name: String { "agreement and total order" }

    /// Looks at what the process that took a step has newly delivered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard let range = watch.newlyDelivered(nodes, changed: changed) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            let position = Int(index.rawValue) - 1
            let record = nodes[changed].history[index]
            if position < delivered.count {
                guard delivered[position] == record else {
                    return "process \(nodes[changed].id) delivers \(Zxid(record.tag)) at \(index), where "
                        + "\(Zxid(delivered[position].tag)) was delivered before"
                }
            } else if position == delivered.count {
                delivered.append(record)
            } else {
                return "process \(nodes[changed].id) delivers \(Zxid(record.tag)) at \(index); nobody has "
                    + "delivered what comes before it"
            }
            index = index.next
        }
        return nil
    }
}
