/// Reads numbers with units as people write them. Every function returns nil for what it can't read; none traps.
public enum Quantity {
    /// Units of time in nanoseconds.
    static let timeUnits: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// `500ms`, `1.5s`, `2m` as nanoseconds. A unit is needed, except for `0`.
    public static func duration(_ text: String) -> UInt64? {
        let (number, unit) = split(text)
        guard let value = number, value >= 0 else { return nil }
        if unit.isEmpty { return value == 0 ? 0 : nil }
        guard let scale = timeUnits.first(where: { $0.name == unit })?.nanoseconds else { return nil }
        return whole(value * scale)
    }

    /// `5000`, `20k/s`, `1.5M/s` as operations a second.
    public static func rate(_ text: String) -> Double? {
        let bare = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
        let (number, unit) = split(bare)
        guard let value = number, let scale = decimalScale(unit), value > 0, (value * scale).isFinite else {
            return nil
        }
        return value * scale
    }

    /// `1000`, `10k`, `1M` as a count.
    public static func count(_ text: String) -> Int? {
        let (number, unit) = split(text)
        guard let value = number, let scale = decimalScale(unit), let result = whole(value * scale) else { return nil }
        return Int(exactly: result)
    }

    /// `256`, `64B`, `4KiB`, `1kB`, `1MiB` as bytes.
    public static func bytes(_ text: String) -> Int? {
        let (number, unit) = split(text)
        let scales: [(String, Double)] = [
            ("", 1), ("B", 1), ("kB", 1e3), ("KB", 1e3), ("KiB", 1024), ("MB", 1e6), ("MiB", 1_048_576),
        ]
        guard let value = number, let scale = scales.first(where: { $0.0 == unit })?.1,
            let result = whole(value * scale)
        else { return nil }
        return Int(exactly: result)
    }

    /// A duration as people write it, rounded to three digits or so: `1.5 s`, `250 ms`, `2 min 5 s`.
    public static func describe(nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case 60_000_000_000...:
            let seconds = (nanoseconds + 500_000_000) / 1_000_000_000
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
            return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(seconds % 60) s"
        case 1_000_000_000...: return short(Double(nanoseconds) / 1e9) + " s"
        case 1_000_000...: return short(Double(nanoseconds) / 1e6) + " ms"
        case 1_000...: return short(Double(nanoseconds) / 1e3) + " µs"
        default: return "\(nanoseconds) ns"
        }
    }

    private static func short(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }

    private static func decimalScale(_ unit: String) -> Double? {
        switch unit {
        case "": 1
        case "k", "K": 1e3
        case "M": 1e6
        default: nil
        }
    }

    /// A whole number below 2⁶³; what binary fractions miss of it (0.3 s is 299,999,999.99999994 ns) is rounded away.
    private static func whole(_ value: Double) -> UInt64? {
        let rounded = value.rounded()
        guard value >= 0, value < 9.2e18, abs(value - rounded) <= 1e-9 * rounded else { return nil }
        return UInt64(rounded)
    }

    /// The leading decimal number and the rest, both without spaces around.
    private static func split(_ text: String) -> (number: Double?, unit: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let first = digits.first, first != ".", first != "_", digits.last != ".", digits.count <= 24 else {
            return (nil, String(unit))
        }
        return (Double(digits.filter { $0 != "_" }), String(unit))
    }
}
