import Glibc

/// Writes HdrHistogram's interval log (`.hlog`, format 1.3), which that project's log processor and plotters read.
///
///     var log = HistogramLog(startWallNanoseconds: started)
///     log.append(histogram, tag: "put", startSeconds: 0, lengthSeconds: 10)
///     write(log.text)
public struct HistogramLog: Sendable {
    /// The lines written so far.
    public private(set) var text: String

    /// Writes the header lines. The start is by the wall clock, nanoseconds since 1970; a comment must be one line each.
    public init(startWallNanoseconds: UInt64, comments: [String] = []) {
        let seconds = Double(startWallNanoseconds) / 1e9
        text = ""
        for comment in comments { text += "#[\(comment)]\n" }
        text += "#[Histogram log format version 1.3]\n"
        text += "#[StartTime: \(fixed(seconds, 3)) (seconds since epoch), \(Self.date(startWallNanoseconds))]\n"
        text += "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    }

    /// Appends one interval: its start relative to the log's, its length, its largest value in milliseconds, and the
    /// histogram. A tag must not contain a comma, a space or a line break.
    public mutating func append(
        _ histogram: LatencyHistogram, tag: String? = nil, startSeconds: Double, lengthSeconds: Double
    ) {
        if let tag {
            precondition(!tag.contains { $0 == "," || $0.isWhitespace }, "a tag is one word without commas")
            text += "Tag=\(tag),"
        }
        let max = Double(histogram.max ?? 0) / 1e6
        text += "\(fixed(startSeconds, 3)),\(fixed(lengthSeconds, 3)),\(fixed(max, 3)),\(histogram.base64)\n"
    }

    private static func date(_ wallNanoseconds: UInt64) -> String {
        var seconds = time_t(wallNanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 40)
        let length = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A line of the percentile spectrum.
public struct SpectrumPoint: Sendable, Equatable {
    /// The value at the percentile, nanoseconds.
    public let nanoseconds: UInt64
    /// The percentile as a fraction, 0...1.
    public let quantile: Double
    /// How many values lie at or below.
    public let cumulatedCount: UInt64
}

extension LatencyHistogram {
    /// The values at percentiles that come closer together towards 100: `ticksPerHalfDistance` steps for every halving
    /// of the distance that is left, as HdrHistogram's percentile iterator takes them.
    public func percentileSpectrum(ticksPerHalfDistance: Int = 5) -> [SpectrumPoint] {
        precondition(ticksPerHalfDistance > 0, "the spectrum needs steps")
        var points: [SpectrumPoint] = []
        var level = 0.0
        var cumulated: UInt64 = 0
        var last: UInt64 = 0
        for value in recordedValues {
            cumulated += value.count
            last = Swift.min(value.highest, largest)
            while 100 * Double(cumulated) / Double(totalCount) >= level {
                points.append(SpectrumPoint(nanoseconds: last, quantile: level / 100, cumulatedCount: cumulated))
                let halvings = (log(100 / (100 - level)) / log(2)).rounded(.towardZero) + 1
                level += 100 / (Double(ticksPerHalfDistance) * exp2(halvings))
                if cumulated == totalCount { break }
            }
        }
        if !isEmpty {
            points.append(SpectrumPoint(nanoseconds: last, quantile: 1, cumulatedCount: totalCount))
        }
        return points
    }

    /// The percentile spectrum as HdrHistogram prints it (`.hgrm`), values divided by `nanosecondsPerUnit` (a million
    /// for milliseconds); its plotter draws such files.
    public func percentileSpectrumText(nanosecondsPerUnit: Double = 1e6, ticksPerHalfDistance: Int = 5) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: Swift.max(0, width - text.count)) + text
        }
        func value(_ nanoseconds: Double) -> String { padded(fixed(nanoseconds / nanosecondsPerUnit, 3), 12) }
        var text = "\(padded("Value", 12)) \(padded("Percentile", 14)) \(padded("TotalCount", 10)) "
        text += "\(padded("1/(1-Percentile)", 14))\n\n"
        for point in percentileSpectrum(ticksPerHalfDistance: ticksPerHalfDistance) {
            text += "\(value(Double(point.nanoseconds))) \(fixed(point.quantile, 12)) "
            text += padded("\(point.cumulatedCount)", 10)
            text += point.quantile < 1 ? " \(padded(fixed(1 / (1 - point.quantile), 2), 14))\n" : "\n"
        }
        text += "#[Mean    = \(value(mean ?? 0)), StdDeviation   = \(value(standardDeviation ?? 0))]\n"
        text += "#[Max     = \(value(Double(max ?? 0))), Total count    = \(padded("\(totalCount)", 12))]\n"
        text += "#[Buckets = \(padded("\(layout.bucketCount)", 12)), "
        text += "SubBuckets     = \(padded("\(layout.subBucketCount)", 12))]\n"
        return text
    }
}

/// A finite non-negative number with a fixed number of decimals, without Foundation and without a locale.
func fixed(_ number: Double, _ decimals: Int) -> String {
    precondition(number >= 0 && number.isFinite, "only plain numbers are written here")
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    guard number * scale < 9e18 else { return "\(number)" }
    let digits = String(UInt64((number * scale).rounded()))
    let filled = String(repeating: "0", count: Swift.max(0, decimals + 1 - digits.count)) + digits
    return "\(filled.dropLast(decimals)).\(filled.suffix(decimals))"
}
