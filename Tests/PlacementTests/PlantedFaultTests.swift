import Testing

@testable import Placement

/// A key's hash modulo the number of nodes: even, and every change moves nearly all keys.
struct ModuloPlacement: PlacementFunction {
    struct Configuration: Sendable {}
    static var removalScope: RemovalScope { .anyNode }
    private(set) var nodes: [PlacementNode]
    var memoryBytes: Int { 16 * nodes.count }
    var shareConcentration: Double? { nil }

    init(nodes: [PlacementNode], configuration: Configuration) throws(PlacementError) {
        self.nodes = nodes
    }
    func node(forKeyHash hash: UInt64) -> PlacementNodeID { nodes[Int(hash % UInt64(nodes.count))].id }
    func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID]) {
        replicas = (0..<min(count, nodes.count)).map { nodes[(Int(hash % UInt64(nodes.count)) + $0) % nodes.count].id }
    }
    mutating func add(_ node: PlacementNode) throws(PlacementError) { nodes.append(node) }
    mutating func remove(_ id: PlacementNodeID) throws(PlacementError) { nodes.removeAll { $0.id == id } }
}

/// A ring with 40 points a node, wrong in one of several ways.
struct FaultyRing: PlacementFunction {
    enum Configuration: Sendable { case forgetsToSort, leavesPointsBehind, repeatsReplicas, placesPointsInOneHalf }
    static var removalScope: RemovalScope { .anyNode }
    private(set) var nodes: [PlacementNode]
    private var points: [(place: UInt64, owner: PlacementNodeID)]
    private let fault: Configuration
    var memoryBytes: Int { points.count * 16 }
    var shareConcentration: Double? { Double(points.count) }

    init(nodes: [PlacementNode], configuration: Configuration) throws(PlacementError) {
        self.nodes = nodes
        fault = configuration
        points = nodes.flatMap { Self.places(of: $0, configuration) }.sorted { $0.place < $1.place }
    }
    private static func places(
        of node: PlacementNode, _ fault: Configuration
    ) -> [(place: UInt64, owner: PlacementNodeID)] {
        // Every fourth node has its points in the lower half only.
        let shift: UInt64 = fault == .placesPointsInOneHalf && node.id.rawValue % 4 == 0 ? 4 : 0
        return (0..<40).map { (XXHash64.hash(node.name, seed: $0) >> shift, node.id) }
    }
    private func first(_ hash: UInt64) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle].place < hash { low = middle + 1 } else { high = middle }
        }
        return low % points.count
    }
    func node(forKeyHash hash: UInt64) -> PlacementNodeID { points[first(hash)].owner }
    func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID]) {
        replicas = []
        var index = first(hash)
        while replicas.count < min(count, nodes.count) {
            let owner = points[index % points.count].owner
            if fault == .repeatsReplicas || !replicas.contains(owner) { replicas.append(owner) }
            index += 1
        }
    }
    mutating func add(_ node: PlacementNode) throws(PlacementError) {
        nodes.append(node)
        points += Self.places(of: node, fault)
        if fault != .forgetsToSort { points.sort { $0.place < $1.place } }
    }
    mutating func remove(_ id: PlacementNodeID) throws(PlacementError) {
        nodes.removeAll { $0.id == id }
        var left = fault == .leavesPointsBehind ? 1 : 0
        points.removeAll {
            guard $0.owner == id else { return false }
            left -= 1
            return left < 0
        }
    }
}

/// Jump consistent hash with a number of the figure wrong.
struct FaultyJump: PlacementFunction {
    enum Configuration: Sendable { case halvedJump, longJump }
    static var removalScope: RemovalScope { .lastNode }
    private(set) var nodes: [PlacementNode]
    private let fault: Configuration
    var memoryBytes: Int { 16 * nodes.count }
    var shareConcentration: Double? { nil }

    init(nodes: [PlacementNode], configuration: Configuration) throws(PlacementError) {
        self.nodes = nodes
        fault = configuration
    }
    func node(forKeyHash hash: UInt64) -> PlacementNodeID {
        var key = hash
        var bucket: Int64 = -1
        var next: Int64 = 0
        while next < Int64(nodes.count) {
            bucket = next
            key = key &* 2_862_933_555_777_941_757 &+ 1
            let range: Double = fault == .halvedJump ? 1_073_741_824 : 2_147_483_648
            let from = Double(fault == .longJump ? bucket + 2 : bucket + 1)
            next = max(bucket + 1, Int64(from * (range / Double((key >> 33) + 1))))
        }
        return nodes[Int(bucket)].id
    }
    func replicas(forKeyHash hash: UInt64, count: Int, into replicas: inout [PlacementNodeID]) {
        let own = node(forKeyHash: hash)
        replicas = Array(([own] + nodes.map(\.id).filter { $0 != own }).prefix(count))
    }
    mutating func add(_ node: PlacementNode) throws(PlacementError) { nodes.append(node) }
    mutating func remove(_ id: PlacementNodeID) throws(PlacementError) { nodes.removeLast() }
}

@Suite("Planted faults in placement functions")
struct PlantedFaultTests {
    private func violations<Function: PlacementFunction>(
        _: Function.Type, _ configuration: Function.Configuration
    ) throws -> [PlacementCheck.Property] {
        var tally = LookupTally()
        return try PlacementTrial.run(
            Function.self, configuration: configuration, named: "planted", plan: .small, sink: &tally
        ).violations.map(\.property)
    }

    @Test("modulo is even, and neither monotone nor minimal")
    func modulo() throws {
        #expect(
            try violations(ModuloPlacement.self, .init())
                == [.monotoneOnAdd, .disruptionOnAdd, .monotoneOnRemove, .disruptionOnRemove])
    }

    @Test("a ring that isn't sorted after an addition is caught")
    func unsorted() throws {
        #expect(try violations(FaultyRing.self, .forgetsToSort).contains(.updateEqualsRebuild))
    }

    @Test("a point left behind by a removed node is caught")
    func leftBehind() throws {
        #expect(try violations(FaultyRing.self, .leavesPointsBehind) == [.updateEqualsRebuild])
    }

    @Test("a replica set that repeats a node is caught")
    func repeats() throws {
        #expect(try violations(FaultyRing.self, .repeatsReplicas) == [.replicasDistinct])
    }

    @Test("points that don't cover the circle are caught by the balance")
    func uneven() throws {
        #expect(try violations(FaultyRing.self, .placesPointsInOneHalf).contains(.balance))
    }

    @Test("a wrong constant in jump hash is caught by the balance")
    func wrongConstant() throws {
        #expect(try violations(FaultyJump.self, .halvedJump).contains(.balance))
        #expect(try violations(FaultyJump.self, .longJump).contains(.balance))
    }
}
