/// How long a user of a closed loop pauses between operations.
///
/// | text | what it is |
/// |---|---|
/// | `1ms` | always as long |
/// | `exponential:1ms` | with this mean, without memory: what many independent users come to |
/// | `uniform:1ms..3ms` | any length between the two |
public enum ThinkTime: Sendable, Hashable {
    /// Always as long.
    case constant(UInt64)
    /// Exponential with this mean.
    case exponential(UInt64)
    /// Uniform between the two.
    case uniform(UInt64, UInt64)

    /// The text forms, for messages.
    public static let validForms = ["1ms", "exponential:1ms", "uniform:1ms..3ms"]
    /// The longest, in nanoseconds: a minute.
    public static let longestNanoseconds: UInt64 = 60_000_000_000

    /// The mean in nanoseconds.
    public var meanNanoseconds: UInt64 {
        switch self {
        case .constant(let pause), .exponential(let pause): pause
        case .uniform(let low, let high): low + (high - low) / 2
        }
    }

    /// Whether the pause is nothing, always.
    public var isNone: Bool {
        switch self {
        case .constant(let pause), .exponential(let pause): pause == 0
        case .uniform(_, let high): high == 0
        }
    }

    /// The next pause in nanoseconds. An exponential one is cut at a hundred means, which it reaches once in 10⁴³.
    @inlinable
    public func next(_ rng: inout SeededGenerator) -> UInt64 {
        switch self {
        case .constant(let pause): pause
        case .exponential(let mean):
            mean == 0 ? 0 : UInt64(min(rng.exponential(mean: Double(mean)), 100 * Double(mean)))
        case .uniform(let low, let high): low + (high > low ? rng.below(high - low + 1) : 0)
        }
    }

    /// Reads a pause; `duration` reads a time with its unit as nanoseconds, or nil.
    ///
    /// - Throws: `WorkloadError.unreadable` with all the forms that there are.
    public init(parsing text: String, duration: (String) -> UInt64?) throws(WorkloadError) {
        func refuse(_ reason: String) -> WorkloadError {
            .unreadable(subject: "think time", text: text, reason: reason, validForms: Self.validForms)
        }
        func time(_ part: some StringProtocol) throws(WorkloadError) -> UInt64 {
            guard let value = duration(String(part)), value <= Self.longestNanoseconds else {
                throw refuse("'\(part)' is no time of at most a minute, with its unit")
            }
            return value
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self = .constant(try time(text))
            return
        }
        switch parts[0] {
        case "constant": self = .constant(try time(parts[1]))
        case "exponential": self = .exponential(try time(parts[1]))
        case "uniform":
            let ends = parts[1].split(separator: "..", omittingEmptySubsequences: false)
            guard ends.count == 2 else { throw refuse("a uniform pause goes from one time to another") }
            let (low, high) = (try time(ends[0]), try time(ends[1]))
            guard low <= high else { throw refuse("the shorter time comes first") }
            self = .uniform(low, high)
        default: throw refuse("there is no such pause")
        }
    }
}

extension ThinkTime: CustomStringConvertible {
    /// The text form, exact, in the largest units that leave whole numbers.
    public var description: String {
        switch self {
        case .constant(let pause): Self.text(pause)
        case .exponential(let mean): "exponential:\(Self.text(mean))"
        case .uniform(let low, let high): "uniform:\(Self.text(low))..\(Self.text(high))"
        }
    }

    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
    ]

    private static func text(_ nanoseconds: UInt64) -> String {
        let unit = units.last { nanoseconds > 0 && nanoseconds.isMultiple(of: $0.nanoseconds) } ?? units[0]
        return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
    }

    /// A whole number with its unit, as ``text(_:)`` writes it, in nanoseconds.
    private static func nanoseconds(_ text: String) -> UInt64? {
        guard let unit = units.first(where: { text.hasSuffix($0.name) }),
            let count = UInt64(text.dropLast(unit.name.count))
        else { return nil }
        let (product, overflows) = count.multipliedReportingOverflow(by: unit.nanoseconds)
        return overflows ? nil : product
    }
}

extension ThinkTime: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(WorkloadError) {
            try self.init(parsing: text, duration: Self.nanoseconds)
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
