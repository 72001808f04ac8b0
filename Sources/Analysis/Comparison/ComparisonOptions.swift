/// What a comparison looks at, and how sure it must be.
public struct ComparisonOptions: Sendable {
    /// The metrics; empty for the usual ones of each load (``ComparedMetric/usual(for:)``).
    public var metrics: [ComparedMetric] = []
    /// Relative differences up to this are of no interest.
    public var margin = 0.02
    /// The chance of any false `regressed` over all metrics and cells together; that of a false `improved` is as large.
    public var level = 0.01
    /// Whether trials of a debug build count: they say nothing of an optimised one.
    public var allowsDebugBuild = false
    /// Whether results of hosts that differ are set side by side: ratios, and no verdict.
    public var allowsOtherHost = false
    /// Whether the run was broken off: someone may have stopped it for what they saw, so it is no pass.
    public var isCutOff = false

    /// The usual options.
    public init() {}

    /// The usual options but for these.
    ///
    /// - Throws: ``ComparisonError`` where the margin or the level is out of range.
    public init(metrics: [ComparedMetric], margin: Double = 0.02, level: Double = 0.01) throws(ComparisonError) {
        guard margin >= 0, margin < 1 else { throw .margin(margin) }
        guard level > 0, level < 0.5 else { throw .level(level) }
        self.metrics = metrics
        self.margin = margin
        self.level = level
    }
}
