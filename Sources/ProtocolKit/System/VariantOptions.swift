/// A variant of a system as people write it: `raft[batch=64,reads=lease]`.
public struct VariantOptions: Sendable, Hashable {
    /// The chosen options in the order given.
    public var values: [(name: String, value: String)]

    /// Options of name and value.
    public init(_ values: [(name: String, value: String)] = []) {
        self.values = values
    }

    /// Equal names and values in equal order.
    public static func == (left: VariantOptions, right: VariantOptions) -> Bool {
        left.values.elementsEqual(right.values) { $0 == $1 }
    }

    /// Hashes the canonical text.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }

    /// `batch=64,reads=lease`.
    public var text: String {
        values.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    }

    /// The value given for an option, or nil.
    public subscript(name: String) -> String? {
        values.last { $0.name == name }?.value
    }
}

/// A system's name and its options.
public struct Variant: Sendable, Hashable, CustomStringConvertible {
    /// The system.
    public var system: String
    /// Its options.
    public var options: VariantOptions

    /// A variant of its parts.
    public init(system: String, options: VariantOptions = VariantOptions()) {
        self.system = system
        self.options = options
    }

    /// Reads `name` or `name[option=value,...]`.
    public init(parsing text: String) throws(OptionError) {
        guard let open = text.firstIndex(of: "[") else {
            guard !text.isEmpty, !text.contains("]") else { throw .malformed(text) }
            self.init(system: text)
            return
        }
        guard text.last == "]", open != text.startIndex else { throw .malformed(text) }
        let body = text[text.index(after: open)...].dropLast()
        var values: [(name: String, value: String)] = []
        for part in body.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw .malformed(text) }
            let (name, value) = (pair[0].trimmingSpaces, pair[1].trimmingSpaces)
            guard !name.isEmpty, !value.isEmpty else { throw .malformed(text) }
            guard !values.contains(where: { $0.name == name }) else { throw .repeated(name) }
            values.append((name, value))
        }
        self.init(system: String(text[..<open]), options: VariantOptions(values))
    }

    /// `raft[batch=64]`, or `raft` without options.
    public var description: String {
        options.values.isEmpty ? system : "\(system)[\(options.text)]"
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// An option that a system has.
public struct OptionSpecification: Sendable, Hashable {
    /// What values it takes.
    public enum Kind: Sendable, Hashable {
        /// A whole number in a range.
        case integer(ClosedRange<Int>)
        /// `on` or `off`.
        case toggle
        /// One of some words.
        case choice([String])
        /// Whole numbers in a range with `/` between them, or one word.
        case list(ClosedRange<Int>, or: String)
    }

    /// Its name.
    public var name: String
    /// What values it takes.
    public var kind: Kind
    /// The value where the user gives none.
    public var defaultValue: String
    /// One line on what it does, with its unit.
    public var help: String

    /// An option of its parts.
    public init(_ name: String, _ kind: Kind, default defaultValue: String, help: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.help = help
    }

    /// The values it takes, in words.
    public var validValues: String {
        switch kind {
        case .integer(let range): "\(range.lowerBound)...\(range.upperBound)"
        case .toggle: "on, off"
        case .choice(let words): words.joined(separator: ", ")
        case .list(let range, let word):
            "\(word), or numbers \(range.lowerBound)...\(range.upperBound) with / between them"
        }
    }

    /// Whether a text is one of its values.
    public func accepts(_ text: String) -> Bool {
        switch kind {
        case .integer(let range): Int(text).map(range.contains) ?? false
        case .toggle: text == "on" || text == "off"
        case .choice(let words): words.contains(text)
        case .list(let range, let word):
            text == word
                || text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                    Int($0).map(range.contains) ?? false
                }
        }
    }
}

/// What is wrong with a variant's text.
public enum OptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not of the form `name[option=value,...]`.
    case malformed(String)
    /// An option is given twice.
    case repeated(String)
    /// The system has no such option.
    case unknownOption(String, system: String, valid: [String])
    /// The option takes other values.
    case invalidValue(option: String, value: String, valid: String)
    /// The system has no such planted fault.
    case unknownMutation(String, valid: [String])
    /// Options that don't go together, or not with the number of nodes; the text says which rule they break.
    case unsuitable(String, system: String)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .malformed(let text): "'\(text)' is not a system: write a name or name[option=value,...]"
        case .repeated(let name): "option '\(name)' is given twice"
        case .unknownOption(let name, let system, let valid):
            valid.isEmpty
                ? "\(system) has no option '\(name)'; it has none"
                : "\(system) has no option '\(name)'; it has \(valid.joined(separator: ", "))"
        case .invalidValue(let option, let value, let valid):
            "option \(option) can't be '\(value)'; valid: \(valid)"
        case .unsuitable(let reason, let system): "\(system): \(reason)"
        case .unknownMutation(let name, let valid):
            "no planted fault '\(name)'; there are \(valid.joined(separator: ", "))"
        }
    }
}

/// A user's options checked against what a system has, defaults filled in.
public struct ResolvedOptions: Sendable {
    private let values: [String: String]

    /// Checks the options and the planted fault's name.
    public init(
        _ options: VariantOptions, mutation: String? = nil, for descriptor: SystemDescriptor
    ) throws(OptionError) {
        var values: [String: String] = [:]
        for specification in descriptor.options { values[specification.name] = specification.defaultValue }
        for (name, value) in options.values {
            guard let specification = descriptor.options.first(where: { $0.name == name }) else {
                throw .unknownOption(name, system: descriptor.name, valid: descriptor.options.map(\.name))
            }
            guard specification.accepts(value) else {
                throw .invalidValue(option: name, value: value, valid: specification.validValues)
            }
            values[name] = value
        }
        if let mutation, !descriptor.mutations.contains(where: { $0.name == mutation }) {
            throw .unknownMutation(mutation, valid: descriptor.mutations.map(\.name))
        }
        self.values = values
    }

    /// The value of an option that the descriptor lists.
    public func text(_ name: String) -> String {
        guard let value = values[name] else { preconditionFailure("option \(name) is not in the descriptor") }
        return value
    }

    /// The value of an integer option.
    public func integer(_ name: String) -> Int {
        guard let value = Int(text(name)) else { preconditionFailure("option \(name) is not an integer") }
        return value
    }

    /// The numbers of a list; nil where it is the word.
    public func integers(_ name: String) -> [Int]? {
        let numbers = text(name).split(separator: "/").map { Int($0) }
        return numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }

    /// The value of a toggle.
    public func isOn(_ name: String) -> Bool {
        text(name) == "on"
    }
}
