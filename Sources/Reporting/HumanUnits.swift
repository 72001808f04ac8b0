import Foundation
import Harness

/// Numbers as people like to read them: three digits and a unit.
public enum HumanUnits {
    /// Nanoseconds as `845 ns`, `12.3 µs`, `1.25 ms`, `2.50 s`.
    public static func duration(_ nanoseconds: Double) -> String {
        scaled(nanoseconds, [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")])
    }

    /// Events a second as `950 /s`, `12.3 k/s`, `1.25 M/s`.
    public static func rate(_ perSecond: Double) -> String {
        scaled(perSecond, [(1e6, "M/s"), (1e3, "k/s"), (1, "/s")])
    }

    /// Bytes as `512 B`, `1.50 KiB`, `64.0 MiB`.
    public static func bytes(_ bytes: Double) -> String {
        scaled(bytes, [(1_073_741_824, "GiB"), (1_048_576, "MiB"), (1_024, "KiB"), (1, "B")])
    }

    /// A number with three significant digits, whole ones in full with commas.
    public static func number(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? count(Int64(number)) : significant(number)
    }

    /// A whole number with commas: `1,204,331`.
    public static func count(_ number: some BinaryInteger) -> String {
        var text = ""
        let digits = String(number.magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// A metric's number with its unit.
    public static func text(_ number: Double, of metric: Metric) -> String {
        switch metric.unit {
        case .nanoseconds: duration(number)
        case .microseconds: duration(number * 1e3)
        case .seconds: duration(number * 1e9)
        case .perSecond: rate(number)
        case .bytes: bytes(number)
        case .share: fixed(number, 3)
        case .number, .text: self.number(number)
        }
    }

    /// Nanoseconds as flags take them, exactly: `5s`, `1500ms`, `250us`, `17ns`.
    public static func exactDuration(_ nanoseconds: UInt64) -> String {
        for (size, unit) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")] as [(UInt64, String)]
        where nanoseconds >= size && nanoseconds % size == 0 {
            return "\(nanoseconds / size)\(unit)"
        }
        return "\(nanoseconds)ns"
    }

    private static func scaled(_ number: Double, _ units: [(size: Double, name: String)]) -> String {
        // 999.6 of a unit would be written as 1000 of it: that is 1.00 of the next.
        let unit = units.first { abs(number) >= $0.size * 0.9995 } ?? units[units.count - 1]
        let value = number / unit.size
        let isWhole = unit.size == 1 && value == value.rounded()
        return "\(isWhole ? fixed(value, 0) : significant(value)) \(unit.name)"
    }

    private static func significant(_ number: Double) -> String {
        let size = abs(number)
        let decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 || size == 0 ? 2 : size >= 0.0995 ? 3 : 4
        return fixed(number, decimals)
    }

    static func fixed(_ number: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", number)
    }
}
