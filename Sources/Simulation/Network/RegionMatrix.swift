import ProtocolKit

/// How far apart regions are: the round trip between each two of them. Nodes and clients are placed in turn: node 0 and
/// client 0 in the first region, node 1 and client 1 in the second, and so on round the list.
public struct RegionMatrix: Sendable, Hashable {
    /// What it is called.
    public let name: String
    /// The regions' names, in the order in which nodes are placed.
    public let regions: [String]
    /// Round trips in nanoseconds between each two regions, by row and column; what a message between two takes is half
    /// of it, beside what ``NetworkOptions/delay`` draws.
    public let roundTrips: [[UInt64]]
    /// Where the figures come from.
    public let source: String
    /// Mean of what a path takes longer than its shortest time, as a share of it.
    public let jitter: Double

    /// A matrix of its parts; it has to be square and as large as the list of regions.
    public init(name: String, regions: [String], roundTrips: [[UInt64]], source: String, jitter: Double = 0.02) {
        precondition(roundTrips.count == regions.count && roundTrips.allSatisfy { $0.count == regions.count })
        self.name = name
        self.regions = regions
        self.roundTrips = roundTrips
        self.source = source
        self.jitter = jitter
    }

    /// The region of a node or client.
    public func place(of number: Int) -> Int { number % regions.count }

    /// Shortest time of a message between two nodes or clients, in nanoseconds.
    public func delay(from: Int, to: Int) -> UInt64 { roundTrips[place(of: from)][place(of: to)] / 2 }

    /// The longest round trip in nanoseconds.
    public var longestRoundTrip: UInt64 { roundTrips.joined().max() ?? 0 }
}

extension RegionMatrix {
    /// The matrices with a name.
    public static let named = [lan, threeRegions, fiveRegions]

    /// The named matrix, or nil.
    public static func named(_ name: String) -> RegionMatrix? { named.first { $0.name == name } }

    /// One data centre: nothing is added to the network's own delay.
    public static let lan = RegionMatrix(
        name: "lan", regions: ["here"], roundTrips: [[0]], source: "one data centre: the network's own delay only")

    /// Both coasts of North America and western Europe.
    public static let threeRegions = azure("three-regions", first: 3)

    /// North America, western Europe, Japan and Brazil.
    public static let fiveRegions = azure("five-regions", first: 5)

    /// Monthly medians in milliseconds, each from the table of the region that is named first.
    private static func azure(_ name: String, first count: Int) -> RegionMatrix {
        let regions = ["east-us", "west-us-2", "west-europe", "japan-east", "brazil-south"]
        let medians: [[UInt64]] = [
            [0, 69, 90, 170, 119],
            [69, 0, 154, 100, 183],
            [90, 154, 0, 251, 186],
            [170, 100, 251, 0, 278],
            [119, 183, 186, 278, 0],
        ]
        return RegionMatrix(
            name: name, regions: Array(regions.prefix(count)),
            roundTrips: medians.prefix(count).map { row in row.prefix(count).map { .milliseconds($0) } },
            source: "Azure network round-trip latency statistics, medians of the 30 days to 19 June 2024")
    }
}
