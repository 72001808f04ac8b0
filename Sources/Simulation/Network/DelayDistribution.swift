import ProtocolKit
import Workload

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long messages are on their way, in nanoseconds, apart from the distance between regions.
public enum DelayDistribution: Sendable, Hashable {
    /// All equally long.
    case constant(UInt64)
    /// Everything between two bounds equally likely.
    case uniform(ClosedRange<UInt64>)
    /// What exceeds the shortest is exponentially distributed; cut off at the longest.
    case exponential(minimum: UInt64, mean: UInt64, maximum: UInt64)
    /// The logarithm is normally distributed with standard deviation `sigma` (0.5 is what measured paths show, 1 has a
    /// long tail); cut off at the longest.
    case logNormal(median: UInt64, sigma: Double, maximum: UInt64)

    /// One delay.
    public func draw(_ random: inout SeededGenerator) -> UInt64 {
        switch self {
        case .constant(let delay): return delay
        case .uniform(let range):
            return range.lowerBound + random.below(range.upperBound - range.lowerBound + 1)
        case .exponential(let minimum, let mean, let maximum):
            guard mean > minimum else { return minimum }
            let drawn = minimum + UInt64(random.exponential(mean: Double(mean - minimum)))
            return min(drawn, max(maximum, minimum))
        case .logNormal(let median, let sigma, let maximum):
            // Box and Muller's method; the second number is dropped to keep a draw independent of the one before.
            let radius = (2 * random.exponential(mean: 1)).squareRoot()
            let normal = radius * cos(2 * Double.pi * random.unitInterval())
            return UInt64(min(Double(median) * exp(sigma * normal), Double(maximum)))
        }
    }

    /// A typical delay: the mean, or the median of a log-normal one.
    public var typical: UInt64 {
        switch self {
        case .constant(let delay): delay
        case .uniform(let range): range.lowerBound + (range.upperBound - range.lowerBound) / 2
        case .exponential(let minimum, let mean, _): max(minimum, mean)
        case .logNormal(let median, _, _): median
        }
    }
}

extension DelayDistribution: CustomStringConvertible {
    /// As the command line writes it: `exponential 50us 300us 10ms`.
    public var description: String {
        switch self {
        case .constant(let delay): "constant \(DurationText.write(delay))"
        case .uniform(let range):
            "uniform \(DurationText.write(range.lowerBound)) \(DurationText.write(range.upperBound))"
        case .exponential(let minimum, let mean, let maximum):
            "exponential \(DurationText.write(minimum)) \(DurationText.write(mean)) \(DurationText.write(maximum))"
        case .logNormal(let median, let sigma, let maximum):
            "log-normal \(DurationText.write(median)) \(sigma) \(DurationText.write(maximum))"
        }
    }

    /// The forms that ``init(parsing:)`` reads.
    public static let forms = [
        "constant 300us", "uniform 100us 2ms", "exponential 50us 300us 10ms", "log-normal 300us 0.5 10ms",
    ]

    /// Reads what ``description`` writes; nil where the text is of none of the ``forms``.
    public init?(parsing text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard let name = words.first else { return nil }
        var times: [UInt64] = []
        for (place, word) in words.dropFirst().enumerated() where !(name == "log-normal" && place == 1) {
            guard let time = DurationText.read(word) else { return nil }
            times.append(time)
        }
        switch (name, times.count, words.count) {
        case ("constant", 1, 2): self = .constant(times[0])
        case ("uniform", 2, 3) where times[0] <= times[1]: self = .uniform(times[0]...times[1])
        case ("exponential", 3, 4) where times[0] <= times[1] && times[1] <= times[2]:
            self = .exponential(minimum: times[0], mean: times[1], maximum: times[2])
        case ("log-normal", 2, 4):
            guard let sigma = Double(words[2]), sigma >= 0, sigma <= 4, times[0] <= times[1] else { return nil }
            self = .logNormal(median: times[0], sigma: sigma, maximum: times[1])
        default: return nil
        }
    }
}
