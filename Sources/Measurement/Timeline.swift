/// What happened when: completions, errors and a two-digit latency histogram for every interval of a run.
///
/// The interval being written has a full set of counters; the ones behind it keep only those that aren't zero, some
/// kilobytes each, so that minutes of 100 ms intervals cost a megabyte or two.
public struct Timeline: Sendable {
    /// One interval.
    public struct Interval: Sendable, Equatable {
        /// Operations that succeeded.
        public fileprivate(set) var completed: UInt64 = 0
        /// Operations that failed.
        public fileprivate(set) var errors: UInt64 = 0
        /// The counters of `HistogramLayout.timeline` that aren't zero, by rising index.
        fileprivate var counters: [Counter] = []
    }

    fileprivate struct Counter: Sendable, Equatable {
        var index: UInt32
        var count: UInt32
    }

    /// No more than this many intervals are kept; at 100 ms that is 29 hours.
    public static let largestIntervalCount = 1 << 20

    /// The length of an interval.
    public let intervalNanoseconds: UInt64
    /// Completions and errors after the last possible interval, and latencies out of the histogram's range.
    public private(set) var rejectedCount: UInt64 = 0
    private var closed: [Interval] = []
    private var open = LatencyHistogram(layout: .timeline)
    private var openIndex = 0

    /// An empty timeline.
    public init(intervalNanoseconds: UInt64 = 100_000_000) {
        precondition(intervalNanoseconds > 0, "an interval has a length")
        self.intervalNanoseconds = intervalNanoseconds
    }

    /// How many intervals there are, the last one that something happened in included.
    public var count: Int { closed.count }

    /// Notes a success at an offset from the start of the run, with its latency.
    public mutating func recordCompletion(atNanoseconds offset: UInt64, latencyNanoseconds: UInt64) {
        guard let index = interval(at: offset) else { return }
        closed[index].completed += 1
        guard latencyNanoseconds <= HistogramLayout.timeline.highestTrackable else {
            rejectedCount += 1
            return
        }
        if index > openIndex {
            closeOpenInterval()
            openIndex = index
        }
        if index == openIndex {
            open.record(latencyNanoseconds)
        } else {
            let counter = UInt32(HistogramLayout.timeline.counterIndex(of: latencyNanoseconds))
            rejectedCount += Self.merge(&closed[index].counters, [Counter(index: counter, count: 1)])
        }
    }

    /// Notes a failure at an offset from the start of the run.
    public mutating func recordError(atNanoseconds offset: UInt64) {
        guard let index = interval(at: offset) else { return }
        closed[index].errors += 1
    }

    private mutating func interval(at offset: UInt64) -> Int? {
        let index = offset / intervalNanoseconds
        guard index < Self.largestIntervalCount else {
            rejectedCount += 1
            return nil
        }
        while closed.count <= index { closed.append(Interval()) }
        return Int(index)
    }

    private mutating func closeOpenInterval() {
        guard !open.isEmpty else { return }
        rejectedCount += Self.merge(&closed[openIndex].counters, Self.counters(of: open))
        open.removeAll()
    }

    private static func counters(of histogram: LatencyHistogram) -> [Counter] {
        histogram.recordedRange.compactMap { index in
            histogram.counts[index] == 0
                ? nil : Counter(index: UInt32(index), count: UInt32(clamping: histogram.counts[index]))
        }
    }

    /// Adds counters up; returns how many values found their counter full.
    private static func merge(_ mine: inout [Counter], _ theirs: [Counter]) -> UInt64 {
        var rejected: UInt64 = 0
        var merged: [Counter] = []
        merged.reserveCapacity(mine.count + theirs.count)
        var position = 0
        for other in theirs {
            while position < mine.count, mine[position].index < other.index {
                merged.append(mine[position])
                position += 1
            }
            if position < mine.count, mine[position].index == other.index {
                let sum = mine[position].count.addingReportingOverflow(other.count)
                if sum.overflow { rejected += UInt64(other.count) }
                merged.append(
                    Counter(index: other.index, count: sum.overflow ? mine[position].count : sum.partialValue))
                position += 1
            } else {
                merged.append(other)
            }
        }
        mine = merged + mine[position...]
        return rejected
    }

    /// Adds another timeline of the same interval length, interval by interval.
    public mutating func add(_ other: Timeline) {
        precondition(intervalNanoseconds == other.intervalNanoseconds, "only equal intervals can be added up")
        rejectedCount += other.rejectedCount
        closeOpenInterval()
        var other = other
        other.closeOpenInterval()
        while closed.count < other.closed.count { closed.append(Interval()) }
        for (index, theirs) in other.closed.enumerated() {
            var mine = closed[index]
            mine.completed += theirs.completed
            mine.errors += theirs.errors
            rejectedCount += Self.merge(&mine.counters, theirs.counters)
            closed[index] = mine
        }
    }

    /// The counts of interval `index`.
    public subscript(index: Int) -> Interval { closed[index] }

    /// Successes per interval, for a steadiness test.
    public var completedPerInterval: [UInt64] { closed.map(\.completed) }

    /// The latencies of interval `index`, at two digits.
    public func histogram(ofInterval index: Int) -> LatencyHistogram {
        var histogram = index == openIndex ? open : LatencyHistogram(layout: .timeline)
        for counter in closed[index].counters {
            histogram.record(
                HistogramLayout.timeline.lowestValue(ofCounter: Int(counter.index)), count: UInt64(counter.count))
        }
        return histogram
    }
}

extension Timeline: Codable {
    private enum CodingKeys: String, CodingKey {
        case intervalNanoseconds, completed, errors, histograms, rejected
    }

    /// Reads the record form; throws `DecodingError` if its columns differ in length or a histogram is damaged.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func corrupt(_ key: CodingKeys, _ reason: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: reason)
        }
        let length = try container.decode(UInt64.self, forKey: .intervalNanoseconds)
        let completed = try container.decode([UInt64].self, forKey: .completed)
        let errors = try container.decode([UInt64].self, forKey: .errors)
        let histograms = try container.decode([String].self, forKey: .histograms)
        guard length > 0 else { throw corrupt(.intervalNanoseconds, "an interval has a length") }
        guard completed.count == errors.count, errors.count == histograms.count,
            completed.count <= Self.largestIntervalCount
        else { throw corrupt(.completed, "the columns differ in length or are too long") }
        self.init(intervalNanoseconds: length)
        rejectedCount = try container.decodeIfPresent(UInt64.self, forKey: .rejected) ?? 0
        for index in completed.indices {
            var interval = Interval(completed: completed[index], errors: errors[index])
            if !histograms[index].isEmpty {
                do {
                    let histogram = try LatencyHistogram(base64: histograms[index])
                    guard histogram.layout == .timeline else { throw HistogramDecodingError.badField("not two digits") }
                    interval.counters = Self.counters(of: histogram)
                } catch let error as HistogramDecodingError {
                    throw corrupt(.histograms, "interval \(index): \(error.description)")
                }
            }
            closed.append(interval)
        }
    }

    /// Writes a column each for completions, errors and encoded histograms (empty text for none).
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(intervalNanoseconds, forKey: .intervalNanoseconds)
        try container.encode(completedPerInterval, forKey: .completed)
        try container.encode(closed.map(\.errors), forKey: .errors)
        let histograms = closed.indices.map { index in
            let histogram = self.histogram(ofInterval: index)
            return histogram.isEmpty ? "" : histogram.base64
        }
        try container.encode(histograms, forKey: .histograms)
        if rejectedCount > 0 { try container.encode(rejectedCount, forKey: .rejected) }
    }
}
