/// A safety property over the states of all nodes, checked after every step of a simulation; one file each.
///
/// A check runs after every step of every node. So it looks only at what the step may have changed, remembers what it has
/// seen, and reads fields in place: `nodes[changed].term`. Binding a node to a name (`let node = nodes[changed]`) copies it
/// with a retain for everything that it refers to, which takes longer than the step itself.
public protocol Invariant<Node>: Sendable {
    associatedtype Node: ProtocolNode
    /// The property's name in the paper.
    var name: String { get }
    /// Looks at the cluster after node `changed` took a step; that node is up.
    ///
    /// - Returns: what is wrong, or nil.
    mutating func check(_ nodes: NodeStates<Node>, changed: Int) -> String?
}

/// The nodes of a simulated cluster, read where they are: reading a field reads that field only. (Reading it through an
/// element of an array, or through an optional, copies the whole node even in optimised code.)
///
/// It is good for the duration of a check only.
public struct NodeStates<Node: ProtocolNode> {
    @usableFromInline let nodes: UnsafePointer<Node>
    @usableFromInline let starts: UnsafeBufferPointer<UInt64>

    /// A view of nodes that are in memory where they have been started and are not down.
    ///
    /// - Parameters:
    ///   - nodes: the nodes, where they are up.
    ///   - starts: how often each was started; 0 while it is down.
    @inlinable
    public init(_ nodes: UnsafePointer<Node>, starts: UnsafeBufferPointer<UInt64>) {
        self.nodes = nodes
        self.starts = starts
    }

    /// Number of nodes, those that are down included.
    @inlinable
    public var count: Int { starts.count }

    /// The positions of all nodes.
    @inlinable
    public var indices: Range<Int> { 0..<starts.count }

    /// Whether a node is up.
    @inlinable
    public func isUp(_ position: Int) -> Bool { starts[position] != 0 }

    /// Which of its starts a node is on, from 1; 0 while it is down. What a check remembers of a node's memory is of no use
    /// after another start.
    @inlinable
    public func incarnation(_ position: Int) -> UInt64 { starts[position] }

    /// A node that is up.
    @inlinable
    public subscript(position: Int) -> Node {
        @inline(__always)
        unsafeAddress {
            precondition(starts[position] != 0, "node \(position) is down")
            return nodes + position
        }
    }
}

/// An invariant as a simulation calls it: a closure that is formed where the invariant's type is known, so that the check
/// of a generic invariant is compiled for its node. Through `any Invariant` it would be the unspecialised one, which takes
/// several times as long as the step that it checks.
public struct InvariantCheck<Node: ProtocolNode> {
    /// The property's name in the paper.
    public let name: String
    /// Looks at the cluster after a node took a step: what is wrong, or nil.
    public let check: (_ nodes: NodeStates<Node>, _ changed: Int) -> String?

    /// The check of an invariant as it is before the first step.
    @inlinable
    @inline(__always)
    public init<Property: Invariant<Node>>(_ property: Property) {
        let state = InvariantState(property)
        name = property.name
        check = { nodes, changed in state.property.check(nodes, changed: changed) }
    }
}

/// What an invariant remembers. One simulation uses it, on one thread.
@usableFromInline
final class InvariantState<Property: Invariant> {
    @exclusivity(unchecked) @usableFromInline var property: Property

    @inlinable
    init(_ property: Property) { self.property = property }
}

extension Invariant {
    /// Looks at nodes that no simulation has made, each on its first start; a node that is down is nil.
    public mutating func check(_ nodes: [Node?], changed: Int) -> String? {
        let memory = UnsafeMutablePointer<Node>.allocate(capacity: nodes.count)
        let starts = nodes.map { $0 == nil ? UInt64(0) : 1 }
        for (position, node) in nodes.enumerated() {
            if let node { (memory + position).initialize(to: node) }
        }
        defer {
            for position in nodes.indices where starts[position] != 0 { (memory + position).deinitialize(count: 1) }
            memory.deallocate()
        }
        guard starts[changed] != 0 else { return nil }
        return starts.withUnsafeBufferPointer { check(NodeStates(memory, starts: $0), changed: changed) }
    }
}
