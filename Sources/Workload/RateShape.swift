/// How the rate of arrivals moves over a window, as a factor of the rate that was asked for.
///
/// | text | what it is |
/// |---|---|
/// | `steady` | the rate throughout |
/// | `ramp:0.1..1` | from a tenth of the rate to all of it, evenly |
/// | `steps:0.25,0.5,1` | stairs of equal length |
/// | `spike:5@0.5+0.1` | five times the rate for a tenth of the window from its middle on |
/// | `sine:0.5x3` | half as much up and down, three times |
///
/// Times are shares of the window, so that a shape means the same for a glance and for an hour.
public enum RateShape: Sendable, Hashable {
    /// The rate throughout.
    case steady
    /// Evenly from one factor to another.
    case ramp(from: Double, to: Double)
    /// Stairs of equal length.
    case steps([Double])
    /// A factor for a share of the window, the plain rate before and after.
    case spike(factor: Double, at: Double, length: Double)
    /// 1 + amplitude · sin, so many whole waves.
    case sine(amplitude: Double, waves: Int)

    /// The most stairs or waves.
    public static let mostParts = 1_000
    /// The largest factor.
    public static let largestFactor = 1_000.0

    /// The factor at a share of the window, 0...1.
    public func factor(at share: Double) -> Double {
        switch self {
        case .steady: 1
        case .ramp(let from, let to): from + (to - from) * share
        case .steps(let factors): factors[min(Int(share * Double(factors.count)), factors.count - 1)]
        case .spike(let factor, let at, let length): share >= at && share < at + length ? factor : 1
        case .sine(let amplitude, let waves): 1 + amplitude * Self.sine(2 * .pi * Double(waves) * share)
        }
    }

    /// The integral of ``factor(at:)`` from 0 to a share of the window.
    public func cumulative(to share: Double) -> Double {
        switch self {
        case .steady: return share
        case .ramp(let from, let to): return from * share + (to - from) * share * share / 2
        case .steps(let factors):
            let position = share * Double(factors.count)
            let whole = min(Int(position), factors.count)
            let sum = factors[..<whole].reduce(0, +)
            let part = whole < factors.count ? (position - Double(whole)) * factors[whole] : 0
            return (sum + part) / Double(factors.count)
        case .spike(let factor, let at, let length):
            return share + (factor - 1) * min(max(share - at, 0), length)
        case .sine(let amplitude, let waves):
            let angle = 2 * Double.pi * Double(waves)
            // 1 − cos x as 2 sin²(x/2), which doesn't cancel near 0.
            let half = Self.sine(angle * share / 2)
            return share + amplitude * 2 * half * half / angle
        }
    }

    /// The mean factor over the window.
    public var mean: Double { cumulative(to: 1) }

    /// The share of the window by which a share of all arrivals has come: the inverse of ``cumulative(to:)``.
    public func share(ofArrivals part: Double) -> Double {
        if case .steady = self { return part }
        let target = part * mean
        var (low, high) = (0.0, 1.0)
        for _ in 0..<52 {
            let middle = (low + high) / 2
            if cumulative(to: middle) < target { low = middle } else { high = middle }
        }
        return high
    }

    /// Taylor's series after reduction to ±π/2: the same digits on every machine, which no system library promises.
    private static func sine(_ angle: Double) -> Double {
        var x = angle - (angle / (2 * .pi)).rounded() * 2 * .pi
        if x > .pi / 2 { x = .pi - x } else if x < -.pi / 2 { x = -.pi - x }
        let square = x * x
        var term = x
        var sum = x
        for k in stride(from: 2.0, through: 20, by: 2) {
            term *= -square / (k * (k + 1))
            sum += term
        }
        return sum
    }
}

extension RateShape {
    private static let validForms = ["steady", "ramp:0.1..1", "steps:0.25,0.5,1", "spike:5@0.5+0.1", "sine:0.5x3"]

    /// Reads a shape.
    ///
    /// - Throws: `WorkloadError.unreadable` with all the forms that there are.
    public init(parsing text: String) throws(WorkloadError) {
        func refuse(_ reason: String) -> WorkloadError {
            .unreadable(subject: "shape of the rate", text: text, reason: reason, validForms: Self.validForms)
        }
        func number(_ part: some StringProtocol, _ range: ClosedRange<Double>) throws(WorkloadError) -> Double {
            guard let value = Double(String(part)), range.contains(value) else {
                throw refuse(
                    "'\(part)' isn't a number from \(plainText(range.lowerBound)) to \(plainText(range.upperBound))")
            }
            return value
        }
        let factors = 0...Self.largestFactor
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? parts[1] : ""
        switch parts[0] {
        case "steady" where parts.count == 1: self = .steady
        case "ramp":
            let ends = rest.split(separator: "..", omittingEmptySubsequences: false)
            guard ends.count == 2 else { throw refuse("a ramp goes from one factor to another") }
            self = .ramp(from: try number(ends[0], factors), to: try number(ends[1], factors))
        case "steps":
            var stairs: [Double] = []
            for stair in rest.split(separator: ",", omittingEmptySubsequences: false) {
                stairs.append(try number(stair, factors))
            }
            guard stairs.count <= Self.mostParts else { throw refuse("at most \(Self.mostParts) steps are possible") }
            self = .steps(stairs)
        case "spike":
            let halves = rest.split(separator: "@", omittingEmptySubsequences: false)
            let times = halves.last?.split(separator: "+", omittingEmptySubsequences: false) ?? []
            guard halves.count == 2, times.count == 2 else {
                throw refuse("a spike has a factor, a place and a length")
            }
            let (at, length) = (try number(times[0], 0...1), try number(times[1], 0...1))
            guard at + length <= 1 else { throw refuse("the spike ends after the window") }
            self = .spike(factor: try number(halves[0], factors), at: at, length: length)
        case "sine":
            let halves = rest.split(separator: "x", omittingEmptySubsequences: false)
            guard halves.count == 2, let waves = Int(halves[1]), (1...Self.mostParts).contains(waves) else {
                throw refuse("a sine has an amplitude and a number of waves from 1 to \(Self.mostParts)")
            }
            self = .sine(amplitude: try number(halves[0], 0...1), waves: waves)
        default: throw refuse("there is no such shape")
        }
        guard mean > 0 else { throw refuse("no operation would ever arrive") }
    }
}

extension RateShape: CustomStringConvertible {
    /// The text that reads back as this shape.
    public var description: String {
        switch self {
        case .steady: "steady"
        case .ramp(let from, let to): "ramp:\(plainText(from))..\(plainText(to))"
        case .steps(let factors): "steps:" + factors.map(plainText).joined(separator: ",")
        case .spike(let factor, let at, let length): "spike:\(plainText(factor))@\(plainText(at))+\(plainText(length))"
        case .sine(let amplitude, let waves): "sine:\(plainText(amplitude))x\(waves)"
        }
    }
}

extension RateShape: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do throws(WorkloadError) {
            self = try RateShape(parsing: text)
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
