import ProtocolKit

/// A node never forgets a durable promise or view: neither goes back, not even over a crash.
public struct PromisesAreKept: Invariant {
    /// The nodes it looks at.
    public typealias Node = PrimaryBackup<KeyValueStore>

    private var promises: [ViewEpoch] = []
    private var views: [ViewNumber] = []

    /// Before the first step.
    public init() {}

    /// The property's name.
    public var name: String { "promises-are-kept" }

    /// Looks at the node that took a step.
    public mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String? {
        while promises.count < nodes.count {
            promises.append(.zero)
            views.append(ViewNumber(epoch: .zero, change: 0))
        }
        let (promised, accepted) = (nodes[changed].promised, nodes[changed].accepted.number)
        // One that has lost its disk has lost its promises, and knows it.
        if nodes[changed].isReplacement { return nil }
        if promised < promises[changed] {
            return "node \(changed) promised epoch \(promises[changed]) and now knows of \(promised)"
        }
        if accepted < views[changed] {
            return "node \(changed) accepted view \(views[changed]) and now knows of \(accepted)"
        }
        promises[changed] = nodes[changed].durablePromise
        views[changed] = nodes[changed].durableView.number
        return nil
    }
}
