/// Which keys a client asks for.
///
/// Each has a text form, the same on the command line, in a scenario and in a record.
public enum KeyDistribution: Hashable, Sendable {
    /// `uniform`: every key equally likely.
    case uniform
    /// `zipfian:0.99`: key frequencies fall as rank⁻ᶿ, as in YCSB. Scrambled, the popular keys are spread over the key
    /// space as YCSB's `ScrambledZipfianGenerator` does; `zipfian:0.99,ranked` leaves key 0 the most popular.
    case zipfian(theta: Double, scrambled: Bool)
    /// `hotspot:0.2,0.8`: the first 0.2 of the keys get 0.8 of the operations (YCSB's `HotspotIntegerGenerator`).
    case hotspot(fraction: Double, share: Double)
    /// `latest:0.99`: zipfian counted backwards from the newest key (YCSB's `SkewedLatestGenerator`).
    case latest(theta: Double)
    /// `sequential`: key after key, round and round; with several clients they share the keys out between them.
    case sequential
    /// `single`: one key takes everything.
    case single
    /// `conflict:10`: with 10 % the one shared key, else a key private to the client (Ailijiang, Charapko, Demirbas,
    /// "Dissecting the performance of strongly-consistent replication protocols", SIGMOD 2019, section 3.2).
    case conflict(percent: Double)

    /// YCSB's exponent.
    public static let defaultTheta = 0.99

    /// The text forms, for messages and help.
    public static let validForms = [
        "uniform", "zipfian:0.99", "zipfian:0.99,ranked", "hotspot:0.2,0.8", "latest:0.99", "sequential", "single",
        "conflict:10",
    ]

    /// Reads a text form. A parameter left out takes YCSB's default (`zipfian`, `latest`: 0.99; `hotspot`: 0.2,0.8).
    ///
    /// Throws `WorkloadError.unreadable` with the valid forms.
    public init(parsing text: String) throws(WorkloadError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let arguments =
            parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init) : []
        guard let made = try Self.make(name: String(parts[0]), arguments: arguments, text: text) else {
            throw Self.unreadable(text, "no such key distribution")
        }
        self = made
    }

    private static func make(
        name: String, arguments: [String], text: String
    ) throws(WorkloadError) -> KeyDistribution? {
        func number(_ index: Int, default fallback: Double?, _ valid: (Double) -> Bool, _ rule: String)
            throws(WorkloadError) -> Double
        {
            guard index < arguments.count else {
                guard let fallback else { throw unreadable(text, "a number is missing (\(rule))") }
                return fallback
            }
            guard let value = Double(arguments[index]), valid(value) else {
                throw unreadable(text, "'\(arguments[index])' is not \(rule)")
            }
            return value
        }
        func atMost(_ count: Int) throws(WorkloadError) {
            if arguments.count > count { throw unreadable(text, "too many parameters") }
        }
        let open = { (x: Double) in x > 0 && x < 1 }
        switch name {
        case "uniform", "sequential", "single":
            try atMost(0)
            return name == "uniform" ? .uniform : name == "single" ? .single : .sequential
        case "zipfian":
            try atMost(2)
            if arguments.count == 2, arguments[1] != "ranked" {
                throw unreadable(text, "'\(arguments[1])' is not 'ranked'")
            }
            let theta = try number(0, default: defaultTheta, open, "an exponent between 0 and 1")
            return .zipfian(theta: theta, scrambled: arguments.count < 2)
        case "latest":
            try atMost(1)
            return .latest(theta: try number(0, default: defaultTheta, open, "an exponent between 0 and 1"))
        case "hotspot":
            try atMost(2)
            return .hotspot(
                fraction: try number(0, default: 0.2, { $0 > 0 && $0 <= 1 }, "a fraction of the keys in (0, 1]"),
                share: try number(
                    1, default: arguments.isEmpty ? 0.8 : nil, { $0 >= 0 && $0 <= 1 },
                    "a share of the operations in [0, 1]"))
        case "conflict":
            try atMost(1)
            return .conflict(percent: try number(0, default: nil, { $0 >= 0 && $0 <= 100 }, "a percentage 0 to 100"))
        default:
            return nil
        }
    }

    private static func unreadable(_ text: String, _ reason: String) -> WorkloadError {
        .unreadable(subject: "key distribution", text: text, reason: reason, validForms: validForms)
    }
}

extension KeyDistribution: CustomStringConvertible {
    /// The text form; reading it gives the same distribution.
    public var description: String {
        switch self {
        case .uniform: "uniform"
        case .zipfian(let theta, true): "zipfian:\(plainText(theta))"
        case .zipfian(let theta, false): "zipfian:\(plainText(theta)),ranked"
        case .hotspot(let fraction, let share): "hotspot:\(plainText(fraction)),\(plainText(share))"
        case .latest(let theta): "latest:\(plainText(theta))"
        case .sequential: "sequential"
        case .single: "single"
        case .conflict(let percent): "conflict:\(plainText(percent))"
        }
    }
}

extension KeyDistribution: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
