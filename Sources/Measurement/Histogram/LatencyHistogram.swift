/// Counts of latencies in nanoseconds at a fixed relative precision, after HdrHistogram.
///
///     var latencies = LatencyHistogram()
///     latencies.record(from: sent, to: MonotonicClock.now())
///     latencies.value(atPercentile: 99.9)
///
/// Histograms of several loops are merged by adding counts (`add`), never by averaging percentiles. What can't be
/// counted is counted as such: `outOfRangeCount`, `negativeCount` and `overflowCount`, and a row that has any says so.
public struct LatencyHistogram: Sendable, Equatable {
    /// The bucket arithmetic.
    public let layout: HistogramLayout
    @usableFromInline var counts: [UInt64]
    /// How many values have been counted.
    public internal(set) var totalCount: UInt64 = 0
    @usableFromInline var smallest: UInt64 = .max
    @usableFromInline var largest: UInt64 = 0
    /// Values above `layout.highestTrackable`, which are in no percentile.
    public internal(set) var outOfRangeCount: UInt64 = 0
    /// The largest of the values out of range.
    public internal(set) var largestOutOfRange: UInt64 = 0
    /// Differences of clock readings that came out negative, which are in no percentile.
    public internal(set) var negativeCount: UInt64 = 0
    /// Values that a full counter could not take.
    public internal(set) var overflowCount: UInt64 = 0

    /// An empty histogram; three digits, 1 ns ... 1 hour, unless said otherwise. Takes 270 KB as it comes.
    public init(layout: HistogramLayout = .latency) {
        self.layout = layout
        counts = [UInt64](repeating: 0, count: layout.counterCount)
    }

    /// Counts one latency in nanoseconds.
    @inlinable public mutating func record(_ nanoseconds: UInt64) {
        guard nanoseconds <= layout.highestTrackable else {
            rejectOutOfRange(nanoseconds, 1)
            return
        }
        // One by one no counter can fill: at a nanosecond each that takes 584 years.
        counts[layout.counterIndex(of: nanoseconds)] &+= 1
        countOne(nanoseconds)
    }

    @usableFromInline @inline(__always) mutating func countOne(_ value: UInt64) {
        totalCount &+= 1
        if value < smallest { smallest = value }
        if value > largest { largest = value }
    }

    /// Counts the time between two readings of one clock; a negative one goes to `negativeCount`.
    @inlinable public mutating func record(from start: UInt64, to end: UInt64) {
        if end >= start { record(end &- start) } else { rejectNegative() }
    }

    /// Counts `count` latencies of the same length.
    public mutating func record(_ nanoseconds: UInt64, count: UInt64) {
        guard count > 0 else { return }
        guard nanoseconds <= layout.highestTrackable else {
            rejectOutOfRange(nanoseconds, count)
            return
        }
        guard addToCounter(layout.counterIndex(of: nanoseconds), count) else { return }
        smallest = Swift.min(smallest, nanoseconds)
        largest = Swift.max(largest, nanoseconds)
    }

    /// False, with the overflow counted, if the counter or the total is full.
    mutating func addToCounter(_ index: Int, _ count: UInt64) -> Bool {
        let counter = counts[index].addingReportingOverflow(count)
        let total = totalCount.addingReportingOverflow(count)
        guard !counter.overflow, !total.overflow else {
            overflowCount = saturatingSum(overflowCount, count)
            return false
        }
        counts[index] = counter.partialValue
        totalCount = total.partialValue
        return true
    }

    @usableFromInline mutating func rejectOutOfRange(_ value: UInt64, _ count: UInt64) {
        outOfRangeCount = saturatingSum(outOfRangeCount, count)
        largestOutOfRange = Swift.max(largestOutOfRange, value)
    }

    @usableFromInline mutating func rejectNegative() {
        negativeCount += 1
    }

    /// Adds the counts of another histogram, and what it had to reject.
    ///
    /// With another layout its values are counted anew by the middle of their counters, at the coarser precision of
    /// the two.
    public mutating func add(_ other: LatencyHistogram) {
        outOfRangeCount = saturatingSum(outOfRangeCount, other.outOfRangeCount)
        largestOutOfRange = Swift.max(largestOutOfRange, other.largestOutOfRange)
        negativeCount = saturatingSum(negativeCount, other.negativeCount)
        overflowCount = saturatingSum(overflowCount, other.overflowCount)
        guard other.totalCount > 0 else { return }
        for index in other.recordedRange where other.counts[index] > 0 {
            if layout == other.layout {
                _ = addToCounter(index, other.counts[index])
            } else {
                let middle = other.layout.middleValue(ofCounter: index)
                record(Swift.min(Swift.max(middle, other.smallest), other.largest), count: other.counts[index])
            }
        }
        guard layout == other.layout else { return }
        smallest = Swift.min(smallest, other.smallest)
        largest = Swift.max(largest, other.largest)
    }

    /// Forgets everything and keeps the memory.
    public mutating func removeAll() {
        if totalCount > 0 {
            for index in recordedRange { counts[index] = 0 }
        }
        totalCount = 0
        smallest = .max
        largest = 0
        (outOfRangeCount, largestOutOfRange, negativeCount, overflowCount) = (0, 0, 0, 0)
    }

    /// The counters between those of the smallest and the largest value.
    var recordedRange: Range<Int> {
        totalCount == 0 ? 0..<0 : layout.counterIndex(of: smallest)..<layout.counterIndex(of: largest) + 1
    }
}

func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
}
