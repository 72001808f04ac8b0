import Glibc

extension LatencyHistogram {
    /// One counter that isn't zero.
    public struct Recorded: Sendable, Equatable {
        /// The smallest value that it stands for, nanoseconds.
        public let lowest: UInt64
        /// The largest value that it stands for, nanoseconds.
        public let highest: UInt64
        /// How many values fell into it.
        public let count: UInt64
    }

    /// Whether nothing has been counted.
    public var isEmpty: Bool { totalCount == 0 }

    /// The smallest latency counted, exact, in nanoseconds; nil when empty.
    public var min: UInt64? { isEmpty ? nil : smallest }

    /// The largest latency counted, exact, in nanoseconds; nil when empty.
    public var max: UInt64? { isEmpty ? nil : largest }

    /// All that could not be counted: out of range, negative, overflowed.
    public var rejectedCount: UInt64 {
        saturatingSum(saturatingSum(outOfRangeCount, negativeCount), overflowCount)
    }

    /// The counters that aren't zero, by rising value.
    public var recordedValues: [Recorded] {
        recordedRange.compactMap { index in
            counts[index] == 0
                ? nil
                : Recorded(
                    lowest: layout.lowestValue(ofCounter: index), highest: layout.highestValue(ofCounter: index),
                    count: counts[index])
        }
    }

    /// The smallest latency that at least `percentile` % of the counted ones don't exceed, to the layout's precision
    /// (the upper end of its counter, and never above `max`); nil when empty. `percentile` is held to 0...100.
    public func value(atPercentile percentile: Double) -> UInt64? {
        values(atPercentiles: [percentile])?[0]
    }

    /// `value(atPercentile:)` for several percentiles in one walk; they need not be in order. Nil when empty.
    public func values(atPercentiles percentiles: [Double]) -> [UInt64]? {
        guard !isEmpty else { return nil }
        var result = [UInt64](repeating: 0, count: percentiles.count)
        var cumulated: UInt64 = 0
        var index = recordedRange.lowerBound - 1
        for position in percentiles.indices.sorted(by: { percentiles[$0] < percentiles[$1] }) {
            let wanted = rank(ofPercentile: percentiles[position])
            while cumulated < wanted {
                index += 1
                cumulated += counts[index]
            }
            result[position] = Swift.min(layout.highestValue(ofCounter: index), largest)
        }
        return result
    }

    /// The 1-based rank of a percentile. 99.9 / 100 × 1,000 comes out a hair above 999 in binary; the next smaller
    /// percentile keeps that hair from rounding up to rank 1,000 (as HdrHistogram does).
    func rank(ofPercentile percentile: Double) -> UInt64 {
        let held = Swift.min(Swift.max(percentile.nextDown, 0), 100)
        return Swift.min(Swift.max(UInt64((held * Double(totalCount) / 100).rounded(.up)), 1), totalCount)
    }

    /// How many counted latencies lie above `nanoseconds`, to the layout's precision: those that share its counter are
    /// not among them.
    public func count(above nanoseconds: UInt64) -> UInt64 {
        guard !isEmpty, nanoseconds < largest else { return 0 }
        let first = Swift.max(layout.counterIndex(of: nanoseconds) + 1, recordedRange.lowerBound)
        return counts[Swift.min(first, recordedRange.upperBound)..<recordedRange.upperBound].reduce(0, &+)
    }

    /// The mean in nanoseconds, to the layout's precision; nil when empty.
    public var mean: Double? {
        guard !isEmpty else { return nil }
        return weightedSum { $0 } / Double(totalCount)
    }

    /// The standard deviation of the counted latencies in nanoseconds (over n, not n − 1); nil when empty.
    public var standardDeviation: Double? {
        guard let mean else { return nil }
        return (weightedSum { ($0 - mean) * ($0 - mean) } / Double(totalCount)).squareRoot()
    }

    private func weightedSum(_ term: (Double) -> Double) -> Double {
        var sum = 0.0
        for index in recordedRange where counts[index] > 0 {
            sum += term(Double(layout.middleValue(ofCounter: index))) * Double(counts[index])
        }
        return sum
    }
}
