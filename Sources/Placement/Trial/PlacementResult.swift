/// How many keys a change of nodes moved.
public struct PlacementDisruption: Sendable, Equatable, Codable {
    /// Keys whose node changed, of all keys placed.
    public var keysMoved: Int
    /// Keys moved, as a share of all keys.
    public var moved: Double
    /// The least share that any balanced function must move: the newcomer's fair share, or the keys of the node removed.
    public var minimum: Double
    /// Keys that moved between two nodes that were there both before and after: none need to.
    public var movedBetweenSurvivors: Int
}

/// What a trial of a placement function measured.
public struct PlacementResult: Sendable, Equatable, Codable {
    /// The function with its options, as the catalogue writes them.
    public var function: String
    /// Nodes to begin with.
    public var nodes: Int
    /// Keys placed.
    public var keys: Int
    /// Time for one lookup in nanoseconds, the mean over all.
    public var lookupNanosecondsMean: Double
    /// Time for one lookup in nanoseconds, the median over batches.
    public var lookupNanosecondsMedian: Double
    /// What reading the clock adds to each batch, in nanoseconds; not taken off.
    public var clockNanoseconds: Double
    /// Time for one set of replicas in nanoseconds, the mean over all.
    public var replicaLookupNanosecondsMean: Double
    /// Time to build from the list of nodes, in nanoseconds.
    public var buildNanoseconds: UInt64
    /// Time to add a node, in nanoseconds.
    public var addNanoseconds: UInt64
    /// Time to remove a node, in nanoseconds.
    public var removeNanoseconds: UInt64
    /// Memory of what lookups read, in bytes.
    public var memoryBytes: Int
    /// How evenly keys fell on the nodes.
    public var balance: PlacementBalance
    /// What adding a node moved.
    public var add: PlacementDisruption
    /// What removing a node moved.
    public var remove: PlacementDisruption
    /// All that the function was held to.
    public var checks: [PlacementCheck]
    /// A sum over all lookups, the same for the same function, plan and seed.
    public var checksum: UInt64

    /// Whether every check held.
    public var isUpheld: Bool { checks.allSatisfy(\.isHeld) }
    /// The checks that didn't hold.
    public var violations: [PlacementCheck] { checks.filter { !$0.isHeld } }
}
