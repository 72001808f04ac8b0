import Harness
import Yams

extension GateCheckReader {
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
