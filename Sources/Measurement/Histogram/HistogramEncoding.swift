/// Why bytes are not a histogram.
public enum HistogramDecodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Fewer or more bytes than the headers say.
    case wrongLength(String)
    /// The cookie is not that of a V2 histogram, plain or compressed.
    case unknownCookie(UInt32)
    /// A header field has a value that no histogram has.
    case badField(String)
    /// A count is negative, above 2⁶³ − 1, or beyond the last counter.
    case badCounts(String)
    /// Not base64.
    case badBase64
    /// Compressed by another method than stored blocks, which are all that this reader knows.
    case compressed
    /// The zlib stream is broken.
    case badZlib(String)

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .wrongLength(let what): "the histogram's length is wrong: \(what)"
        case .unknownCookie(let cookie): "0x\(String(cookie, radix: 16)) is not the cookie of an HdrHistogram V2"
        case .badField(let what): "the histogram's header is wrong: \(what)"
        case .badCounts(let what): "the histogram's counts are wrong: \(what)"
        case .badBase64: "the histogram's text is not base64"
        case .compressed: "the histogram is deflated; only stored (uncompressed) zlib blocks can be read here"
        case .badZlib(let what): "the histogram's zlib stream is broken: \(what)"
        }
    }
}

/// The V2 encoding of HdrHistogram: 40 bytes of header, big-endian (cookie, payload length, normalizing offset, digits,
/// lowest and highest value, a ratio), then the counters as ZigZag LEB128, runs of zeros as their negated length.
extension LatencyHistogram {
    static let cookie: UInt32 = 0x1C84_9303 | 0x10
    static let compressedCookie: UInt32 = 0x1C84_9304 | 0x10
    static let headerLength = 40

    /// The V2 form, uncompressed. Rejected counts and the exact extremes are not in it.
    public func encodedV2() -> [UInt8] {
        var payload: [UInt8] = []
        var index = 0
        let end = recordedRange.upperBound
        while index < end {
            var zeros = 0
            while index < end, counts[index] == 0 {
                zeros += 1
                index += 1
            }
            if zeros > 0 { ZigZag.append(zeros == 1 ? 0 : -Int64(zeros), to: &payload) }
            guard index < end else { break }
            ZigZag.append(Int64(clamping: counts[index]), to: &payload)
            index += 1
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerLength + payload.count)
        appendBigEndian(Self.cookie, to: &bytes)
        appendBigEndian(UInt32(payload.count), to: &bytes)
        appendBigEndian(UInt32(0), to: &bytes)
        appendBigEndian(UInt32(layout.significantDigits), to: &bytes)
        appendBigEndian(layout.lowestDiscernible, to: &bytes)
        appendBigEndian(layout.highestTrackable, to: &bytes)
        appendBigEndian((1.0).bitPattern, to: &bytes)
        return bytes + payload
    }

    /// The V2 "compressed" form, whose zlib stream holds stored blocks: every HdrHistogram tool reads it, and no
    /// compressor is needed.
    public func encodedCompressedV2() -> [UInt8] {
        let stream = StoredZlib.wrap(encodedV2())
        var bytes: [UInt8] = []
        appendBigEndian(Self.compressedCookie, to: &bytes)
        appendBigEndian(UInt32(stream.count), to: &bytes)
        return bytes + stream
    }

    /// The compressed V2 form in base64, as log files and records carry it.
    public var base64: String { Base64.encode(encodedCompressedV2()) }

    /// Reads `base64`, or base64 of the plain V2 form.
    public init(base64 text: String) throws(HistogramDecodingError) {
        guard let bytes = Base64.decode(text) else { throw .badBase64 }
        try self.init(encoded: bytes)
    }

