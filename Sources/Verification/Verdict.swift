/// What a checker says about a history.
///
/// A verdict is never a number and never silent: a history that was not checked, or that could not have shown the
/// fault (no reads, no contention), is ``unknown(reason:)`` and is not a pass.
public enum Verdict: Sendable, Hashable {
    /// Every obligation was checked and holds.
    case correct
    /// The history breaks its obligation; the counter-example is the smallest the checker found.
    case violated(Counterexample)
    /// Nothing is proved either way: the history is vacuous, malformed, or past the checker's budget.
    case unknown(reason: String)

    /// The stable word for rows and reports: `correct`, `violated` or `unknown`.
    public var word: String {
        switch self {
        case .correct: "correct"
        case .violated: "violated"
        case .unknown: "unknown"
        }
    }

    /// Whether the verdict is ``correct``.
    public var isCorrect: Bool { self == .correct }

    /// Whether the verdict is ``violated(_:)``.
    public var isViolated: Bool {
        if case .violated = self { true } else { false }
    }

    /// Whether the verdict is ``unknown(reason:)``.
    public var isUnknown: Bool {
        if case .unknown = self { true } else { false }
    }

    /// The counter-example of a violation, or `nil`.
    public var counterexample: Counterexample? {
        if case .violated(let counterexample) = self { counterexample } else { nil }
    }

    /// The reason of an unknown, or `nil`.
    public var reason: String? {
        if case .unknown(let reason) = self { reason } else { nil }
    }

    /// The verdict on both obligations together: violated outranks unknown, unknown outranks correct, and of two equals
    /// the receiver is kept.
    public func combined(with other: Verdict) -> Verdict {
        other.rank > rank ? other : self
    }

    /// The combined verdict of `verdicts`, or unknown when there are none: nothing checked is not a pass.
    public static func combined(_ verdicts: some Sequence<Verdict>) -> Verdict {
        verdicts.reduce(nil as Verdict?) { $0?.combined(with: $1) ?? $1 } ?? .unknown(reason: "nothing was checked")
    }

    private var rank: Int {
        switch self {
        case .correct: 0
        case .unknown: 1
        case .violated: 2
        }
    }
}

extension Verdict: CustomStringConvertible {
    /// The word, followed by the reason or the counter-example's summary where there is one.
    public var description: String {
        switch self {
        case .correct: word
        case .violated(let counterexample): "\(word): \(counterexample.summary)"
        case .unknown(let reason): "\(word): \(reason)"
        }
    }
}

extension Verdict: Codable {
    private enum CodingKeys: String, CodingKey {
        case verdict, counterexample, reason
    }

    /// Reads `{"verdict": word}` with a `counterexample` or a `reason` where the word asks for one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let word = try container.decode(String.self, forKey: .verdict)
        switch word {
        case "correct": self = .correct
        case "violated": self = .violated(try container.decode(Counterexample.self, forKey: .counterexample))
        case "unknown": self = .unknown(reason: try container.decode(String.self, forKey: .reason))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .verdict, in: container,
                debugDescription: "a verdict is correct, violated or unknown, not \"\(word)\"")
        }
    }

    /// Writes `{"verdict": word}` with the counter-example or reason beside it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(word, forKey: .verdict)
        switch self {
        case .correct: break
        case .violated(let counterexample): try container.encode(counterexample, forKey: .counterexample)
        case .unknown(let reason): try container.encode(reason, forKey: .reason)
        }
    }
}
