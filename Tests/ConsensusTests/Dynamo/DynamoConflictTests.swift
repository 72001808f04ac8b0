import ByteCoding
import ProtocolKit
import Testing
import Verification
import Workload

@testable import Consensus

@Suite("Dynamo's conflicts, deletions and comparisons")
struct DynamoConflictTests {
    private func options(_ change: (inout DynamoOptions) -> Void = { _ in }) -> DynamoOptions {
        var options = DynamoOptions()
        options.antiEntropyInterval = 0
        options.hasReadRepair = false
        options.hasHints = false
        change(&options)
        return options
    }

    private func put(_ value: Bytes, seen context: Bytes = Bytes()) -> DynamoRequest {
        DynamoRequest(.put, key: "k", value: value, context: context)
    }

    private func read(_ cluster: DynamoCluster, at node: Int) -> (context: Bytes, values: Set<Bytes>) {
        guard
            case .versions(let context, let values)? = cluster.call(
                DynamoRequest(.get, key: "k", context: ""), at: node)
        else { return (Bytes(), []) }
        return (context, Set(values))
    }

    @Test("concurrent writes stay as siblings until a client that has read them writes over them")
    func siblings() {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        _ = cluster.ask(put("a"), at: 0)
        _ = cluster.ask(put("b"), at: 1)
        cluster.settle()
        let (context, values) = read(cluster, at: 2)
        #expect(values == ["a", "b"])
        _ = cluster.call(put("c"), at: 2)
        #expect(read(cluster, at: 1).values == ["a", "b", "c"])
        _ = cluster.call(put("d", seen: context), at: 0)
        #expect(read(cluster, at: 1).values == ["c", "d"])
    }

    @Test("two writes at one coordinator by clients that had seen the same are both kept")
    func sameCoordinator() {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        _ = cluster.call(put("old"), at: 0)
        let context = read(cluster, at: 0).context
        _ = cluster.call(put("a", seen: context), at: 0)
        _ = cluster.call(put("b", seen: context), at: 0)
        #expect(read(cluster, at: 1).values == ["a", "b"])
    }

    @Test("a write answers with what it leaves beside it, so that the client's next replaces its own")
    func ownWrites() {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        guard case .versions(let first, let beside)? = cluster.call(put("a"), at: 0) else {
            Issue.record("no context")
            return
        }
        #expect(beside.isEmpty)
        guard case .versions(_, let others)? = cluster.call(put("other"), at: 1) else { return }
        #expect(others == ["a"])
        _ = cluster.call(put("b", seen: first), at: 2)
        #expect(read(cluster, at: 0).values == ["other", "b"])
    }

    @Test("a deletion removes what its client had seen, and a concurrent write outlives it")
    func observedRemove() {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        _ = cluster.call(put("a"), at: 0)
        let context = read(cluster, at: 0).context
        _ = cluster.call(put("b"), at: 1)
        _ = cluster.call(DynamoRequest(.delete, key: "k", context: context), at: 2)
        #expect(read(cluster, at: 0).values == ["b"])
        #expect(cluster.call(.remove("k"), at: 0) == .integer(1))
        #expect(cluster.call(.read("k"), at: 1) == .absent)
    }

    @Test("a plain write replaces what its coordinator holds, a plain read answers the latest writer's sibling")
    func plain() {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        _ = cluster.ask(put("a"), at: 0)
        cluster.nanoseconds += 1
        _ = cluster.ask(put("b"), at: 1)
        cluster.settle()
        #expect(cluster.call(.read("k"), at: 2) == .value("b"))
        #expect(cluster.call(.set("k", "c"), at: 2) == .done)
        #expect(read(cluster, at: 0).values == ["c"])
    }

    @Test(
        "a node that has forgotten a write it hadn't synced names the next one otherwise, and loses none",
        arguments: [1, 2])
    func forgottenWrite(held: Int) throws {
        let cluster = DynamoCluster(3, options: options { $0.conflicts = .versionVectors })
        _ = cluster.ask(put("a"), at: 0)
        // The crash takes the coordinator's own copy; one replica has the write, or both.
        cluster.logs[0].removeAll()
        for _ in 0..<held { cluster.deliver(0) }
        cluster.flights.removeAll()
        cluster.stop(0)
        cluster.start(0)
        _ = cluster.call(put("b"), at: 0)
        #expect(read(cluster, at: 1).values == ["a", "b"])
    }

