import ProtocolKit

/// The nodes in memory of their own, so that a step and its checks work on them in place.
@usableFromInline
final class NodeStore<Node: ProtocolNode> {
    @usableFromInline let nodes: UnsafeMutablePointer<Node>
    /// The start that each node is on, from 1; 0 while it is down and its place is not initialised.
    @usableFromInline let starts: UnsafeMutableBufferPointer<UInt64>

    @inlinable
    init(count: Int) {
        nodes = .allocate(capacity: count)
        starts = .allocate(capacity: count)
        starts.initialize(repeating: 0)
    }

    @inlinable
    deinit {
        for position in starts.indices { stop(position) }
        nodes.deallocate()
        starts.deallocate()
    }

    @inlinable
    func start(_ position: Int, _ node: Node, incarnation: UInt64) {
        precondition(starts[position] == 0 && incarnation > 0, "node \(position) is up already")
        (nodes + position).initialize(to: node)
        starts[position] = incarnation
    }

    @inlinable
    func stop(_ position: Int) {
        guard starts[position] != 0 else { return }
        starts[position] = 0
        (nodes + position).deinitialize(count: 1)
    }

    @inlinable
    func isUp(_ position: Int) -> Bool { starts[position] != 0 }

    /// What the checks see.
    @inlinable
    var states: NodeStates<Node> { NodeStates(nodes, starts: UnsafeBufferPointer(starts)) }

    /// A node that is up.
    @inlinable
    subscript(position: Int) -> Node {
        @inline(__always)
        unsafeAddress {
            assert(starts[position] != 0, "node \(position) is down")
            return UnsafePointer(nodes + position)
        }
        @inline(__always)
        unsafeMutableAddress {
            assert(starts[position] != 0, "node \(position) is down")
            return nodes + position
        }
    }
}
