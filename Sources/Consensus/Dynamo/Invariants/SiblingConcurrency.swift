import ByteCoding
import ProtocolKit

/// Siblings are concurrent: none of them was seen by the client that wrote another (section 4.4 of the Dynamo paper).
struct SiblingConcurrency: Invariant {
    typealias Node = Dynamo

    /// What the client of each write had seen.
    private var contexts: [Dot: VersionVector] = [:]

    var name: String { "sibling-concurrency" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard !nodes[changed].journal.isEmpty else { return nil }
        for index in nodes[changed].journal.issued.indices {
            let issue = nodes[changed].journal.issued[index]
            if let version = issue.version { contexts[version.dot] = issue.context }
        }
        return nodes.forEachChange(changed) { key, _, cell in
            guard case .siblings(let set) = cell, set.siblings.count > 1 else { return nil }
            for sibling in set.siblings {
                guard let seen = contexts[sibling.version.dot] else { continue }
                let other = set.siblings.first { $0.version != sibling.version && seen.covers($0.version.dot) }
                if let other {
                    return "\(key) has \(other.version) beside \(sibling.version), whose writer had seen it"
                }
            }
            return nil
        }
    }
}
