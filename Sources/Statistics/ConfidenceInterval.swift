/// A range that holds the true value in at least `level` of all repetitions.
public struct ConfidenceInterval: Sendable, Codable, Hashable {
    /// The lower bound.
    public let lower: Double
    /// The upper bound.
    public let upper: Double
    /// The confidence, as 0.95.
    public let level: Double

    /// An interval; the bounds must be in order.
    public init(lower: Double, upper: Double, level: Double) {
        precondition(lower <= upper, "an interval ends after it starts")
        self.lower = lower
        self.upper = upper
        self.level = level
    }
}
