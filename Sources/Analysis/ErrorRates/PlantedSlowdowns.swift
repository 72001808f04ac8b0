import Harness
import LoopbackRuntime
import Statistics

/// The delays that are planted to see whether a gate sees them.
public struct PlantedSlowdowns: Sendable, Codable, Hashable {
    /// Nanoseconds of processor time for every request that take about 5 % of the throughput.
    public var slower5: UInt64
    /// Those that take about 10 %.
    public var slower10: UInt64
    /// Nanoseconds of a rare pause.
    public var pause: UInt64
    /// After how many requests it comes.
    public var pauseEvery: UInt64

    /// The delay of an arm; nil for the program as it is.
    public func delay(of arm: TrialPool.Arm) -> PlantedDelay? {
        switch arm {
        case .same1, .same2, .same3: nil
        case .slower5: PlantedDelay(nanoseconds: slower5)
        case .slower10: PlantedDelay(nanoseconds: slower10)
        case .tail: PlantedDelay(nanoseconds: pause, every: pauseEvery)
        }
    }

    /// The delay that a calibration tries first.
    public static let firstTry: UInt64 = 2_000

    /// The delays by what trials with a known one did.
    ///
    /// The time for an operation, one over the throughput, grows in proportion to the delay: the nodes and the load share
    /// the processors. The pause comes once for so many requests that 2 % of them meet it, and takes half as long as the
    /// slowest percent did.
    ///
    /// - Parameters:
    ///   - tried: the delay tried, nanoseconds.
    ///   - ratio: throughput with it over throughput without.
    ///   - atOnce: operations under way at once.
    ///   - p99: the 99th percentile of latency without delay, nanoseconds.
    /// - Returns: nil where the delay tried had no effect that could be told.
    public init?(tried: UInt64, ratio: Double, atOnce: Int, p99: Double) {
        guard ratio > 0, ratio < 0.99, p99.isFinite, p99 > 0 else { return nil }
        let perNanosecond = (1 / ratio - 1) / Double(tried)
        func delay(_ loss: Double) -> UInt64 { UInt64(max(1, ((1 / (1 - loss) - 1) / perNanosecond).rounded())) }
        slower5 = delay(0.05)
        slower10 = delay(0.1)
        pause = UInt64(min(max(p99 / 2, 100_000), 100_000_000))
        pauseEvery = UInt64(max(2, 50 * atOnce))
    }
}
