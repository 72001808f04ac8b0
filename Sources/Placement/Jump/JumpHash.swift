/// Jump consistent hash (Lamping & Veach, arXiv:1406.2294, 2014): no memory beyond the list of nodes, exactly even
/// shares, and the least possible movement; but nodes are numbered buckets, so only the last can go, and all weigh the
/// same.
public struct JumpHash: PlacementFunction {
    /// Nothing can be set.
    public struct Configuration: Sendable, Equatable {
        /// Creates a configuration.
        public init() {}
    }

    /// Only the last bucket may go: removing another would move the keys of all that follow.
    public static var removalScope: RemovalScope { .lastNode }

    /// The nodes by bucket.
    public private(set) var nodes: [PlacementNode]
    private var ids: [PlacementNodeID]

    /// Numbers `nodes` as buckets in their order.
    public init(nodes: [PlacementNode], configuration: Configuration = Configuration()) throws(PlacementError) {
        try Self.check(nodes)
        guard nodes.allSatisfy({ $0.weight == nodes[0].weight }) else {
            throw .unsupported(function: "jump", operation: "give nodes different weights")
        }
        self.nodes = nodes
        ids = nodes.map(\.id)
    }

    /// Nil: each bucket has exactly its share.
    public var shareConcentration: Double? { nil }

    /// The node list.
    public var memoryBytes: Int {
        nodes.capacity * MemoryLayout<PlacementNode>.stride + ids.capacity * MemoryLayout<PlacementNodeID>.stride
    }

    /// The paper's figure 1: the bucket of `key` among `buckets`, which must be at least 1.
    ///
    /// A key's last jump below the number of buckets is where it is; the linear congruential generator that `key` seeds
    /// draws the jumps.
    ///
    /// - Complexity: O(log buckets), expected.
    @inlinable
    public static func bucket(of key: UInt64, among buckets: Int) -> Int {
        precondition(buckets >= 1, "a key needs a bucket to be in")
        var key = key
        var bucket: Int64 = -1
        var next: Int64 = 0
        while next < Int64(buckets) {
            bucket = next
            key = key &* 2_862_933_555_777_941_757 &+ 1
            // At most 2³¹ times the number of buckets so far, which a Double and an Int64 both hold.
            next = Int64(Double(bucket &+ 1) * (2_147_483_648 / Double((key >> 33) &+ 1)))
        }
        return Int(bucket)
    }

    /// The node of the key's bucket.
    @inline(__always)
    public func node(forKeyHash hash: UInt64) -> PlacementNodeID {
        ids[Self.bucket(of: hash, among: ids.count)]
    }

    /// The buckets of the key and of the key salted again and again, each node once.
    ///
    /// When as many draws as should do have not found enough (the count nearly equals the number of nodes), the rest
    /// are the next buckets in order. The paper doesn't treat replicas; this is the common extension.
    public func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID]) {
        replicas.removeAll(keepingCapacity: true)
        let wanted = min(count, ids.count)
        var bucket = Self.bucket(of: hash, among: ids.count)
        if wanted > 0 { replicas.append(ids[bucket]) }
        var salt: UInt64 = 0
        while replicas.count < wanted, salt < 8 * UInt64(wanted) {
            salt += 1
            bucket = Self.bucket(of: XXHash64.hash(hash, seed: salt), among: ids.count)
            if !replicas.contains(ids[bucket]) { replicas.append(ids[bucket]) }
        }
        while replicas.count < wanted {
            bucket = bucket + 1 == ids.count ? 0 : bucket + 1
            if !replicas.contains(ids[bucket]) { replicas.append(ids[bucket]) }
        }
    }

    /// Adds a bucket at the end.
    public mutating func add(_ node: PlacementNode) throws(PlacementError) {
        try Self.check(nodes + [node])
        guard node.weight == nodes[0].weight else {
            throw .unsupported(function: "jump", operation: "give nodes different weights")
        }
        nodes.append(node)
        ids.append(node.id)
    }

    /// Removes the last bucket.
    public mutating func remove(_ id: PlacementNodeID) throws(PlacementError) {
        guard let index = ids.firstIndex(of: id) else { throw .unknownNode(id) }
        guard nodes.count > 1 else { throw .noNodes }
        guard index == nodes.count - 1 else {
            throw .unsupported(function: "jump", operation: "remove a node other than the last")
        }
        nodes.removeLast()
        ids.removeLast()
    }
}
