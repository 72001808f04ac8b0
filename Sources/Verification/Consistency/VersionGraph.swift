/// A directed graph in compressed rows, and its strongly connected components.
struct VersionGraph {
    /// An edge: `from` must not lie behind `to`.
    struct Edge {
        var from: Int32
        var to: Int32
        /// What the edge rests on, in whatever numbers its maker chose.
        var earlier: Int32 = -1
        var later: Int32 = -1
    }

    let nodeCount: Int
    private(set) var edges: ContiguousArray<Edge>
    /// For each node where its edges begin in `edges`, which are sorted by their origin.
    private var starts: ContiguousArray<Int32>

    init(nodeCount: Int, edges unsorted: ContiguousArray<Edge>) {
        self.nodeCount = nodeCount
        starts = ContiguousArray(repeating: 0, count: nodeCount + 1)
        for edge in unsorted { starts[Int(edge.from) + 1] += 1 }
        for node in 0..<nodeCount { starts[node + 1] += starts[node] }
        var next = starts
        edges = unsorted
        for edge in unsorted {
            edges[Int(next[Int(edge.from)])] = edge
            next[Int(edge.from)] += 1
        }
    }

    /// The edges that leave `node`.
    @inline(__always)
    func leaving(_ node: Int) -> Range<Int> { Int(starts[node])..<Int(starts[node + 1]) }

    /// The number of each node's component (Tarjan 1972), without recursion.
    ///
    /// - Complexity: O(nodes + edges).
    func components() -> ContiguousArray<Int32> {
        var component = ContiguousArray<Int32>(repeating: -1, count: nodeCount)
        var index = ContiguousArray<Int32>(repeating: -1, count: nodeCount)
        var low = index
        var nextEdge = starts
        var stack: [Int32] = []
        var path: [Int32] = []
        var (visited, found): (Int32, Int32) = (0, 0)
        for root in 0..<nodeCount where index[root] < 0 {
            path.append(Int32(truncatingIfNeeded: root))
            while let top = path.last {
                let node = Int(top)
                if index[node] < 0 {
                    (index[node], low[node]) = (visited, visited)
                    visited += 1
                    stack.append(top)
                }
                if nextEdge[node] < starts[node + 1] {
                    let target = Int(edges[Int(nextEdge[node])].to)
                    nextEdge[node] += 1
                    if index[target] < 0 {
                        path.append(Int32(truncatingIfNeeded: target))
                    } else if component[target] < 0 {
                        low[node] = min(low[node], index[target])
                    }
                    continue
                }
                path.removeLast()
                if let parent = path.last { low[Int(parent)] = min(low[Int(parent)], low[node]) }
                if low[node] == index[node] {
                    while let member = stack.popLast() {
                        component[Int(member)] = found
                        if member == top { break }
                    }
                    found += 1
                }
            }
        }
        return component
    }

    /// The edges of a shortest way from `start` to `goal` through nodes that `isAllowed`; `nil` when there is none.
    func shortestPath(from start: Int, to goal: Int, through isAllowed: (Int) -> Bool) -> [Edge]? {
        var arrival: [Int: Int] = [:]
        var queue = [start]
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            for number in leaving(node) {
                let target = Int(edges[number].to)
                if target == goal {
                    var path = [edges[number]]
                    while Int(path[0].from) != start, let before = arrival[Int(path[0].from)] {
                        path.insert(edges[before], at: 0)
                    }
                    return path
                }
                if arrival[target] != nil || target == start || !isAllowed(target) { continue }
                arrival[target] = number
                queue.append(target)
            }
        }
        return nil
    }
}
