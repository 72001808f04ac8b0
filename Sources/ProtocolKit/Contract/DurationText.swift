/// Times as faults, delays and region matrices write them: `5ms`, `1.5s`, `250us`, `7ns`.
public enum DurationText {
    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]
    /// Longest time that can be written: a day.
    public static let bound = UInt64(86_400) * 1_000_000_000

    /// A time in the largest unit that gives a whole number; ``read(_:)`` gives back the very same time.
    public static func write(_ nanoseconds: UInt64) -> String {
        for (name, size) in units where nanoseconds >= size && nanoseconds % size == 0 {
            return "\(nanoseconds / size)\(name)"
        }
        return "\(nanoseconds)ns"
    }

    /// The nanoseconds of a number and its unit, nil for what is none, is negative or exceeds ``bound``.
    public static func read(_ text: some StringProtocol) -> UInt64? {
        guard let unitStart = text.firstIndex(where: { !($0.isASCII && $0.isNumber) && $0 != "." }) else { return nil }
        let unit = text[unitStart...]
        guard let size = units.first(where: { $0.name == unit })?.nanoseconds else { return nil }
        let digits = text[..<unitStart]
        if let whole = UInt64(digits) {
            let (product, overflows) = whole.multipliedReportingOverflow(by: size)
            return overflows || product > bound ? nil : product
        }
        guard let number = Double(digits), number >= 0 else { return nil }
        let product = (number * Double(size)).rounded()
        return product <= Double(bound) ? UInt64(product) : nil
    }
}
