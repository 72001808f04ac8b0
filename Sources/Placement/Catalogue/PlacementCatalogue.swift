/// The placement functions that can be asked for by name.
public enum PlacementCatalogue {
    /// All of them, in the order in which they are listed.
    public static let entries: [PlacementEntry] = [
        PlacementEntry(
            ConsistentHashRing.self, name: "ring", summary: "consistent hashing on a ring with virtual nodes",
            source: "Karger et al. 1997",
            options: [
                PlacementOption(
                    name: "vnodes", defaultValue: "160", kind: .number(1...65_536),
                    meaning: "points on the circle for each unit of a node's weight"),
                PlacementOption(
                    name: "search", defaultValue: RingSearch.segments.rawValue,
                    kind: .choice(RingSearch.allCases.map(\.rawValue)),
                    meaning: "how a lookup finds its point: by equal segments of the circle, or by halving"),
            ],
            configure: { values in
                ConsistentHashRing.Configuration(
                    virtualNodes: Int(values[0]) ?? 160, search: RingSearch(rawValue: values[1]) ?? .segments)
            }),
        PlacementEntry(
            JumpHash.self, name: "jump",
            summary: "jump consistent hash: no memory, even shares, the last node goes first",
            source: "Lamping & Veach 2014", options: [], configure: { _ in JumpHash.Configuration() }),
    ]

    /// The entry called `name`, if there is one.
    public static func entry(named name: String) -> PlacementEntry? {
        entries.first { $0.name == name }
    }
}
