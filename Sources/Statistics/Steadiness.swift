/// Whether a window's throughput stayed where it was, judged from its intervals.
public struct Steadiness: Sendable, Codable, Equatable {
    /// What was found.
    public enum Verdict: String, Sendable, Codable {
        /// No drift beyond the tolerance.
        case steady
        /// A drift beyond the tolerance.
        case drifting
        /// Too few intervals to tell.
        case tooShort
    }

    /// The verdict.
    public let verdict: Verdict
    /// The second half's mean over the first's; nil if too short.
    public let halvesRatio: Double?
    /// The drift over the whole window by Theil and Sen's slope, as a share of the median; nil if too short.
    public let relativeDrift: Double?
    /// The Mann–Kendall test's two-sided p-value for "no trend"; nil if too short.
    public let trendPValue: Double?
    /// The verdict in a sentence with its numbers.
    public let reason: String

    /// Whether the window counts as steady.
    public var isSteady: Bool { verdict == .steady }

    /// Fewer intervals than this are too few.
    public static let fewestIntervals = 8

    /// Judges the throughputs of a window's intervals, in order.
    ///
    /// Drifting is a trend that Mann and Kendall's test sees at 1 % *and* that carries further than `tolerance` over the
    /// window, or halves that differ by more than `tolerance` and by more than their scatter explains (Welch's t above
    /// 3). Either alone is not enough: with many intervals the smallest trend is significant, with few any noise makes
    /// a difference. Long windows are first joined to at most 200 intervals.
    public static func judge(_ throughputs: [Double], tolerance: Double = 0.05) -> Steadiness {
        precondition(throughputs.allSatisfy { $0 >= 0 && $0.isFinite }, "throughputs are not negative")
        let series = joined(throughputs)
        guard series.count >= fewestIntervals, let middle = median(series), middle > 0 else {
            let reason =
                series.count < fewestIntervals
                ? "\(throughputs.count) intervals, at least \(fewestIntervals) are needed"
                : "nothing completed in at least half of the intervals"
            return Steadiness(
                verdict: series.count < fewestIntervals ? .tooShort : .drifting, halvesRatio: nil, relativeDrift: nil,
                trendPValue: nil, reason: reason)
        }
        let trend = MannKendall(series)
        let drift = trend.slope * Double(series.count - 1) / middle
        let first = Array(series[..<(series.count / 2)])
        let second = Array(series[((series.count + 1) / 2)...])
        let firstMean = mean(first)!
        let ratio = firstMean > 0 ? mean(second)! / firstMean : .greatestFiniteMagnitude
        func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
        func make(_ verdict: Verdict, _ reason: String) -> Steadiness {
            Steadiness(
                verdict: verdict, halvesRatio: ratio, relativeDrift: drift, trendPValue: trend.pValue, reason: reason)
        }
        if abs(drift) > tolerance, trend.pValue < 0.01 {
            return make(.drifting, "throughput drifts by \(percent(drift)) over the window")
        }
        if abs(ratio - 1) > tolerance, abs(welch(first, second)) > 3 {
            return make(.drifting, "the second half differs from the first by \(percent(ratio - 1))")
        }
        return make(.steady, "drift \(percent(drift)), halves \(percent(ratio - 1)), tolerance \(percent(tolerance))")
    }

    private static func joined(_ series: [Double]) -> [Double] {
        let size = (series.count + 199) / 200
        guard size > 1 else { return series }
        return stride(from: 0, to: series.count - size + 1, by: size).map { mean(Array(series[$0..<$0 + size]))! }
    }

    /// The difference of two means in its standard errors; large without end if neither side scatters at all.
    private static func welch(_ a: [Double], _ b: [Double]) -> Double {
        func squaredError(_ x: [Double]) -> Double {
            let m = mean(x)!
            return x.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(x.count - 1) / Double(x.count)
        }
        let difference = mean(b)! - mean(a)!
        let error = (squaredError(a) + squaredError(b)).squareRoot()
        return error > 0 ? difference / error : difference == 0 ? 0 : .greatestFiniteMagnitude
    }
}

/// Mann (1945) and Kendall's test for a trend, with Theil and Sen's slope.
public struct MannKendall: Sendable, Codable, Equatable {
    /// Rising pairs less falling pairs.
    public let score: Int
    /// Two-sided p-value for "no trend" by the normal approximation with the correction for ties.
    public let pValue: Double
    /// The median slope between all pairs, per step.
    public let slope: Double

    /// Tests a series of at least two numbers in order. O(n²).
    public init(_ series: [Double]) {
        precondition(series.count >= 2, "a trend needs two points")
        var score = 0
        var slopes: [Double] = []
        slopes.reserveCapacity(series.count * (series.count - 1) / 2)
        for i in series.indices {
            for j in series.indices[(i + 1)...] {
                score += series[j] > series[i] ? 1 : series[j] < series[i] ? -1 : 0
                slopes.append((series[j] - series[i]) / Double(j - i))
            }
        }
        func term(_ n: Double) -> Double { n * (n - 1) * (2 * n + 5) / 18 }
        var variance = term(Double(series.count))
        let sorted = series.sorted()
        var start = 0
        for end in 1...sorted.count where end == sorted.count || sorted[end] != sorted[start] {
            variance -= term(Double(end - start))
            start = end
        }
        let distance = Double(max(0, abs(score) - 1))
        pValue = variance > 0 ? min(1, 2 * SpecialFunctions.normalSurvival(distance / variance.squareRoot())) : 1
        slope = median(slopes)!
        self.score = score
    }
}
