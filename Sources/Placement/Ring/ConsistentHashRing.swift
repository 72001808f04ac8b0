/// Consistent hashing on a ring (Karger et al., STOC 1997) with virtual nodes: each node has many points on the circle
/// of 64-bit hashes, and a key belongs to the node of the first point at or after its hash.
///
/// A node that comes takes keys only for itself, and one that goes leaves its keys to others: nothing moves between
/// nodes that stay. With V points for each of N nodes, shares follow a Dirichlet distribution with parameter V, whose
/// relative standard deviation is √((N−1)/(NV+1)), about 1/√V.
public struct ConsistentHashRing: PlacementFunction {
    /// What can be set.
    public struct Configuration: Sendable, Equatable {
        /// Points for each unit of a node's weight, 1 to 65,536.
        public var virtualNodes: Int
        /// How a lookup finds its point.
        public var search: RingSearch

        /// Creates a configuration.
        public init(virtualNodes: Int = 160, search: RingSearch = .segments) {
            self.virtualNodes = virtualNodes
            self.search = search
        }
    }

    /// Any node may go.
    public static var removalScope: RemovalScope { .anyNode }
    /// The most points that a ring may have.
    public static var pointLimit: Int { 1 << 26 }

    /// What was set.
    public let configuration: Configuration
    /// The nodes, in the order in which they came.
    public private(set) var nodes: [PlacementNode]

    // Flat and apart: a search reads places only, and eight of them share a cache line.
    private var points: [UInt64] = []
    private var owners: [PlacementNodeID] = []
    private var segments = SegmentIndex(points: [])

    /// A ring of `nodes`.
    public init(nodes: [PlacementNode], configuration: Configuration = Configuration()) throws(PlacementError) {
        try Self.check(nodes)
        guard (1...65_536).contains(configuration.virtualNodes) else {
            throw .invalidOption(
                function: "ring", option: "vnodes", value: "\(configuration.virtualNodes)",
                allowed: "a whole number in 1...65536")
        }
        self.nodes = nodes
        self.configuration = configuration
        try checkSize(nodes)
        var fresh: [(place: UInt64, node: PlacementNodeID)] = []
        fresh.reserveCapacity(Self.pointCount(of: nodes, configuration))
        for node in nodes { fresh += places(of: node) }
        fresh.sort { Self.precedes($0, $1) }
        points = fresh.map(\.place)
        owners = fresh.map(\.node)
        segments = SegmentIndex(points: points)
    }

    private static func pointCount(of nodes: [PlacementNode], _ configuration: Configuration) -> Int {
        nodes.reduce(0) { $0 + $1.weight * configuration.virtualNodes }
    }

    private func checkSize(_ nodes: [PlacementNode]) throws(PlacementError) {
        let count = Self.pointCount(of: nodes, configuration)
        guard count <= Self.pointLimit else { throw .tooLarge(points: count, limit: Self.pointLimit) }
    }

    /// A node's points: the hashes of its name under as many seeds.
    private func places(of node: PlacementNode) -> [(place: UInt64, node: PlacementNodeID)] {
        (0..<node.weight * configuration.virtualNodes).map {
            (XXHash64.hash(node.name, seed: UInt64($0)), node.id)
        }
    }

    // Two points in one place are ordered by their nodes' numbers, so that the order of arrival can't matter.
    private static func precedes(
        _ left: (place: UInt64, node: PlacementNodeID), _ right: (place: UInt64, node: PlacementNodeID)
    ) -> Bool {
        left.place != right.place ? left.place < right.place : left.node < right.node
    }

    /// The concentration of the shares' Dirichlet distribution: the number of points.
    public var shareConcentration: Double? { Double(points.count) }

    /// Points, owners, segments and node list.
    public var memoryBytes: Int {
        points.capacity * MemoryLayout<UInt64>.stride + owners.capacity * MemoryLayout<PlacementNodeID>.stride
            + segments.firstPoints.capacity * MemoryLayout<UInt32>.stride
            + nodes.capacity * MemoryLayout<PlacementNode>.stride
    }

    @inline(__always)
    private func firstPoint(atOrAfter hash: UInt64) -> Int {
        let index =
            switch configuration.search {
            case .segments: segments.firstIndex(atLeast: hash, in: points)
            case .binary: BranchlessSearch.firstIndex(atLeast: hash, in: points)
            }
        return index == points.count ? 0 : index
    }

    /// The owner of the first point at or after the hash, going round.
    ///
    /// - Complexity: expected O(1) by segments, O(log n) by halving, for n points.
    @inline(__always)
    public func node(forKeyHash hash: UInt64) -> PlacementNodeID {
        owners[firstPoint(atOrAfter: hash)]
    }

    /// The owners of the points at and after the hash, each node once.
    public func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID]) {
        replicas.removeAll(keepingCapacity: true)
        let wanted = min(count, nodes.count)
        var index = firstPoint(atOrAfter: hash)
        // Every node has a point, so once round the circle finds them all.
        while replicas.count < wanted {
            let owner = owners[index]
            if !replicas.contains(owner) { replicas.append(owner) }
            index = index + 1 == owners.count ? 0 : index + 1
        }
    }

    /// Merges the node's points into the circle.
    ///
    /// - Complexity: O(n), for n points.
    public mutating func add(_ node: PlacementNode) throws(PlacementError) {
        try Self.check(nodes + [node])
        try checkSize(nodes + [node])
        let fresh = places(of: node).sorted { Self.precedes($0, $1) }
        var mergedPoints: [UInt64] = []
        var mergedOwners: [PlacementNodeID] = []
        mergedPoints.reserveCapacity(points.count + fresh.count)
        mergedOwners.reserveCapacity(points.count + fresh.count)
        var old = 0
        for point in fresh {
            while old < points.count, Self.precedes((points[old], owners[old]), point) {
                mergedPoints.append(points[old])
                mergedOwners.append(owners[old])
                old += 1
            }
            mergedPoints.append(point.place)
            mergedOwners.append(point.node)
        }
        mergedPoints += points[old...]
        mergedOwners += owners[old...]
        nodes.append(node)
        points = mergedPoints
        owners = mergedOwners
        segments = SegmentIndex(points: points)
    }

    /// Takes the node's points off the circle.
    ///
    /// - Complexity: O(n), for n points.
    public mutating func remove(_ id: PlacementNodeID) throws(PlacementError) {
        guard let index = nodes.firstIndex(where: { $0.id == id }) else { throw .unknownNode(id) }
        guard nodes.count > 1 else { throw .noNodes }
        nodes.remove(at: index)
        var kept = 0
        for point in points.indices where owners[point] != id {
            points[kept] = points[point]
            owners[kept] = owners[point]
            kept += 1
        }
        points.removeLast(points.count - kept)
        owners.removeLast(owners.count - kept)
        segments = SegmentIndex(points: points)
    }
}
