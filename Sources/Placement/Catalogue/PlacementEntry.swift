/// An option of a placement function.
public struct PlacementOption: Sendable, Equatable {
    /// What it takes.
    public enum Kind: Sendable, Equatable {
        /// A whole number in a range.
        case number(ClosedRange<Int>)
        /// One of some words.
        case choice([String])
    }

    /// As written in `name[option=value]`.
    public let name: String
    /// The value when it isn't given.
    public let defaultValue: String
    /// What it takes.
    public let kind: Kind
    /// What it does.
    public let meaning: String

    /// The value in its plain form, or nil if it isn't allowed.
    func normalized(_ value: String) -> String? {
        switch kind {
        case .number(let range):
            guard let number = Int(value), range.contains(number) else { return nil }
            return String(number)
        case .choice(let words):
            return words.contains(value) ? value : nil
        }
    }

    /// What is allowed, for a message.
    var allowed: String {
        switch kind {
        case .number(let range): "a whole number in \(range.lowerBound)...\(range.upperBound)"
        case .choice(let words): words.joined(separator: " or ")
        }
    }
}

/// A placement function in the catalogue.
public struct PlacementEntry: Sendable {
    /// As written in a scenario.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// Where it was published.
    public let source: String
    /// What can be set.
    public let options: [PlacementOption]
    /// Which nodes can be removed.
    public let removalScope: RemovalScope

    let make: @Sendable ([PlacementNode], [String]) throws(PlacementError) -> any PlacementFunction
    // Formed where the function's type is known, so that lookups are compiled for it.
    let trial: @Sendable ([String], String, PlacementPlan) throws(PlacementError) -> (PlacementResult, LookupTimes)

    init<Function: PlacementFunction>(
        _: Function.Type, name: String, summary: String, source: String, options: [PlacementOption],
        configure: @escaping @Sendable ([String]) -> Function.Configuration
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.options = options
        removalScope = Function.removalScope
        make = { (nodes, values) throws(PlacementError) in
            try Function(nodes: nodes, configuration: configure(values))
        }
        trial = { (values, name, plan) throws(PlacementError) in
            try PlacementTrial.execute(Function.self, configure(values), name: name, plan: plan)
        }
    }
}
