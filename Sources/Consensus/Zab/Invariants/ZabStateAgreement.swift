import ProtocolKit

/// Processes that have delivered up to the same transaction have the same state, whether they came to it step by step or
/// by a snapshot.
public struct ZabStateAgreement: Invariant {
    /// The nodes it looks at.
    public typealias Node = Zab<KeyValueStore>

    /// The state's digest after a transaction, where a step ended.
    private var digests = TransactionTable<UInt64>()
    private var looked: [Zxid] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "state agreement" }

    /// Looks at the state of the process that took a step, if that has delivered something.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count { looked.append(.zero) }
        let zxid = nodes[changed].appliedZxid
        guard zxid != looked[changed] else { return nil }
        looked[changed] = zxid
        let digest = nodes[changed].machine.digest
        if let other = digests[zxid], other != digest {
            return "process \(nodes[changed].id) has another state after \(zxid) than was reached before"
        }
        digests[zxid] = digest
        return nil
    }
}