    /// Reads the V2 form, plain or compressed (stored blocks only). The extremes come out as the ends of their counters.
    public init(encoded bytes: [UInt8]) throws(HistogramDecodingError) {
        var reader = BigEndianReader(bytes[...])
        let cookie: UInt32 = try reader.read()
        if cookie == Self.compressedCookie {
            let length: UInt32 = try reader.read()
            guard reader.rest.count == Int(length) else {
                throw .wrongLength("\(reader.rest.count) compressed bytes, \(length) announced")
            }
            let plain = try StoredZlib.unwrap(reader.rest)
            guard plain.count >= 4, plain[0..<4] != bytes[0..<4] else { throw .badField("compressed twice") }
            try self.init(encoded: plain)
            return
        }
        guard cookie == Self.cookie else { throw .unknownCookie(cookie) }
        let length: UInt32 = try reader.read()
        let normalizingOffset: UInt32 = try reader.read()
        let digits: UInt32 = try reader.read()
        let lowest: UInt64 = try reader.read()
        let highest: UInt64 = try reader.read()
        let ratio: UInt64 = try reader.read()
        guard normalizingOffset == 0 else { throw .badField("a normalizing offset is not supported") }
        guard ratio == (1.0).bitPattern else { throw .badField("a conversion ratio other than 1 is not supported") }
        guard
            let layout = HistogramLayout(
                significantDigits: Int(digits), lowestDiscernible: lowest, highestTrackable: highest)
        else { throw .badField("\(digits) digits, \(lowest)...\(highest)") }
        guard reader.rest.count == Int(length) else {
            throw .wrongLength("\(reader.rest.count) payload bytes, \(length) announced")
        }
        self.init(layout: layout)
        try readCounts(&reader)
    }

    private mutating func readCounts(_ reader: inout BigEndianReader) throws(HistogramDecodingError) {
        var index = 0
        while !reader.rest.isEmpty {
            let number = try ZigZag.read(&reader)
            if number < 0 {
                guard number >= -Int64(layout.counterCount - index) else {
                    throw .badCounts("a run of zeros ends beyond the last counter")
                }
                index += Int(-number)
                continue
            }
            guard index < layout.counterCount else { throw .badCounts("more counts than counters") }
            if number > 0 {
                guard addToCounter(index, UInt64(number)) else { throw .badCounts("the counts add up to too much") }
                smallest = Swift.min(smallest, layout.lowestValue(ofCounter: index))
                largest = Swift.max(largest, layout.highestValue(ofCounter: index))
            }
            index += 1
        }
    }
}

extension LatencyHistogram: Codable {
    private enum CodingKeys: String, CodingKey {
        case histogram, minNanoseconds, maxNanoseconds, outOfRange, largestOutOfRange, negative, overflow
    }

    /// Reads the record form; throws `DecodingError` if the histogram in it or its extremes don't hold.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func corrupt(_ reason: String) -> DecodingError {
            .dataCorruptedError(forKey: .histogram, in: container, debugDescription: reason)
        }
        do {
            self = try LatencyHistogram(base64: try container.decode(String.self, forKey: .histogram))
        } catch let error as HistogramDecodingError {
            throw corrupt(error.description)
        }
        if let min = try container.decodeIfPresent(UInt64.self, forKey: .minNanoseconds),
            let max = try container.decodeIfPresent(UInt64.self, forKey: .maxNanoseconds)
        {
            guard !isEmpty, min <= max, max <= layout.largestCountable,
                layout.counterIndex(of: min) == layout.counterIndex(of: smallest),
                layout.counterIndex(of: max) == layout.counterIndex(of: largest)
            else { throw corrupt("the extremes \(min) and \(max) are not those of the counts") }
            smallest = min
            largest = max
        }
        outOfRangeCount = try container.decodeIfPresent(UInt64.self, forKey: .outOfRange) ?? 0
        largestOutOfRange = try container.decodeIfPresent(UInt64.self, forKey: .largestOutOfRange) ?? 0
        negativeCount = try container.decodeIfPresent(UInt64.self, forKey: .negative) ?? 0
        overflowCount = try container.decodeIfPresent(UInt64.self, forKey: .overflow) ?? 0
    }

    /// Writes the standard encoding, the exact extremes, and whatever was rejected.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(base64, forKey: .histogram)
        try container.encodeIfPresent(min, forKey: .minNanoseconds)
        try container.encodeIfPresent(max, forKey: .maxNanoseconds)
        if outOfRangeCount > 0 {
            try container.encode(outOfRangeCount, forKey: .outOfRange)
            try container.encode(largestOutOfRange, forKey: .largestOutOfRange)
        }
        if negativeCount > 0 { try container.encode(negativeCount, forKey: .negative) }
        if overflowCount > 0 { try container.encode(overflowCount, forKey: .overflow) }
    }
}

extension HistogramLayout {
    /// The upper end of the last counter, at or above `highestTrackable`.
    var largestCountable: UInt64 { highestValue(ofCounter: counterCount - 1) }
}
