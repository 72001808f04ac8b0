/// A point of a latency-throughput curve.
public struct CurvePoint: Sendable, Hashable {
    /// Operations a second.
    public var throughput: Double
    /// Latency, in any unit.
    public var latency: Double

    /// A point of its parts.
    public init(throughput: Double, latency: Double) {
        self.throughput = throughput
        self.latency = latency
    }
}

/// The knee of a latency-throughput curve: the measured point with the most throughput for its latency, Kleinrock's
/// *power* ("Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979).
/// Beyond it latency grows faster than throughput does. For M/M/1 it lies at half of the capacity.
///
/// - Returns: the index of the point; nil without one of positive latency.
public func knee(of curve: [CurvePoint]) -> Int? {
    curve.indices.filter { curve[$0].latency > 0 }
        .max { curve[$0].throughput / curve[$0].latency < curve[$1].throughput / curve[$1].latency }
}
