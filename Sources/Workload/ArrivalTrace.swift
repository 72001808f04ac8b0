/// The moments at which operations arrived elsewhere, recorded to be offered again.
///
/// One time a line, in seconds with up to nine decimals (`12.5`, `1700000000.250`) or in whole nanoseconds (`250ns`), in
/// rising order; equal times are operations at once. `#` begins a comment, and empty lines don't count. Times count from
/// the first one, so that stamps of a wall clock do as well as times since a start.
public struct ArrivalTrace: Sendable, Hashable {
    /// The most arrivals that a trace may have.
    public static let largestCount = 10_000_000
    /// The most bytes that a trace's text may have.
    public static let largestBytes = 256 << 20
    /// The longest that a trace may last, in nanoseconds: a day.
    public static let longestNanoseconds: UInt64 = 86_400_000_000_000

    /// When each operation arrived, in nanoseconds from the first, never falling.
    public let starts: [UInt64]

    /// A trace of these times, taken from the first of them.
    ///
    /// - Throws: `WorkloadError.impossible` where there are none, or too many, or they fall.
    public init(_ times: [UInt64]) throws(WorkloadError) {
        guard let first = times.first else {
            throw .impossible(subject: "trace", reason: "it has no arrivals; write one time a line, in seconds")
        }
        guard times.count <= Self.largestCount else {
            throw .impossible(subject: "trace", reason: "more than \(Self.largestCount) arrivals")
        }
        if let place = times.indices.dropFirst().first(where: { times[$0] < times[$0 - 1] }) {
            throw .impossible(subject: "trace", reason: "time \(place + 1) is earlier than the one before it")
        }
        guard times[times.count - 1] - first <= Self.longestNanoseconds else {
            throw .impossible(subject: "trace", reason: "it lasts longer than a day")
        }
        starts = times.map { $0 - first }
    }

    /// Reads a trace's text; `name` is for messages.
    ///
    /// - Throws: `WorkloadError.impossible` with the line that can't be read or goes back in time.
    public init(parsing text: [UInt8], name: String) throws(WorkloadError) {
        guard text.count <= Self.largestBytes else {
            throw .impossible(subject: name, reason: "the trace has more than \(Self.largestBytes) bytes")
        }
        var times: [UInt64] = []
        var number = 0
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let word = Self.trimmed(line)
            guard let head = word.first, head != UInt8(ascii: "#") else { continue }
            func refuse(_ reason: String) -> WorkloadError {
                .impossible(subject: "\(name):\(number)", reason: reason)
            }
            guard let time = Self.nanoseconds(word) else {
                throw refuse(
                    "'\(String(decoding: word.prefix(40), as: UTF8.self))' is no time; one stands on a line, in seconds "
                        + "with up to nine decimals (12.5) or in nanoseconds (250ns)")
            }
            if let last = times.last, time < last { throw refuse("this time is earlier than the one before it") }
            if let first = times.first, time - first > Self.longestNanoseconds {
                throw refuse("this time is more than a day after the first")
            }
            guard times.count < Self.largestCount else {
                throw refuse("the trace has more than \(Self.largestCount) arrivals")
            }
            times.append(time)
        }
        guard !times.isEmpty else {
            throw .impossible(subject: name, reason: "the trace has no arrivals; write one time a line, in seconds")
        }
        try self.init(times)
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var rest = line.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }

    /// Digits are read one by one: a double can't hold today's date to the nanosecond.
    private static func nanoseconds(_ word: ArraySlice<UInt8>) -> UInt64? {
        let unit = Array("ns".utf8)
        if word.count > 2, Array(word.suffix(2)) == unit { return digits(word.dropLast(2)) }
        let parts = word.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = digits(parts[0]), seconds < 9_000_000_000 else { return nil }
        guard parts.count == 2 else { return seconds * 1_000_000_000 }
        guard parts[1].count <= 9, let decimals = digits(parts[1]) else { return nil }
        return seconds * 1_000_000_000 + (parts[1].count..<9).reduce(decimals) { value, _ in value * 10 }
    }

    private static func digits(_ word: ArraySlice<UInt8>) -> UInt64? {
        guard !word.isEmpty, word.count <= 19 else { return nil }
        var value: UInt64 = 0
        for byte in word {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value &* 10 &+ UInt64(byte - 0x30)
        }
        return value <= UInt64(Int64.max) ? value : nil
    }

    /// From the first arrival to the last, in nanoseconds.
    public var spanNanoseconds: UInt64 { starts[starts.count - 1] }

    /// The mean rate: the gaps between arrivals over the time that they take; nil for a trace whose arrivals all come at
    /// once.
    public var ratePerSecond: Double? {
        spanNanoseconds == 0 ? nil : Double(starts.count - 1) / (Double(spanNanoseconds) / 1e9)
    }

    /// The trace at another mean rate: all gaps are stretched alike.
    ///
    /// - Throws: `WorkloadError.impossible` where it has no rate to change, or would last too long.
    public func scaled(toRatePerSecond rate: Double) throws(WorkloadError) -> ArrivalTrace {
        precondition(rate > 0 && rate.isFinite, "a rate is positive")
        guard let own = ratePerSecond else {
            throw .impossible(subject: "trace", reason: "all arrivals come at once: there is no rate to change")
        }
        let factor = own / rate
        guard Double(spanNanoseconds) * factor <= Double(Self.longestNanoseconds) else {
            throw .impossible(subject: "trace", reason: "at \(plainText(rate)) a second it lasts longer than a day")
        }
        return try ArrivalTrace(starts.map { UInt64(Double($0) * factor) })
    }

    /// A number that two traces share only if they are equal, as good as surely (FNV-1a, 64 bits).
    public var fingerprint: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for start in starts {
            for shift in stride(from: 0, to: 64, by: 8) {
                hash = (hash ^ ((start >> UInt64(shift)) & 0xFF)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}
