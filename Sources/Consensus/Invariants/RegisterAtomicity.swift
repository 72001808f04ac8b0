import ByteCoding
import ProtocolKit

/// Tags order operations as time does: an operation that begins after another has ended has a tag at least as high, a
/// write a higher one (Lynch, "Distributed Algorithms", 1996, lemma 13.16; Lynch & Shvartsman 1997, theorem 4). With
/// unique tags that makes the register atomic. Of a register that is only regular it holds with respect to writes that
/// have ended.
public struct RegisterAtomicity: Invariant {
    /// The nodes it looks at.
    public typealias Node = RegisterReplica

    /// The highest tag of an ended operation, by key.
    private var ended: [Bytes: RegisterTag] = [:]
    /// What had ended before each operation under way began.
    private var floors: [Begun: RegisterTag] = [:]

    private struct Begun: Hashable {
        let node: Int
        let token: RequestToken
    }

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "register-atomicity" }

    /// Looks at the operation that has begun at the node that took a step, and at those that have ended there.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        if let queue = nodes[changed].observed.begunIn {
            let last = nodes[changed].gathered[queue].count - 1
            let token = nodes[changed].gathered[queue][last].token
            let key = nodes[changed].gathered[queue][last].key
            floors[Begun(node: changed, token: token)] = ended[key] ?? .zero
        }
        guard !nodes[changed].observed.ended.isEmpty else { return nil }
        let isAtomic = nodes[changed].options.reads != .neverWriteBack
        for operation in nodes[changed].observed.ended {
            if let wrong = end(operation, at: changed, isAtomic: isAtomic) { return wrong }
        }
        return nil
    }

    private mutating func end(_ operation: RegisterOperation, at node: Int, isAtomic: Bool) -> String? {
        guard let floor = floors.removeValue(forKey: Begun(node: node, token: operation.token)) else { return nil }
        let key = operation.key
        if operation.isRead ? operation.tag < floor : operation.tag <= floor {
            return
                "a \(operation.isRead ? "read" : "write") of \(key) at node \(node) has tag \(operation.tag), though "
                + "an operation with tag \(floor) had ended before it began"
        }
        guard isAtomic || !operation.isRead else { return nil }
        if operation.tag > ended[key] ?? .zero { ended[key.compacted()] = operation.tag }
        return nil
    }
}