    @Test("last writer wins: a clock that is behind loses a later write")
    func skew() {
        let cluster = DynamoCluster(3, options: options())
        cluster.skew[1] = -50_000_000
        #expect(cluster.call(.set("k", "first"), at: 0) == .done)
        cluster.wait(.milliseconds(10))
        #expect(cluster.call(.set("k", "second"), at: 1) == .done)
        #expect(cluster.call(.read("k"), at: 2) == .value("first"))
        cluster.wait(.milliseconds(50))
        #expect(cluster.call(.set("k", "third"), at: 1) == .done)
        #expect(cluster.call(.read("k"), at: 2) == .value("third"))
    }

    @Test("replicas find and exchange just the keys that differ, among many", arguments: [3, 4_000])
    func antiEntropy(keys: Int) throws {
        let cluster = DynamoCluster(3, options: options { $0.antiEntropyInterval = .seconds(1) })
        for number in 0..<keys { _ = cluster.ask(.set(Bytes("k\(number)"), "v"), at: number % 3) }
        cluster.settle()
        cluster.nanoseconds += 1
        cluster.stop(2)
        for number in 0..<3 { #expect(cluster.call(.set(Bytes("k\(number)"), "w"), at: 0) == .done) }
        #expect(cluster.call(.set("new", "w"), at: 1) == .done)
        #expect(cluster.call(.remove("k1"), at: 1) == .integer(1))
        cluster.start(2)
        let before = cluster.logs.map(\.count)
        cluster.wait(.seconds(6))
        #expect(cluster.cell("k0", at: 2)?.newestValue == "w")
        #expect(cluster.cell("new", at: 2)?.newestValue == "w")
        #expect(cluster.cell("k1", at: 2)?.isTombstone == true)
        let states = try (0..<3).map { try #require(cluster.nodes[$0]).replicaState.digest }
        #expect(Set(states).count == 1)
        #expect(zip(before, cluster.logs).map { $1.count - $0 } == [0, 0, 4])
    }

    @Test("with fewer replicas than nodes each two compare only what they share, and end up alike", arguments: [5, 7])
    func sharedRanges(count: Int) {
        let cluster = DynamoCluster(count, options: options { $0.antiEntropyInterval = .seconds(1) })
        let keys = (0..<300).map { Bytes("k\($0)") }
        for (number, key) in keys.enumerated() {
            _ = cluster.ask(.set(key, "v"), at: cluster.preferences(key)[number % 3])
            if number % 2 == 0 { cluster.flights.removeAll() }
            cluster.settle()
        }
        cluster.wait(.seconds(UInt64(count * 3)))
        for key in keys {
            let order = cluster.preferences(key)
            for node in order.prefix(3) { #expect(cluster.cell(key, at: node)?.newestValue == "v") }
            for node in order.dropFirst(3) { #expect(cluster.cell(key, at: node) == nil) }
        }
    }

    @Test("a deletion is forgotten after its time of grace, and not brought back by a replica that still has it")
    func tombstones() throws {
        let cluster = DynamoCluster(
            3,
            options: options {
                $0.antiEntropyInterval = .seconds(1)
                $0.tombstoneGrace = .seconds(20)
            })
        #expect(cluster.call(.set("k", "v"), at: 0) == .done)
        cluster.skew[2] = -8_000_000_000
        #expect(cluster.call(.remove("k"), at: 0) == .integer(1))
        cluster.wait(.seconds(15))
        for node in 0..<3 { #expect(cluster.cell("k", at: node)?.isTombstone == true) }
        cluster.wait(.seconds(8))
        #expect((0..<3).map { cluster.cell("k", at: $0) == nil } == [true, true, false])
        cluster.wait(.seconds(10))
        for node in 0..<3 {
            #expect(cluster.cell("k", at: node) == nil)
            #expect(cluster.nodes[node]?.tombstones.count == 0)
        }
        cluster.stop(0)
        cluster.start(0)
        cluster.wait(.seconds(3))
        #expect(cluster.cell("k", at: 0) == nil)
        #expect(cluster.call(.read("k"), at: 1) == .absent)
    }

    @Test("a key with too many siblings refuses a write that doesn't replace any")
    func siblingLimit() {
        let cluster = DynamoCluster(1, options: options { $0.conflicts = .versionVectors })
        for number in 0..<DynamoLimits.siblings { _ = cluster.call(put(Bytes("\(number)")), at: 0) }
        let (context, values) = read(cluster, at: 0)
        #expect(values.count == DynamoLimits.siblings)
        #expect(cluster.call(put("more"), at: 0)?.refusal != nil)
        #expect(cluster.call(put("one", seen: context), at: 0)?.refusal == nil)
        #expect(read(cluster, at: 0).values == ["one"])
    }
}
