/// Which node: a number that its owner gives it and that it keeps as others come and go.
public struct PlacementNodeID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt32

    /// The node with this number.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// By number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// As in `n7`.
    public var description: String { "n\(rawValue)" }
}

/// A node that keys can be placed on.
public struct PlacementNode: Hashable, Sendable {
    /// Its number.
    public let id: PlacementNodeID
    /// Its name, which decides its place where a function hashes nodes: the same name, the same place, on every machine.
    public let name: String
    /// Its share of the keys, relative to the others'; 1 to 1,024.
    public let weight: Int

    /// A node called `name`, or `node-` and the number.
    public init(id: PlacementNodeID, name: String? = nil, weight: Int = 1) {
        self.id = id
        self.name = name ?? "node-\(id.rawValue)"
        self.weight = weight
    }
}
