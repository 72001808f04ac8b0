import Statistics

/// What can be said of a metric's difference between A and B.
public enum ChangeVerdict: String, Sendable, Codable, CaseIterable {
    /// B is worse by more than the margin, beyond doubt at the level stated.
    case regressed
    /// B is better by more than the margin, beyond doubt at the level stated.
    case improved
    /// B differs by more than the margin, beyond doubt, and neither way is better.
    case changed
    /// No difference beyond the margin was shown; ``MetricShift/minimumDetectable`` says what could have been.
    case noChangeShown = "no change shown"
    /// Nothing can be said; a gate does not pass.
    case inconclusive
}

/// The difference of one metric between A and B under one load.
///
/// Differences are relative, `B / A − 1`, whichever way is better: 0.05 of a latency is worse, of a throughput better.
public struct MetricShift: Sendable, Codable, Hashable {
    /// The metric's name in the registry.
    public var metric: String
    /// The kind of operation, or all.
    public var operation: String
    /// How many pairs (or trials of each side, whichever are fewer, where nothing is paired) it rests on.
    public var samples: Int
    /// The median over A's trials, in the metric's unit; nil without any.
    public var a: Double?
    /// The median over B's trials, in the metric's unit; nil without any.
    public var b: Double?
    /// The Hodges–Lehmann estimate of the relative difference; nil where it can't be told.
    public var shift: Double?
    /// The relative difference's bounds, which hold for all metrics of the comparison together at the level stated.
    public var interval: ConfidenceInterval?
    /// Two-sided, adjusted for the number of metrics.
    public var pValue: Double?
    /// The robust standard deviation of the relative difference of a single pair; nil where nothing is paired.
    public var noise: Double?
    /// The smallest relative difference that samples like these show in four of five runs.
    public var minimumDetectable: Double?
    /// What can be said.
    public var verdict: ChangeVerdict
    /// The verdict in a sentence with its numbers.
    public var reason: String

    /// A difference of its parts.
    public init(
        metric: String, operation: String, samples: Int, a: Double? = nil, b: Double? = nil, shift: Double? = nil,
        interval: ConfidenceInterval? = nil, pValue: Double? = nil, noise: Double? = nil,
        minimumDetectable: Double? = nil, verdict: ChangeVerdict, reason: String
    ) {
        self.metric = metric
        self.operation = operation
        self.samples = samples
        self.a = a
        self.b = b
        self.shift = shift
        self.interval = interval
        self.pValue = pValue
        self.noise = noise
        self.minimumDetectable = minimumDetectable
        self.verdict = verdict
        self.reason = reason
    }
}
