/// Which node may be removed.
public enum RemovalScope: Sendable, Equatable {
    /// Any.
    case anyNode
    /// Only the one that was added last.
    case lastNode
}

/// A function from a key's hash to the node, or the nodes, that hold the key.
///
/// A value, pure and without a clock or randomness: the same nodes give the same places on every machine. There is
/// always at least one node.
public protocol PlacementFunction: Sendable {
    /// What can be set.
    associatedtype Configuration: Sendable

    /// Which nodes `remove` takes.
    static var removalScope: RemovalScope { get }

    /// Places keys on `nodes`.
    ///
    /// - Throws: `PlacementError` if there are no nodes, two have one number or name, or a weight isn't supported.
    init(nodes: [PlacementNode], configuration: Configuration) throws(PlacementError)

    /// The nodes, in the order in which they came.
    var nodes: [PlacementNode] { get }

    /// Memory of the structures that lookups read, and of the node list, in bytes.
    var memoryBytes: Int { get }

    /// The variance of a node's share of the keys, over many sets of node names, as a Dirichlet concentration: the
    /// larger, the more even. Nil where shares are exactly as the weights say and only the drawing of keys varies.
    var shareConcentration: Double? { get }

    /// The node that holds the key.
    func node(forKeyHash hash: UInt64) -> PlacementNodeID

    /// Replaces `replicas` by the `count` distinct nodes that hold the key's copies, or all nodes if there are fewer;
    /// the first is `node(forKeyHash:)`.
    func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID])

    /// Adds a node.
    ///
    /// - Throws: `PlacementError`; nothing has changed then.
    mutating func add(_ node: PlacementNode) throws(PlacementError)

    /// Removes a node.
    ///
    /// - Throws: `PlacementError` if there is no such node, it is the only one, or the function can't remove this one;
    ///   nothing has changed then.
    mutating func remove(_ id: PlacementNodeID) throws(PlacementError)
}

extension PlacementFunction {
    /// Checks what every function asks of its nodes.
    static func check(_ nodes: [PlacementNode]) throws(PlacementError) {
        guard !nodes.isEmpty else { throw .noNodes }
        var ids = Set<PlacementNodeID>()
        var names = Set<String>()
        for node in nodes {
            guard ids.insert(node.id).inserted else { throw .duplicateNode(node.id) }
            guard names.insert(node.name).inserted else { throw .duplicateName(node.name) }
            guard (1...1_024).contains(node.weight) else {
                throw .weightOutOfRange(node.id, weight: node.weight)
            }
        }
    }
}
