/// Which node has each key.
struct PlacementOwners {
    let ids: [PlacementNodeID]

    init<Function: PlacementFunction>(_ function: Function, _ keyHashes: [UInt64]) {
        ids = keyHashes.map { function.node(forKeyHash: $0) }
    }

    /// Keys on each of `nodes`, in their order.
    func count(by nodes: [PlacementNode]) -> [Int] {
        var places: [PlacementNodeID: Int] = [:]
        for (place, node) in nodes.enumerated() { places[node.id] = place }
        var counts = [Int](repeating: 0, count: nodes.count)
        for id in ids {
            if let place = places[id] { counts[place] += 1 }
        }
        return counts
    }

    /// Keys on a node that isn't one of `nodes`.
    func strangers(to nodes: [PlacementNode]) -> Int {
        let members = Set(nodes.map(\.id))
        return ids.count { !members.contains($0) }
    }
}

/// What a change of nodes did to the keys.
struct Change {
    private(set) var moved = 0
    private(set) var betweenSurvivors = 0
    private(set) var fromLeaver = 0

    init(from before: PlacementOwners, to after: PlacementOwners, newcomer: PlacementNode?, leaver: PlacementNode?) {
        for (old, new) in zip(before.ids, after.ids) {
            if old == leaver?.id { fromLeaver += 1 }
            guard old != new else { continue }
            moved += 1
            if old != leaver?.id, new != newcomer?.id { betweenSurvivors += 1 }
        }
    }

    func disruption(keys: Double, minimum: Double) -> PlacementDisruption {
        PlacementDisruption(
            keysMoved: moved, moved: Double(moved) / keys, minimum: minimum, movedBetweenSurvivors: betweenSurvivors)
    }
}

/// What replica sets must be.
struct ReplicaAudit {
    private var repeated = 0
    private var wrongSize = 0
    private var wrongLeader = 0
    private(set) var nanosecondsMean: Double

    init<Function: PlacementFunction>(
        _ function: Function, keyHashes: [UInt64], owners: PlacementOwners, count: Int
    ) {
        var replicas: [PlacementNodeID] = []
        replicas.reserveCapacity(count)
        // A sample: each set is judged in quadratic time.
        let sample = keyHashes.prefix(100_000)
        let start = monotonicNanoseconds()
        var checksum: UInt64 = 0
        for hash in sample {
            function.replicas(forKeyHash: hash, count: count, into: &replicas)
            checksum &+= UInt64(replicas.last?.rawValue ?? 0)
        }
        nanosecondsMean = Double(monotonicNanoseconds() - start) / Double(sample.count)
        let expected = min(count, function.nodes.count)
        for (index, hash) in sample.enumerated() {
            function.replicas(forKeyHash: hash, count: count, into: &replicas)
            if Set(replicas).count != replicas.count { repeated += 1 }
            if replicas.count != expected { wrongSize += 1 }
            if replicas.first != owners.ids[index] { wrongLeader += 1 }
        }
    }

    var checks: [PlacementCheck] {
        [
            PlacementCheck(property: .replicasDistinct, measured: Double(repeated), bound: 0),
            PlacementCheck(property: .replicasComplete, measured: Double(wrongSize), bound: 0),
            PlacementCheck(property: .replicasLedByPrimary, measured: Double(wrongLeader), bound: 0),
        ]
    }
}
