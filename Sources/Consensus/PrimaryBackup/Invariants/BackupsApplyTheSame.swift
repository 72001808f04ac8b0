import ProtocolKit

/// No two nodes apply different commands at the same index. An asynchronous primary does, until it takes back what a
/// failover has lost, and isn't looked at.
public struct BackupsApplyTheSame: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    /// What was applied at each index, from 1, by the first node that did.
    private var applied: [LogRecord] = []
    /// How far each node was looked at.
    private var looked: [LogIndex] = []
    private var incarnations: [UInt64] = []
    /// The state's digest after an index, where a step ended.
    private var digests: [LogIndex: UInt64] = [:]

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "backups-apply-the-same" }

    /// Looks at what the node that took a step has newly applied.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while looked.count < nodes.count {
            looked.append(.zero)
            incarnations.append(0)
        }
        if incarnations[changed] != nodes.incarnation(changed) {
            // It applies again what its log holds, or goes on after its snapshot.
            incarnations[changed] = nodes.incarnation(changed)
            looked[changed] = .zero
        }
        let lastApplied = nodes[changed].lastApplied
        guard lastApplied != looked[changed], nodes[changed].options.isSynchronous else { return nil }
        var index = max(looked[changed], nodes[changed].log.baseIndex).next
        looked[changed] = lastApplied
        while index <= lastApplied {
            let position = Int(index.rawValue) - 1
            if position < applied.count {
                guard applied[position] == nodes[changed].log[index] else {
                    return "node \(changed) applied another command at \(index) than was applied before"
                }
            } else if position == applied.count {
                applied.append(nodes[changed].log[index])
            }
            index = index.next
        }
        let digest = nodes[changed].machine.digest
        if let other = digests[lastApplied], other != digest {
            return "node \(changed) has another state after \(lastApplied) than was reached before"
        }
        digests[lastApplied] = digest
        return nil
    }
}
