import ByteCoding
import ProtocolKit

/// A version names one value of one key, over all nodes and restarts (section 4.4 of the Dynamo paper).
struct VersionUniqueness: Invariant {
    typealias Node = Dynamo

    /// A digest of key, version and value by the event that wrote it.
    private var named: [Dot: UInt64] = [:]

    var name: String { "version-uniqueness" }

    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard !nodes[changed].journal.isEmpty else { return nil }
        return nodes.forEachChange(changed) { key, hash, cell in
            switch cell {
            case .register(let version, let value):
                return note(version, hash, value.map(KeyHash.hash) ?? 1, key)
            case .siblings(let set):
                for sibling in set.siblings {
                    let value = KeyHash.hash(sibling.value)
                    if let wrong = note(sibling.version, hash, value, key) { return wrong }
                }
                return nil
            }
        }
    }

    private mutating func note(_ version: Version, _ key: UInt64, _ value: UInt64, _ name: Bytes) -> String? {
        let digest = KeyHash.mix(version.mixed(into: key), value)
        if let other = named.updateValue(digest, forKey: version.dot), other != digest {
            return "version \(version) of \(name) names two values"
        }
        return nil
    }
}
