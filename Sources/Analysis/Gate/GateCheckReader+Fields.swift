import Harness
import Yams

extension GateCheckReader {
    /// A share between 0 and 1; nil where the key is not there.
    func share(_ key: String) throws(ScenarioError) -> Double? {
        guard let text = try single(key) else { return nil }
        guard let share = Self.share(text.value), share > 0, share < 1 else {
            throw ScenarioError("\(key) can't be '\(text.value)': a share such as 2% or 0.02", at: text.place)
        }
        return share
    }

    /// How long a comparison goes on: a time or a number of blocks; nil where neither is said.
    func length() throws(ScenarioError) -> PairedDesign.Length? {
        let blocks = try single("blocks")
        if let text = try single("budget") {
            guard blocks == nil else {
                throw ScenarioError("budget: and blocks: exclude each other", at: text.place)
            }
            guard let budget = Quantity.duration(text.value), budget >= 1_000_000_000 else {
                throw ScenarioError("budget can't be '\(text.value)': a time such as 5m, 1s or more", at: text.place)
            }
            return .time(nanoseconds: budget)
        }
        guard let blocks else { return nil }
        guard let count = Quantity.count(blocks.value), (1...PairedDesign.mostBlocks).contains(count) else {
            throw ScenarioError(
                "blocks can't be '\(blocks.value)': 1 to \(PairedDesign.mostBlocks), of which 30 are usual",
                at: blocks.place)
        }
        return .blocks(count)
    }

    func seeds() throws(ScenarioError) -> ClosedRange<UInt64>? {
        guard let text = try single("seeds") else { return nil }
        let parts = text.value.split(separator: "..", omittingEmptySubsequences: false).map { UInt64($0) }
        guard parts.count <= 2, let first = parts.first ?? nil, let last = parts.last ?? nil, first <= last,
            last - first < ExactCheck.mostSeeds
        else {
            throw ScenarioError(
                "seeds can't be '\(text.value)': a number or a range of at most \(ExactCheck.mostSeeds), as 1..20",
                at: text.place)
        }
        return first...last
    }

    func operations() throws(ScenarioError) -> Int? {
        guard let text = try single("operations") else { return nil }
        guard let count = Quantity.count(text.value), (1...100_000).contains(count) else {
            throw ScenarioError("operations can't be '\(text.value)': 1 to 100000 of each seed", at: text.place)
        }
        return count
    }

    func missing(_ key: String, _ what: String) -> ScenarioError {
        ScenarioError("\(key): is missing; it is \(what)", at: place)
    }

    /// A plain value or a list of such; empty where the key is not there.
    func strings(_ name: String) throws(ScenarioError) -> [Placed<String>] {
        guard let (key, node) = pairs.first(where: { $0.key.value == name }) else { return [] }
        var values: [Placed<String>] = []
        for item in node.sequence.map(Array.init) ?? [node] {
            guard let text = item.scalar?.string, !text.isEmpty else {
                throw ScenarioError("\(name) must be a plain value or a list of such", at: key.place)
            }
            values.append(Placed(text, at: file.yaml.place(item)))
        }
        guard !values.isEmpty else { throw ScenarioError("\(name) is an empty list", at: key.place) }
        return values
    }

    func single(_ name: String) throws(ScenarioError) -> Placed<String>? {
        let values = try strings(name)
        guard values.count <= 1 else { throw ScenarioError("\(name) takes one value", at: values[1].place) }
        return values.first
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// `2%` or `0.02`.
    static func share(_ text: String) -> Double? {
        text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
    }
}
