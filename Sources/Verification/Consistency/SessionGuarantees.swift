/// Judges the four session guarantees of Terry et al. (PDIS 1994), key by key.
///
/// They speak of an order of a key's writes that the store has and the history does not tell. So the history is good when
/// there is *some* order of the writes in which every session moves only forwards: what it writes or sees is never older
/// than what it had written or seen. Where the values tell which write was seen, each session gives edges between
/// versions (``SessionEdges``), and such an order exists exactly when no two versions lie in one strongly connected
/// component. Elsewhere, and where a compare-and-set succeeded, the history of the key must be sequentially consistent by
/// itself, which is the same, and which a bounded search decides (``SequentialSearch``).
///
/// Key by key means that nothing is asked about writes of *different* keys. Real time plays no part beyond this: nothing
/// is seen before its write began (``NoThinAir``).
enum SessionGuarantees {
    static func judge(
        _ group: KeyGroup, deadline: ContinuousClock.Instant, memoBytes: Int
    ) -> KeyJudgement {
        if case .violated(let reason, let window) = NoThinAir.judge(group) {
            return .violated(reason: reason, window: window)
        }
        let versions = KeyVersions(group)
        if let contradiction = contradiction(group, versions) { return contradiction }
        if versions.isComplete, !versions.hasNeighbours { return .holds }
        var search = SequentialSearch(SequentialHistory([group]), deadline: deadline, memoBytes: memoBytes)
        return search.judge()
    }

    /// A violation when the sessions' edges contradict each other.
    static func contradiction(_ group: KeyGroup, _ versions: KeyVersions) -> KeyJudgement? {
        let order = SessionEdges.order(group)
        guard cycle(group, versions, order, .all) != nil else { return nil }
        // The fewest guarantees that are enough for a contradiction name it; writes are ordered by the last two.
        let writes: SessionGuarantee = [.monotonicWrites, .writesFollowReads]
        let suspects: [(SessionGuarantee, String)] = [
            (.monotonicWrites, "monotonic writes"), (writes, "writes follow reads"),
            (writes.union(.readYourWrites), "read your writes"), (writes.union(.monotonicReads), "monotonic reads"),
            (.all, "read your writes and monotonic reads together"),
        ]
        for (guarantees, name) in suspects {
            guard let cycle = cycle(group, versions, order, guarantees) else { continue }
            return .violated(
                reason: "\(name): the sessions contradict each other about the order of the key's values",
                window: cycle.map { group[$0] })
        }
        return nil
    }

    /// The positions of the operations on a circle of versions, or `nil` when there is none.
    private static func cycle(
        _ group: KeyGroup, _ versions: KeyVersions, _ order: [Int32], _ guarantees: SessionGuarantee
    ) -> [Int]? {
        let edges = SessionEdges(group, versions, order: order, guarantees: guarantees)
        let graph = VersionGraph(nodeCount: edges.nodeCount, edges: edges.edges)
        let component = graph.components()
        var first = ContiguousArray<Int32>(repeating: -1, count: graph.nodeCount)
        for version in versions.writer.indices {
            let number = Int(component[version])
            if first[number] < 0 {
                first[number] = Int32(truncatingIfNeeded: version)
                continue
            }
            let inside = { (node: Int) in component[node] == component[version] }
            let start = Int(first[number])
            guard let there = graph.shortestPath(from: start, to: version, through: inside),
                let back = graph.shortestPath(from: version, to: start, through: inside)
            else { preconditionFailure("a component's members reach each other") }
            let operations = (there + back).flatMap { [$0.earlier, $0.later] }
            let writers = (there + back).compactMap { edge -> Int32? in
                Int(edge.from) < versions.writer.count ? versions.writer[Int(edge.from)] : nil
            }
            return (operations + writers).filter { $0 >= 0 }.map { Int($0) }
        }
        return nil
    }
}
