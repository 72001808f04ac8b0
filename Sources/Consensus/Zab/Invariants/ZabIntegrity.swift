import ProtocolKit

/// What a process delivers, a primary has broadcast (integrity, section 3 of the paper).
public struct ZabIntegrity: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    /// What was broadcast.
    private var transactions = TransactionTable<LogRecord>()
    private var broadcasts = BroadcastWatch()
    private var deliveries = DeliveryWatch()

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "integrity" }

    /// Looks at what the process that took a step has newly broadcast and delivered.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        if let range = broadcasts.newlyBroadcast(nodes, changed: changed) {
            var index = range.lowerBound
            while index <= range.upperBound {
                let record = nodes[changed].history[index]
                if let other = transactions[Zxid(record.tag)], other != record {
                    return "\(Zxid(record.tag)) is broadcast twice, with different contents"
                }
                transactions[Zxid(record.tag)] = record
                index = index.next
            }
        }
        guard let range = deliveries.newlyDelivered(nodes, changed: changed) else { return nil }
        var index = range.lowerBound
        while index <= range.upperBound {
            let record = nodes[changed].history[index]
            guard transactions[Zxid(record.tag)] == record else {
                return "process \(nodes[changed].id) delivers \(Zxid(record.tag)), which wasn't broadcast so"
            }
            index = index.next
        }
        return nil
    }
}
