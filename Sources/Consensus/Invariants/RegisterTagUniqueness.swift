import ByteCoding
import ProtocolKit

/// A tag names one value, over all replicas, incarnations and time (Lynch & Shvartsman 1997, section 3).
public struct RegisterTagUniqueness: Invariant {
    /// The nodes it looks at.
    public typealias Node = RegisterReplica

    private struct Name: Hashable {
        let key: Bytes
        let tag: RegisterTag
    }

    private var values: [Name: [UInt8]] = [:]

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "tag-uniqueness" }

    /// Looks at what the node that took a step has written.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        guard !nodes[changed].observed.written.isEmpty else { return nil }
        for position in nodes[changed].observed.written {
            let name = Name(
                key: nodes[changed].store.key(at: position), tag: nodes[changed].store.tag(at: position))
            let value = nodes[changed].store.value(at: position)
            guard let other = values.updateValue(value, forKey: name), other != value else { continue }
            return "tag \(name.tag) of \(name.key) names \(Bytes(other)) and \(Bytes(value))"
        }
        return nil
    }
}
