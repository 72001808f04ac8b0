/// What a trial of a placement function does.
public struct PlacementPlan: Sendable, Equatable {
    /// Nodes to begin with, 2 to 65,536.
    public var nodes: Int
    /// Their weights, repeated in turn; empty for all equal.
    public var weights: [Int]
    /// Keys placed, 1,000 to 2²⁶. Lookups go once over them for warm-up and once timed.
    public var keys: Int
    /// Lookups between two clock readings, 1 to 65,536.
    public var batch: Int
    /// Nodes asked for in a replica set, 1 to 64.
    public var replicas: Int
    /// How often building and updating are repeated; the median counts. 1 to 1,001.
    public var repetitions: Int
    /// The seed of keys, names and of the node that is removed.
    public var seed: UInt64

    /// Creates a plan.
    public init(
        nodes: Int = 10, weights: [Int] = [], keys: Int = 1_000_000, batch: Int = 64, replicas: Int = 3,
        repetitions: Int = 5, seed: UInt64 = 1
    ) {
        self.nodes = nodes
        self.weights = weights
        self.keys = keys
        self.batch = batch
        self.replicas = replicas
        self.repetitions = repetitions
        self.seed = seed
    }

    /// Checks what may have come from a person. Weights are checked by the function that gets them.
    func validate() throws(PlacementError) {
        try Self.check(nodes, in: 2...65_536, of: "nodes")
        try Self.check(keys, in: 1_000...(1 << 26), of: "keys")
        try Self.check(batch, in: 1...65_536, of: "batch")
        try Self.check(replicas, in: 1...64, of: "replicas")
        try Self.check(repetitions, in: 1...1_001, of: "repetitions")
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, of name: String) throws(PlacementError) {
        guard range.contains(value) else { throw .planOutOfRange(name: name, value: value, allowed: range) }
    }

    /// The first nodes and the one that is added later. Names carry the seed: another seed is another ring.
    var roster: (initial: [PlacementNode], newcomer: PlacementNode) {
        let all = (0...nodes).map { index in
            PlacementNode(
                id: PlacementNodeID(rawValue: UInt32(index)), name: "node-\(seed)-\(index)",
                weight: weights.isEmpty ? 1 : weights[index % weights.count])
        }
        return (Array(all.dropLast()), all[nodes])
    }
}
