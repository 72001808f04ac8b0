/// How many bytes a value has: `256`, or `64..1024` with every size in the range equally likely.
public enum SizeDistribution: Hashable, Sendable {
    /// Always this many bytes.
    case fixed(Int)
    /// Between the bounds, both included.
    case uniform(ClosedRange<Int>)

    /// The largest size that may be asked for, 64 MiB.
    public static let largestSize = 64 << 20
    /// The text forms, for messages and help.
    public static let validForms = ["256", "64..1024"]

    /// Reads a text form. Throws `WorkloadError.unreadable` with the valid forms.
    public init(parsing text: String) throws(WorkloadError) {
        func bytes(_ part: Substring) throws(WorkloadError) -> Int {
            guard let value = Int(part), (0...Self.largestSize).contains(value) else {
                throw Self.unreadable(text, "'\(part)' is not a number of bytes in 0...\(Self.largestSize)")
            }
            return value
        }
        guard let dots = text.firstRange(of: "..") else {
            self = .fixed(try bytes(text[...]))
            return
        }
        let low = try bytes(text[..<dots.lowerBound])
        let high = try bytes(text[dots.upperBound...])
        guard low <= high else { throw Self.unreadable(text, "the range ends before it starts") }
        self = .uniform(low...high)
    }

    private static func unreadable(_ text: String, _ reason: String) -> WorkloadError {
        .unreadable(subject: "size", text: text, reason: reason, validForms: validForms)
    }

    /// The smallest and largest size it can give.
    public var bounds: ClosedRange<Int> {
        switch self {
        case .fixed(let size): size...size
        case .uniform(let range): range
        }
    }

    /// The next size in bytes.
    public func next(_ rng: inout SeededGenerator) -> Int {
        switch self {
        case .fixed(let size): size
        case .uniform(let range): range.lowerBound + rng.below(range.count)
        }
    }
}

extension SizeDistribution: CustomStringConvertible {
    /// The text form; reading it gives the same distribution.
    public var description: String {
        switch self {
        case .fixed(let size): "\(size)"
        case .uniform(let range): "\(range.lowerBound)..\(range.upperBound)"
        }
    }
}

extension SizeDistribution: Codable {
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
