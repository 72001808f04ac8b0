import Foundation
import Testing

@testable import Measurement

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("every value falls into the counter that spans it, and counters follow on one another", arguments: 1...5)
    func layoutCovers(digits: Int) throws {
        let layout = try #require(HistogramLayout(significantDigits: digits))
        var values: [UInt64] = Array(0...5000)
        for shift in 12..<42 as Range<UInt64> {
            values += [(1 << shift) - 1, 1 << shift, (1 << shift) + 12345 % shift]
        }
        values = values.filter { $0 <= layout.highestTrackable } + [layout.highestTrackable]
        for value in values {
            let index = layout.counterIndex(of: value)
            #expect(index < layout.counterCount)
            #expect((layout.lowestValue(ofCounter: index)...layout.highestValue(ofCounter: index)).contains(value))
            // The promised precision: at most one part in 10^digits.
            #expect(layout.width(ofCounter: index) - 1 <= value / UInt64(pow(10, Double(digits))))
        }
        for index in 1..<layout.counterCount {
            #expect(layout.lowestValue(ofCounter: index) == layout.highestValue(ofCounter: index - 1) + 1)
        }
    }

    @Test("5,000 falls into counter 3,298, as the worked example says")
    func workedExample() {
        #expect(HistogramLayout.latency.counterIndex(of: 5_000) == 3_298)
        #expect(HistogramLayout.latency.lowestValue(ofCounter: 3_298) == 5_000)
        #expect(HistogramLayout.latency.highestValue(ofCounter: 3_298) == 5_003)
    }

    @Test("layouts that can't be are refused")
    func badLayouts() {
        #expect(HistogramLayout(significantDigits: 0) == nil)
        #expect(HistogramLayout(significantDigits: 6) == nil)
        #expect(HistogramLayout(significantDigits: 3, lowestDiscernible: 0) == nil)
        #expect(HistogramLayout(significantDigits: 3, lowestDiscernible: 10, highestTrackable: 19) == nil)
        #expect(HistogramLayout(significantDigits: 3, highestTrackable: .max) == nil)
    }

    @Test("what can't be counted shows in a count of its own, not in the percentiles")
    func rejections() {
        var histogram = LatencyHistogram()
        histogram.record(HistogramLayout.hour)
        histogram.record(HistogramLayout.hour + 1)
        histogram.record(from: 10, to: 9)
        histogram.record(from: 10, to: 10)
        #expect(histogram.totalCount == 2)
        #expect(histogram.outOfRangeCount == 1)
        #expect(histogram.largestOutOfRange == HistogramLayout.hour + 1)
        #expect(histogram.negativeCount == 1)
        #expect(histogram.min == 0)
        #expect(histogram.max == HistogramLayout.hour)
        histogram.record(5, count: .max)
        #expect(histogram.overflowCount == .max)
        #expect(histogram.totalCount == 2)
    }

    @Test("percentiles of 1...100,000 are themselves, to three digits")
    func percentiles() throws {
        var histogram = LatencyHistogram()
        for value in 1...100_000 as ClosedRange<UInt64> { histogram.record(value) }
        for (percentile, exact) in [(0.0, 1.0), (1, 1000), (50, 50_000), (99, 99_000), (99.9, 99_900), (100, 100_000)] {
            let value = Double(try #require(histogram.value(atPercentile: percentile)))
            #expect(abs(value - exact) <= exact / 1000)
        }
        #expect(histogram.values(atPercentiles: [99, 1]) == [99_007, 1000])
        #expect(abs(try #require(histogram.mean) - 50_000.5) < 50)
        #expect(abs(try #require(histogram.standardDeviation) - 28_867.5) < 30)
        #expect(abs(Double(histogram.count(above: 90_000)) - 10_000) <= 64)
        #expect(histogram.count(above: 100_000) == 0)
    }

    @Test("99.9 % of 1,000 is rank 999, not 1,000 by a rounding hair")
    func percentileRank() {
        var histogram = LatencyHistogram()
        for value in 1...1000 as ClosedRange<UInt64> { histogram.record(value) }
        #expect(histogram.value(atPercentile: 99.9) == 999)
        #expect(histogram.value(atPercentile: 99.91) == 1000)
    }

    @Test("an empty histogram has no percentile, mean or extreme")
    func empty() {
        let histogram = LatencyHistogram()
        #expect(histogram.value(atPercentile: 50) == nil)
        #expect(histogram.mean == nil)
        #expect(histogram.max == nil)
        #expect(histogram.recordedValues.isEmpty)
    }

    @Test("merged histograms are what one would have counted")
    func merging() {
        var one = LatencyHistogram()
        var parts = [LatencyHistogram(), LatencyHistogram()]
        for value in ReferenceValues.scattered {
            one.record(value)
            parts[Int(value % 2)].record(value)
        }
        one.record(from: 1, to: 0)
        parts[0].record(from: 1, to: 0)
        parts[0].add(parts[1])
        #expect(parts[0] == one)
        one.removeAll()
        #expect(one == LatencyHistogram())
    }

    @Test("merging into two digits keeps the count and the percentiles to two digits")
    func mergingCoarser() throws {
        var fine = LatencyHistogram()
        for value in ReferenceValues.scattered { fine.record(value) }
        var coarse = LatencyHistogram(layout: .timeline)
        coarse.add(fine)
        #expect(coarse.totalCount == fine.totalCount)
        let median = Double(try #require(fine.value(atPercentile: 50)))
        #expect(abs(Double(try #require(coarse.value(atPercentile: 50))) - median) <= median / 100)
    }
}

enum ReferenceValues {
    /// The same 2,000 values as in the Python that made the expectations below.
    static let scattered: [UInt64] = {
        var x: UInt64 = 12345
        let powers: [UInt64] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
        return (0..<2000).map { i in
            x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (x >> 33) % powers[i % 6]
        }
    }()
}

/// Made with PyPI's hdrhistogram 0.10 and HdrHistogram(1, 3600000000000, 3); "plain" is zlib.decompress of encode().
@Suite("Histogram encoding")
struct HistogramEncodingTests {
    // s.record_value(v, c) for (v, c) in the list of `small`; base64.b64encode(zlib.decompress(b64decode(s.encode())[8:]))
    let plain = "HISTEwAAABQAAAAAAAAAAwAAAAAAAAABAAADRjC4oAA/8AAAAAAAAAIE+R8GkAPBE+LFCO/pAQrf7AEC"
    // s.encode()
    let deflated = "HISTFAAAADZ4nJNpmSzMwMAgwgABzFCaEch0M9ixgMH+A0SAieWnPNsE5oPCj45yvH/JyHX/DSMTAPXsDEo="

    var small: LatencyHistogram {
        var histogram = LatencyHistogram()
        let counts: [(UInt64, UInt64)] = [
            (0, 1), (1, 2), (2047, 3), (2048, 200), (5000, 70_000), (5003, 1), (123_456_789, 5), (3_599_999_999_999, 1),
        ]
        for (value, count) in counts { histogram.record(value, count: count) }
        return histogram
    }

    @Test("the plain V2 bytes are those of the reference implementation")
    func referenceBytes() {
        #expect(Base64.encode(small.encodedV2()) == plain)
    }

    @Test("the reference's plain bytes read as the same histogram, its percentiles, mean and deviation")
    func referenceQueries() throws {
        let read = try LatencyHistogram(base64: plain)
        #expect(read.recordedValues == small.recordedValues)
        // s.get_value_at_percentile(q), at ranks where its rounding and the ceiling of the definition agree
        #expect(
            read.values(atPercentiles: [0, 0.001, 0.003, 0.2, 50, 99.99, 99.998]) == [
                0, 0, 1, 2049, 5003, 5003, 123_469_823,
            ])
        #expect(read.value(atPercentile: 100) == 3_601_330_077_695)
        // s.get_mean_value(), s.get_stddev()
        #expect(abs(try #require(read.mean) - 51_289_990.202626295) < 1)
        #expect(abs(try #require(read.standardDeviation) - 13_586_937_118.417683) < 1)
    }

    @Test("the scattered values have the reference's percentiles")
    func referenceScattered() {
        var histogram = LatencyHistogram()
        for value in ReferenceValues.scattered { histogram.record(value) }
        #expect(
            histogram.values(atPercentiles: [0, 10, 50, 90, 99, 99.9]) == [
                0, 523, 88_191, 38_273_023, 94_371_839, 98_435_071,
            ])
    }

    @Test("both forms read back as what was counted")
    func roundTrip() throws {
        var histogram = LatencyHistogram()
        for value in ReferenceValues.scattered { histogram.record(value) }
        for bytes in [histogram.encodedV2(), histogram.encodedCompressedV2()] {
            #expect(try LatencyHistogram(encoded: bytes).recordedValues == histogram.recordedValues)
        }
        #expect(try LatencyHistogram(base64: LatencyHistogram().base64) == LatencyHistogram())
    }

    @Test("a histogram longer than one stored block reads back")
    func severalBlocks() throws {
        var histogram = LatencyHistogram(layout: try #require(HistogramLayout(significantDigits: 4)))
        for value in 0..<40_000 as Range<UInt64> { histogram.record(value, count: 20_000) }
        #expect(histogram.encodedV2().count > StoredZlib.largestBlock)
        #expect(
            try LatencyHistogram(encoded: histogram.encodedCompressedV2()).recordedValues == histogram.recordedValues)
    }

    @Test("a really deflated histogram is refused by name")
    func deflatedRefused() {
        #expect(throws: HistogramDecodingError.compressed) { try LatencyHistogram(base64: deflated) }
    }

    @Test("a histogram cut off anywhere is refused")
    func truncated() {
        for bytes in [small.encodedV2(), small.encodedCompressedV2()] {
            for length in bytes.indices {
                #expect(throws: HistogramDecodingError.self) { try LatencyHistogram(encoded: Array(bytes[..<length])) }
            }
        }
    }

    @Test("no flipped bit of the compressed form goes unnoticed or traps")
    func flipped() {
        let bytes = small.encodedCompressedV2()
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            guard let read = try? LatencyHistogram(encoded: damaged) else { continue }
            // Only bits that zlib itself ignores (window size, block padding) may pass, and they change nothing.
            #expect(read.recordedValues == small.recordedValues)
        }
    }

    @Test("damaged plain forms never trap")
    func damagedPlain() {
        let bytes = small.encodedV2()
        var refused = 0
        for position in bytes.indices {
            for byte in [0x00, 0x01, 0x7F, 0x80, 0xFF] as [UInt8] where bytes[position] != byte {
                var damaged = bytes
                damaged[position] = byte
                if (try? LatencyHistogram(encoded: damaged)) == nil { refused += 1 }
            }
        }
        #expect(refused > 40)
    }

    @Test("a record keeps exact extremes and what was rejected")
    func codable() throws {
        var histogram = small
        histogram.record(from: 2, to: 1)
        histogram.record(HistogramLayout.hour + 7)
        let json = try JSONEncoder().encode(histogram)
        #expect(try JSONDecoder().decode(LatencyHistogram.self, from: json) == histogram)
        let forged = String(decoding: json, as: UTF8.self).replacing("3599999999999", with: "4")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(LatencyHistogram.self, from: Data(forged.utf8))
        }
    }

    @Test("Adler-32 and base64 give the published values")
    func checksums() {
        // RFC 1950's sum of "Wikipedia" as in Wikipedia's article on Adler-32; base64 of RFC 4648, section 10.
        #expect(StoredZlib.adler32(Array("Wikipedia".utf8)[...]) == 0x11E6_0398)
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            #expect(Base64.encode(Array(plain.utf8)) == coded)
            #expect(Base64.decode(coded) == Array(plain.utf8))
        }
        for wrong in ["Zg=", "Z===", "Zh==", "Zm9%", "=Zg="] { #expect(Base64.decode(wrong) == nil) }
    }

    @Test("a log has the header of format 1.3 and a line that reads back")
    func log() throws {
        var log = HistogramLog(startWallNanoseconds: 1_441_812_279_474_000_000, comments: ["coordbench"])
        log.append(small, tag: "put", startSeconds: 0.127, lengthSeconds: 1)
        let lines = log.text.split(separator: "\n")
        #expect(
            lines[0..<4] == [
                "#[coordbench]", "#[Histogram log format version 1.3]",
                "#[StartTime: 1441812279.474 (seconds since epoch), 2015-09-09T15:24:39Z]",
                "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
            ])
        #expect(lines[4].hasPrefix("Tag=put,0.127,1.000,3600000.000,HISTFAAA"))
        let text = String(try #require(lines[4].split(separator: ",").last))
        #expect(try LatencyHistogram(base64: text).recordedValues == small.recordedValues)
    }

    @Test("the spectrum takes five steps for each halving of the rest and ends at the maximum")
    func spectrum() {
        var histogram = LatencyHistogram()
        for value in 1...1000 as ClosedRange<UInt64> { histogram.record(value) }
        let points = histogram.percentileSpectrum()
        #expect(points.prefix(7).map { ($0.quantile * 1000).rounded() } == [0, 100, 200, 300, 400, 500, 550])
        #expect(points.prefix(7).map(\.nanoseconds) == [1, 100, 200, 300, 400, 500, 550])
        #expect(points.last == SpectrumPoint(nanoseconds: 1000, quantile: 1, cumulatedCount: 1000))
        let lines = histogram.percentileSpectrumText(nanosecondsPerUnit: 1).split(separator: "\n")
        #expect(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)")
        #expect(lines[2] == "     100.000 0.100000000000        100           1.11")
        #expect(
            lines.suffix(3) == [
                "#[Mean    =      500.500, StdDeviation   =      288.675]",
                "#[Max     =     1000.000, Total count    =         1000]",
                "#[Buckets =           32, SubBuckets     =         2048]",
            ])
    }
}
