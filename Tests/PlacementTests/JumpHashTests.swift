import Testing
import Workload

@testable import Placement

@Suite("Jump consistent hash")
struct JumpHashTests {
    @Test("agrees with the values that other implementations publish for keys 0 to 19 in 100 buckets")
    func golden() {
        let golden = [0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83]
        #expect((0..<20).map { JumpHash.bucket(of: UInt64($0), among: 100) } == golden)
    }

    @Test(
        "agrees with further published values",
        arguments: [
            (10_863_919_174_838_991, 11, 6), (2_016_238_256_797_177_309, 11, 3), (1_673_758_223_894_951_030, 11, 5),
            (2, 100_001, 80_343), (2201, 100_001, 22_152), (2202, 100_001, 15_018), (42, 57, 43), (0xDEAD_10CC, 1, 0),
            (0xDEAD_10CC, 666, 361), (256, 1024, 520),
        ] as [(UInt64, Int, Int)])
    func published(key: UInt64, buckets: Int, expected: Int) {
        #expect(JumpHash.bucket(of: key, among: buckets) == expected)
    }

    @Test("only the last node can go")
    func removal() throws {
        var jump = try JumpHash(nodes: someNodes(4))
        #expect(throws: PlacementError.unsupported(function: "jump", operation: "remove a node other than the last")) {
            try jump.remove(PlacementNodeID(rawValue: 1))
        }
        try jump.remove(PlacementNodeID(rawValue: 3))
        #expect(jump.nodes == someNodes(3))
    }

    @Test("nodes can't differ in weight")
    func weights() throws {
        let heavy = PlacementNode(id: PlacementNodeID(rawValue: 9), weight: 2)
        #expect(throws: PlacementError.self) { try JumpHash(nodes: someNodes(2) + [heavy]) }
        var jump = try JumpHash(nodes: someNodes(2))
        #expect(throws: PlacementError.self) { try jump.add(heavy) }
        #expect(jump.nodes.count == 2)
    }

    @Test("asks for as many replicas as nodes end with all of them", arguments: [1, 2, 5, 40])
    func allReplicas(nodes: Int) throws {
        let jump = try JumpHash(nodes: someNodes(nodes))
        var replicas: [PlacementNodeID] = []
        for key in 0..<200 {
            jump.replicas(forKeyHash: XXHash64.hash(UInt64(key)), count: nodes + 3, into: &replicas)
            #expect(replicas.sorted().map(\.rawValue) == (0..<UInt32(nodes)).map { $0 })
        }
    }
}

/// Nodes numbered from 0.
func someNodes(_ count: Int) -> [PlacementNode] {
    (0..<count).map { PlacementNode(id: PlacementNodeID(rawValue: UInt32($0))) }
}
