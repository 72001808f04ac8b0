/// Why a placement function can't be made or changed as asked.
public enum PlacementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There must be a node to place keys on.
    case noNodes
    /// A node with this number is there already.
    case duplicateNode(PlacementNodeID)
    /// Two nodes can't have one name: where names are hashed, they'd have one place.
    case duplicateName(String)
    /// No node has this number.
    case unknownNode(PlacementNodeID)
    /// A weight must be in 1...1,024.
    case weightOutOfRange(PlacementNodeID, weight: Int)
    /// The function can't do this at all.
    case unsupported(function: String, operation: String)
    /// The structure would outgrow its bound.
    case tooLarge(points: Int, limit: Int)
    /// No function has this name.
    case unknownFunction(name: String, known: [String])
    /// The text isn't `name` or `name[option=value,...]`.
    case malformed(text: String)
    /// The function has no such option.
    case unknownOption(function: String, option: String, known: [String])
    /// The option was given twice.
    case repeatedOption(function: String, option: String)
    /// The option's value isn't one of those allowed.
    case invalidOption(function: String, option: String, value: String, allowed: String)
    /// A part of a trial's plan isn't in its range.
    case planOutOfRange(name: String, value: Int, allowed: ClosedRange<Int>)

    /// What is wrong, and what would be right.
    public var description: String {
        switch self {
        case .noNodes: "there must be at least one node to place keys on"
        case .duplicateNode(let id): "node \(id) is there already"
        case .duplicateName(let name): "two nodes are called '\(name)'"
        case .unknownNode(let id): "there is no node \(id)"
        case .weightOutOfRange(let id, let weight): "the weight of \(id) is \(weight); it must be in 1...1024"
        case .unsupported(let function, let operation): "\(function) can't \(operation)"
        case .tooLarge(let points, let limit): "\(points) points on the ring; there may be \(limit)"
        case .unknownFunction(let name, let known):
            "no placement function is called '\(name)'; there are \(known.joined(separator: ", "))"
        case .malformed(let text): "'\(text)' is not a placement function: write name or name[option=value,...]"
        case .unknownOption(let function, let option, let known):
            known.isEmpty
                ? "\(function) has no options, so none called '\(option)'"
                : "\(function) has no option '\(option)'; there are \(known.joined(separator: ", "))"
        case .repeatedOption(let function, let option): "option '\(option)' of \(function) is given twice"
        case .invalidOption(let function, let option, let value, let allowed):
            "option '\(option)' of \(function) is '\(value)'; it must be \(allowed)"
        case .planOutOfRange(let name, let value, let allowed):
            "\(name) is \(value); it must be in \(allowed.lowerBound)...\(allowed.upperBound)"
        }
    }
}
