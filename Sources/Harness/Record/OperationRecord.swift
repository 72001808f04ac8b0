import Measurement
import Statistics
import Verification

/// What came of the operations of one kind.
///
/// The population is every operation whose *intended* start lies in the window, also those that end in the drain after
/// it: leaving these out would hide the slowest.
public struct OperationRecord: Sendable, Codable {
    /// The kind that stands for all kinds together in rows.
    public static let all = "all"

    /// The kind's name, as the service has it.
    public var kind: String
    /// Operations of the population that succeeded; ``latency`` has as many values.
    public var completed: UInt64
    /// Successes that ended inside the window, which throughput is counted from; nil where it is the same.
    public var completedInWindow: UInt64?
    /// Operations of the population that did not succeed, by what went wrong, sorted by name.
    public var errors: [NamedCount]
    /// From the intended start to the answer, successes only.
    public var latency: LatencyHistogram
    /// From the actual send to the answer, successes only; nil where nothing is sent.
    public var service: LatencyHistogram?
    /// What the sample is worth for percentile intervals of ``latency``, one entry a quantile.
    public var effectiveSamples: [EffectiveSample]

    /// What came of the operations of one kind.
    public init(
        kind: String, completed: UInt64, completedInWindow: UInt64? = nil, errors: [NamedCount] = [],
        latency: LatencyHistogram, service: LatencyHistogram? = nil, effectiveSamples: [EffectiveSample] = []
    ) {
        self.kind = kind
        self.completed = completed
        self.completedInWindow = completedInWindow
        self.errors = errors.sorted { $0.name < $1.name }
        self.latency = latency
        self.service = service
        self.effectiveSamples = effectiveSamples
    }

    /// Operations that did not succeed, whatever went wrong.
    public var errorCount: UInt64 { errors.reduce(0) { $0 &+ $1.count } }

    /// The interval of the latency percentile in nanoseconds, or what is missing for one.
    public func interval(ofQuantile quantile: Double, level: Double = 0.95) -> PercentileEstimate {
        let needed = samplesNeeded(forQuantile: quantile, level: level)
        guard let sample = effectiveSamples.first(where: { $0.quantile == quantile }) else {
            return latency.totalCount < UInt64(needed) ? .tooFew(needed: needed) : .dependenceUnknown
        }
        guard
            let ranks = percentileInterval(quantile: quantile, effectiveSampleSize: sample.size, level: level),
            let bounds = latency.values(atPercentiles: [ranks.lower * 100, ranks.upper * 100])
        else { return .tooFew(needed: needed) }
        return .interval(
            ConfidenceInterval(lower: Double(bounds[0]), upper: Double(bounds[1]), level: level))
    }
}

/// How sure a percentile is.
public enum PercentileEstimate: Sendable, Equatable {
    /// The true percentile lies in these bounds, nanoseconds.
    case interval(ConfidenceInterval)
    /// The sample can't carry it: so many independent samples are needed.
    case tooFew(needed: Int)
    /// The samples are many, but the window has too few intervals to tell what they are worth.
    case dependenceUnknown
}

/// How many independent samples the dependent ones of a window are worth for one quantile.
public struct EffectiveSample: Sendable, Codable, Hashable {
    /// The quantile, as 0.99.
    public var quantile: Double
    /// The number of independent samples, at least 1.
    public var size: Double

    /// The quantiles that reports give.
    public static let reportedQuantiles = [0.5, 0.9, 0.99, 0.999, 0.9999]

    /// A quantile and what the sample is worth for it.
    public init(quantile: Double, size: Double) {
        self.quantile = quantile
        self.size = size
    }

    /// What a window is worth for each quantile, from how its exceedances scatter over the timeline's intervals; a
    /// quantile for which that can't be told is left out.
    public static func sizes(of timeline: Timeline, quantiles: [Double] = reportedQuantiles) -> [EffectiveSample] {
        var whole = LatencyHistogram(layout: .timeline)
        for index in 0..<timeline.count { whole.add(timeline.histogram(ofInterval: index)) }
        guard let values = whole.values(atPercentiles: quantiles.map { $0 * 100 }) else { return [] }
        var exceedances = quantiles.map { _ in [Int]() }
        var totals: [Int] = []
        for index in 0..<timeline.count {
            let histogram = timeline.histogram(ofInterval: index)
            totals.append(Int(clamping: histogram.totalCount))
            for (position, value) in values.enumerated() {
                exceedances[position].append(Int(clamping: histogram.count(above: value)))
            }
        }
        return zip(quantiles, exceedances).compactMap { quantile, exceedances in
            effectiveSampleSize(exceedances: exceedances, totals: totals)
                .map { EffectiveSample(quantile: quantile, size: $0) }
        }
    }
}

extension TrialRecord {
    /// All kinds together: counts added up, histograms merged, percentile intervals from the timeline.
    public var allOperations: OperationRecord {
        var latency = LatencyHistogram()
        var service: LatencyHistogram?
        var errors: [String: UInt64] = [:]
        for operation in operations {
            latency.add(operation.latency)
            if let other = operation.service { service = service.map { $0.adding(other) } ?? other }
            for error in operation.errors { errors[error.name, default: 0] &+= error.count }
        }
        let inWindow = operations.reduce(UInt64(0)) { $0 &+ ($1.completedInWindow ?? $1.completed) }
        return OperationRecord(
            kind: OperationRecord.all, completed: operations.reduce(0) { $0 &+ $1.completed },
            completedInWindow: inWindow, errors: NamedCount.sorted(errors), latency: latency, service: service,
            effectiveSamples: operations.count == 1
                ? operations[0].effectiveSamples : timeline.map { EffectiveSample.sizes(of: $0) } ?? [])
    }

    /// The properties' verdicts together; unknown if none was judged.
    public var verdict: Verdict { Verdict.combined(verdicts.map(\.verdict)) }
}

extension LatencyHistogram {
    fileprivate func adding(_ other: LatencyHistogram) -> LatencyHistogram {
        var sum = self
        sum.add(other)
        return sum
    }
}
