/// Something that a placement function was held to.
public struct PlacementCheck: Sendable, Equatable, Codable {
    /// What was checked.
    public enum Property: String, Sendable, CaseIterable, Codable {
        /// Every key is on a node that is there.
        case membership
        /// χ² of the keys by node, the function's stated unevenness taken out, within chance.
        case balance
        /// Keys that moved to anywhere but the node that was added.
        case monotoneOnAdd
        /// Keys that moved though their node stayed, when another was removed.
        case monotoneOnRemove
        /// Keys moved when a node was added, against the newcomer's fair share and chance.
        case disruptionOnAdd
        /// Keys moved when a node was removed, against the keys that it had.
        case disruptionOnRemove
        /// Keys that an updated function places elsewhere than one that is built anew from the same nodes.
        case updateEqualsRebuild
        /// Replica sets that name a node twice.
        case replicasDistinct
        /// Replica sets of another size than asked, or the number of nodes if that's smaller.
        case replicasComplete
        /// Replica sets that don't begin with the key's own node.
        case replicasLedByPrimary
    }

    /// What was checked.
    public var property: Property
    /// What was measured.
    public var measured: Double
    /// The most that it may be.
    public var bound: Double
    /// Whether it is.
    public var isHeld: Bool { measured <= bound }
}
