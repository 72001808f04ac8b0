/// A placement function of the catalogue with its options, read from text such as `jump` or `ring[vnodes=160]`.
public struct PlacementVariant: Sendable, CustomStringConvertible {
    /// The function.
    public let entry: PlacementEntry
    /// The values of `entry.options`, in their order.
    public let values: [String]

    /// Reads a variant.
    ///
    /// - Throws: `PlacementError` that says what isn't understood.
    public init(_ text: String) throws(PlacementError) {
        let (name, assignments) = try Self.split(text)
        guard let entry = PlacementCatalogue.entry(named: name) else {
            throw .unknownFunction(name: name, known: PlacementCatalogue.entries.map(\.name))
        }
        var values = entry.options.map(\.defaultValue)
        var given = Set<Int>()
        for (option, value) in assignments {
            guard let index = entry.options.firstIndex(where: { $0.name == option }) else {
                throw .unknownOption(function: name, option: option, known: entry.options.map(\.name))
            }
            guard given.insert(index).inserted else { throw .repeatedOption(function: name, option: option) }
            guard let plain = entry.options[index].normalized(value) else {
                throw .invalidOption(
                    function: name, option: option, value: value, allowed: entry.options[index].allowed)
            }
            values[index] = plain
        }
        self.entry = entry
        self.values = values
    }

    private static func split(
        _ text: String
    ) throws(PlacementError) -> (name: String, assignments: [(option: String, value: String)]) {
        guard let bracket = text.firstIndex(of: "[") else { return (text, []) }
        guard text.last == "]" else { throw .malformed(text: text) }
        let inside = text[text.index(after: bracket)...].dropLast()
        var assignments: [(String, String)] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { throw .malformed(text: text) }
            assignments.append((String(sides[0]), String(sides[1])))
        }
        return (String(text[..<bracket]), assignments)
    }

    /// The function on `nodes`.
    ///
    /// - Throws: `PlacementError` if it can't be built on them.
    public func make(nodes: [PlacementNode]) throws(PlacementError) -> any PlacementFunction {
        try entry.make(nodes, values)
    }

    func trial(_ plan: PlacementPlan) throws(PlacementError) -> (PlacementResult, LookupTimes) {
        try entry.trial(values, description, plan)
    }

    /// The text that makes this variant: the name, and the options that differ from their defaults.
    public var description: String {
        let changed = zip(entry.options, values).filter { $0.defaultValue != $1 }.map { "\($0.name)=\($1)" }
        return changed.isEmpty ? entry.name : "\(entry.name)[\(changed.joined(separator: ","))]"
    }
}
