import ProtocolKit

/// A system's invariants, one after the other. A chain of constants is walked without counting references; over an array
/// of closures the counting took about as long as the checks.
@usableFromInline
final class InvariantChain<Node: ProtocolNode> {
    @usableFromInline let first: InvariantCheck<Node>
    @usableFromInline let rest: InvariantChain?

    /// Nil for no invariants.
    @inlinable
    convenience init?(_ checks: [InvariantCheck<Node>]) {
        self.init(checks[...])
    }

    @inlinable
    init?(_ checks: ArraySlice<InvariantCheck<Node>>) {
        guard let first = checks.first else { return nil }
        self.first = first
        rest = InvariantChain(checks.dropFirst())
    }

    /// The first that a node's step has broken, and how.
    @inlinable
    func broken(_ nodes: NodeStates<Node>, changed: Int) -> (name: String, message: String)? {
        if let message = first.check(nodes, changed) { return (first.name, message) }
        return rest?.broken(nodes, changed: changed)
    }
}
