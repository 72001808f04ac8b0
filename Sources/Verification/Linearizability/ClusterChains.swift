/// Clusters tied together by compare-and-sets: each success follows directly on the value that it replaced.
enum ClusterChains {
    /// Every effective cluster, in chains from first value to last; the first chain starts with the initial value.
    case chains([[Int]])
    /// A cluster whose write expected a value that was never there.
    case neverWritten(Int, expected: UInt64)
    /// A cluster that two others replaced.
    case replacedTwice(Int, by: Int, and: Int)
    /// Part of a chain whose last cluster ended before its first began.
    case outOfOrder([Int])
    /// Clusters that replace each other in a circle, with no first one.
    case circular([Int])

    init(
        clusters: ContiguousArray<ZoneCheck.Cluster>, replaced: [(cluster: Int, value: UInt64)], numbers: ValueTable
    ) {
        var predecessor = ContiguousArray<Int32>(repeating: Self.none, count: clusters.count)
        for (cluster, value) in replaced {
            predecessor[cluster] = numbers.number(of: value).map { Int32(truncatingIfNeeded: $0) } ?? Self.missing
        }
        let isEffective = Self.effective(clusters, predecessor)
        var successor = ContiguousArray<Int32>(repeating: Self.none, count: clusters.count)
        for (cluster, value) in replaced where isEffective[cluster] {
            let before = Int(predecessor[cluster])
            if before < 0 {
                self = .neverWritten(cluster, expected: value)
                return
            }
            if successor[before] >= 0 {
                self = .replacedTwice(before, by: Int(successor[before]), and: cluster)
                return
            }
            successor[before] = Int32(truncatingIfNeeded: cluster)
        }
        self = Self.walk(clusters, isEffective, predecessor, successor)
    }

    private static let none: Int32 = -1
    private static let missing: Int32 = -2

    /// A cluster is effective if something definite shows that its write happened, be it only a later link.
    private static func effective(
        _ clusters: ContiguousArray<ZoneCheck.Cluster>, _ predecessor: ContiguousArray<Int32>
    ) -> [Bool] {
        var isEffective = clusters.map { $0.firstReturn != .max }
        isEffective[0] = true
        for start in clusters.indices where clusters[start].firstReturn != .max {
            var before = Int(predecessor[start])
            while before >= 0, !isEffective[before] {
                isEffective[before] = true
                before = Int(predecessor[before])
            }
        }
        return isEffective
    }

    private static func walk(
        _ clusters: ContiguousArray<ZoneCheck.Cluster>, _ isEffective: [Bool],
        _ predecessor: ContiguousArray<Int32>, _ successor: ContiguousArray<Int32>
    ) -> ClusterChains {
        var chains: [[Int]] = []
        var isVisited = [Bool](repeating: false, count: clusters.count)
        for head in clusters.indices where isEffective[head] && predecessor[head] < 0 {
            var chain: [Int] = []
            var latest: UInt64 = 0
            var current = head
            while current >= 0 {
                chain.append(current)
                isVisited[current] = true
                if clusters[current].firstReturn < latest {
                    let end = clusters[current].firstReturn
                    let start = chain.dropLast().lastIndex { clusters[$0].lastInvoked > end } ?? 0
                    return .outOfOrder(Array(chain[start...]))
                }
                latest = max(latest, clusters[current].lastInvoked)
                current = Int(successor[current])
            }
            chains.append(chain)
        }
        if let start = clusters.indices.first(where: { isEffective[$0] && !isVisited[$0] }) {
            var circle = [start]
            while Int(successor[circle.last!]) != start { circle.append(Int(successor[circle.last!])) }
            return .circular(circle)
        }
        return .chains(chains)
    }
}
