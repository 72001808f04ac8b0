import Testing
import Workload

@testable import Placement

@Suite("Consistent hashing on a ring")
struct ConsistentHashRingTests {
    /// What the paper says, with no index: the owner of the nearest point going round.
    private func nearest(_ nodes: [PlacementNode], virtualNodes: Int, hash: UInt64) -> PlacementNodeID {
        var best: (distance: UInt64, id: PlacementNodeID)?
        for node in nodes {
            for seed in 0..<virtualNodes * node.weight {
                let distance = XXHash64.hash(node.name, seed: UInt64(seed)) &- hash
                if best.map({ (distance, node.id) < ($0.distance, $0.id) }) ?? true { best = (distance, node.id) }
            }
        }
        return best!.id
    }

    @Test("a key is on the node of the next point", arguments: RingSearch.allCases, [1, 3, 40])
    func nextPoint(search: RingSearch, virtualNodes: Int) throws {
        var nodes = someNodes(6)
        nodes[2] = PlacementNode(id: nodes[2].id, weight: 3)
        let ring = try ConsistentHashRing(
            nodes: nodes, configuration: .init(virtualNodes: virtualNodes, search: search))
        var generator = SeededGenerator(seed: 3)
        for hash in [0, 1, .max] + (0..<300).map({ _ in generator.next() }) {
            #expect(
                ring.node(forKeyHash: hash) == nearest(nodes, virtualNodes: virtualNodes, hash: hash), "hash \(hash)")
        }
    }

    @Test("both searches find the first point at or after a hash", arguments: [1, 2, 3, 7, 64, 1_000])
    func searches(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let points = ((0..<count).map { _ in generator.next() } + [0, 0, .max]).sorted()
        let index = SegmentIndex(points: points)
        let probes = points + points.map { $0 &+ 1 } + points.map { $0 &- 1 } + (0..<200).map { _ in generator.next() }
        for probe in probes {
            let expected = points.firstIndex { $0 >= probe } ?? points.count
            #expect(index.firstIndex(atLeast: probe, in: points) == expected)
            #expect(BranchlessSearch.firstIndex(atLeast: probe, in: points) == expected)
        }
    }

    @Test("neither the order of arrival nor what has come and gone matters")
    func history() throws {
        let nodes = someNodes(8)
        let straight = try ConsistentHashRing(nodes: nodes)
        var winding = try ConsistentHashRing(nodes: [nodes[5], PlacementNode(id: PlacementNodeID(rawValue: 77))])
        for index in [7, 0, 3, 6] { try winding.add(nodes[index]) }
        try winding.remove(PlacementNodeID(rawValue: 77))
        for index in [1, 4, 2] { try winding.add(nodes[index]) }
        for key in 0..<2_000 {
            let hash = XXHash64.hash(UInt64(key))
            #expect(winding.node(forKeyHash: hash) == straight.node(forKeyHash: hash))
        }
        #expect(winding.memoryBytes > 0)
    }

    @Test("replicas are the next distinct nodes, and a removed node's place is taken by the next")
    func replicas() throws {
        var ring = try ConsistentHashRing(nodes: someNodes(5), configuration: .init(virtualNodes: 20))
        let full = ring
        try ring.remove(PlacementNodeID(rawValue: 2))
        var before: [PlacementNodeID] = []
        var after: [PlacementNodeID] = []
        for key in 0..<500 {
            let hash = XXHash64.hash(UInt64(key))
            full.replicas(forKeyHash: hash, count: 5, into: &before)
            ring.replicas(forKeyHash: hash, count: 9, into: &after)
            #expect(before.count == 5 && before.first == full.node(forKeyHash: hash))
            #expect(after == before.filter { $0.rawValue != 2 })
        }
        full.replicas(forKeyHash: 1, count: 0, into: &before)
        #expect(before.isEmpty)
    }

    @Test("what can't be is refused, and nothing has changed")
    func errors() throws {
        let nodes = someNodes(2)
        #expect(throws: PlacementError.noNodes) { try ConsistentHashRing(nodes: []) }
        #expect(throws: PlacementError.duplicateNode(nodes[0].id)) {
            try ConsistentHashRing(nodes: [nodes[0], nodes[0]])
        }
        #expect(throws: PlacementError.weightOutOfRange(nodes[0].id, weight: 0)) {
            try ConsistentHashRing(nodes: [PlacementNode(id: nodes[0].id, weight: 0)])
        }
        var ring = try ConsistentHashRing(nodes: nodes)
        #expect(throws: PlacementError.duplicateName("node-1")) {
            try ring.add(PlacementNode(id: PlacementNodeID(rawValue: 5), name: "node-1"))
        }
        #expect(throws: PlacementError.unknownNode(PlacementNodeID(rawValue: 5))) {
            try ring.remove(PlacementNodeID(rawValue: 5))
        }
        #expect(throws: PlacementError.tooLarge(points: (1_024 + 2) * 65_536, limit: 1 << 26)) {
            var wide = try ConsistentHashRing(nodes: nodes, configuration: .init(virtualNodes: 65_536))
            try wide.add(PlacementNode(id: PlacementNodeID(rawValue: 6), weight: 1_024))
        }
        try ring.remove(nodes[0].id)
        #expect(throws: PlacementError.noNodes) { try ring.remove(nodes[1].id) }
        #expect(ring.nodes == [nodes[1]])
        #expect(ring.node(forKeyHash: 0) == nodes[1].id)
    }
}
