/// Where a setting was written.
public enum ScenarioPlace: Sendable, Hashable, CustomStringConvertible {
    /// In a file; line and column count from 1.
    case file(path: String, line: Int, column: Int)
    /// On the command line, as this flag or argument.
    case commandLine(String)
    /// Nowhere: the built-in default.
    case builtIn

    /// `consensus.yaml:7:5`, `--clients`, `default`.
    public var description: String {
        switch self {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .commandLine(let flag): flag
        case .builtIn: "default"
        }
    }
}

/// A value and where it was written, so that a later check can name the place.
public struct Placed<Value: Sendable>: Sendable {
    /// The value.
    public var value: Value
    /// Where it was written.
    public var place: ScenarioPlace

    /// A value from a place.
    public init(_ value: Value, at place: ScenarioPlace) {
        self.value = value
        self.place = place
    }

    /// The value made into another, at the same place.
    func map<Other: Sendable, Failure: Error>(
        _ transform: (Value) throws(Failure) -> Other
    ) throws(Failure) -> Placed<Other> {
        Placed<Other>(try transform(value), at: place)
    }
}

extension Placed: Equatable where Value: Equatable {}

/// What is wrong with a scenario, where, and what would be right.
public struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where.
    public let place: ScenarioPlace
    /// What is wrong and what would be right.
    public let reason: String

    /// An error at a place.
    public init(_ reason: String, at place: ScenarioPlace) {
        self.place = place
        self.reason = reason
    }

    /// `consensus.yaml:7:5: no key 'cleints' here; did you mean 'clients'? ...`
    public var description: String { "\(place): \(reason)" }
}
