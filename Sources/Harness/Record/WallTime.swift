import Glibc

/// A moment by the wall clock, to the millisecond, in records as ISO 8601 in UTC: `2025-03-01T12:30:05.250Z`.
///
/// Only for saying when something was: durations come from the monotonic clock.
public struct WallTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970.
    public let millisecondsSince1970: Int64

    /// So many milliseconds since 1970.
    public init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// Now.
    public static func now() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(millisecondsSince1970: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Earlier is less.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.millisecondsSince1970 < right.millisecondsSince1970
    }

    /// Nanoseconds since 1970, as histogram logs take it; 0 before that.
    public var nanosecondsSince1970: UInt64 { UInt64(max(0, millisecondsSince1970)) * 1_000_000 }

    /// ISO 8601 in UTC.
    public var description: String {
        let (seconds, rest) = millisecondsSince1970.quotientAndRemainder(dividingBy: 1_000)
        var time = time_t(rest < 0 ? seconds - 1 : seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = [
            padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2), padded(Int(parts.tm_mday), 2),
        ]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        let milliseconds = padded(Int(rest < 0 ? rest + 1_000 : rest), 3)
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(milliseconds)Z"
    }

    /// Reads ``description``'s form and no other; nil for anything else.
    public init?(parsing text: String) {
        let characters = Array(text.utf8)
        let template = Array("0000-00-00T00:00:00.000Z".utf8)
        guard characters.count == template.count else { return nil }
        for (character, expected) in zip(characters, template) {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character)
            guard expected == UInt8(ascii: "0") ? isDigit : character == expected else { return nil }
        }
        func number(_ range: Range<Int>) -> Int {
            characters[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
        var parts = tm()
        parts.tm_year = Int32(number(0..<4) - 1900)
        parts.tm_mon = Int32(number(5..<7) - 1)
        parts.tm_mday = Int32(number(8..<10))
        parts.tm_hour = Int32(number(11..<13))
        parts.tm_min = Int32(number(14..<16))
        parts.tm_sec = Int32(number(17..<19))
        self.init(millisecondsSince1970: Int64(timegm(&parts)) * 1_000 + Int64(number(20..<23)))
        // A date such as the 31st of February is carried over by timegm and comes out as another.
        guard description == text else { return nil }
    }
}

extension WallTime: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = WallTime(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a time such as 2025-03-01T12:30:05.250Z")
        }
        self = time
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
