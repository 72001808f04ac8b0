/// What must hold at a rate for the rate to count: one or several conditions, `p99 < 5ms and error_share < 1%`.
public struct SaturationObjective: Sendable, CustomStringConvertible {
    /// The conditions; all must hold.
    public let thresholds: [Threshold]

    private init(_ thresholds: [Threshold]) { self.thresholds = thresholds }

    /// Reads conditions joined by `and`.
    ///
    /// - Throws: `ThresholdError` at the condition that can't be read.
    public init(parsing text: String) throws(ThresholdError) {
        var thresholds: [Threshold] = []
        for part in text.split(separator: " and ", omittingEmptySubsequences: false) {
            thresholds.append(try Threshold(parsing: String(part)))
        }
        self.init(thresholds)
    }

    /// Both objectives together.
    public func and(_ other: SaturationObjective) -> SaturationObjective {
        SaturationObjective(thresholds + other.thresholds)
    }

    /// As it was written.
    public var description: String { thresholds.map(\.text).joined(separator: " and ") }

    /// What came of each condition on a trial. A metric that is missing fails.
    public func judge(_ record: TrialRecord) -> [ThresholdResult] {
        thresholds.map { $0.judge(record, as: .require) }
    }
}

extension SaturationObjective: Hashable {
    /// Whether they are written alike.
    public static func == (left: SaturationObjective, right: SaturationObjective) -> Bool {
        left.description == right.description
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension SaturationObjective: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(ThresholdError) {
            try self.init(parsing: text)
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
