import ProtocolKit

/// What is wrong with a region matrix's text.
public struct RegionMatrixError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The line, from 1; nil where the whole is meant.
    public let line: Int?
    /// What is wrong and what would be right.
    public let reason: String
    /// The line and the reason.
    public var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}

extension RegionMatrix {
    /// Most regions of a matrix.
    public static let mostRegions = 64
    /// Longest round trip.
    public static let longest = UInt64.seconds(60)

    /// Reads a matrix: a line for each two regions, `paris tokyo: 225ms`, in any order; regions are placed in the order
    /// in which they come up. A region's round trip within itself is 0 unless a line says otherwise; `#` begins a
    /// comment. The form is YAML's, a mapping of pairs to times.
    ///
    /// - Throws: ``RegionMatrixError`` with the line.
    public init(parsing text: String, name: String) throws(RegionMatrixError) {
        var regions: [String] = []
        var pairs: [(a: Int, b: Int, time: UInt64)] = []
        func place(_ region: String) -> Int {
            if let known = regions.firstIndex(of: region) { return known }
            regions.append(region)
            return regions.count - 1
        }
        for (position, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = position + 1
            guard let (a, b, time) = try Self.pair(in: line, number) else { continue }
            let pair = (place(a), place(b))
            if pairs.contains(where: { ($0.a, $0.b) == pair || ($0.b, $0.a) == pair }) {
                throw RegionMatrixError(line: number, reason: "'\(a) \(b)' is given twice")
            }
            pairs.append((pair.0, pair.1, time))
            guard regions.count <= Self.mostRegions else {
                throw RegionMatrixError(line: number, reason: "more than \(Self.mostRegions) regions")
            }
        }
        guard regions.count > 1 else {
            throw RegionMatrixError(line: nil, reason: "at least two regions are needed: write 'paris tokyo: 225ms'")
        }
        var table = Array(repeating: [UInt64?](repeating: nil, count: regions.count), count: regions.count)
        for index in regions.indices { table[index][index] = 0 }
        for pair in pairs {
            table[pair.a][pair.b] = pair.time
            table[pair.b][pair.a] = pair.time
        }
        var rows: [[UInt64]] = []
        for a in regions.indices {
            var row: [UInt64] = []
            for b in regions.indices {
                guard let time = table[a][b] else {
                    throw RegionMatrixError(line: nil, reason: "'\(regions[a]) \(regions[b])' is missing")
                }
                row.append(time)
            }
            rows.append(row)
        }
        self.init(name: name, regions: regions, roundTrips: rows, source: "given")
    }

    private static func pair(
        in line: Substring, _ number: Int
    ) throws(RegionMatrixError) -> (String, String, UInt64)? {
        let bare = line.prefix { $0 != "#" }.filter { $0 != "\r" && $0 != "\"" && $0 != "'" }
        guard bare.contains(where: { $0 != " " && $0 != "\t" }) else { return nil }
        let halves = bare.split(separator: ":", omittingEmptySubsequences: false)
        let names = halves[0].split { $0 == " " || $0 == "\t" }
        guard halves.count == 2, names.count == 2 else {
            throw RegionMatrixError(line: number, reason: "write two regions and a time: 'paris tokyo: 225ms'")
        }
        let word = halves[1].filter { $0 != " " && $0 != "\t" }
        guard let time = DurationText.read(word), time <= longest else {
            throw RegionMatrixError(
                line: number, reason: "'\(word)' isn't a round trip of at most 60s, such as 225ms or 1.5s")
        }
        return (String(names[0]), String(names[1]), time)
    }
}
