/// What theory says of latencies when a server stands still once, under operations that keep arriving evenly.
///
/// Arrivals at equal distances meet a server that stands still for S within a window of length W, and whose own service
/// takes next to nothing. Whoever arrives a time t after the stall began waits S − t, so that a share S/W of all waits,
/// evenly spread over 0...S. Where the server is busy for a share ρ of its time, it works the backlog off at what is left,
/// and 1/(1 − ρ) as many are delayed, just as evenly: the wait falls by 1 − ρ for each unit of time.
///
/// A single user who starts an operation when the last has ended meets the stall once, however many would have come
/// meanwhile: that is coordinated omission (Tene, "How NOT to measure latency", 2013).
public struct StallModel: Sendable, Hashable {
    /// How long the server stands still, nanoseconds.
    public var stallNanoseconds: Double
    /// The length of the window, nanoseconds.
    public var windowNanoseconds: Double
    /// The share of its time that the server is busy otherwise, 0..<1.
    public var utilization: Double

    /// A stall of its parts; it ends, and its backlog with it, before the window does.
    public init(stallNanoseconds: Double, windowNanoseconds: Double, utilization: Double = 0) {
        precondition(stallNanoseconds >= 0 && windowNanoseconds > 0, "times are positive")
        precondition((0..<1).contains(utilization), "a server that is always busy never catches up")
        self.stallNanoseconds = stallNanoseconds
        self.windowNanoseconds = windowNanoseconds
        self.utilization = utilization
    }

    /// The share of the operations that the stall delays, 0...1.
    public var delayedShare: Double {
        min(1, stallNanoseconds / windowNanoseconds / (1 - utilization))
    }

    /// The latency at a quantile, counted from the intended start, in nanoseconds: what the stall adds to the service.
    public func latencyNanoseconds(atQuantile quantile: Double) -> Double {
        guard delayedShare > 0 else { return 0 }
        return max(0, stallNanoseconds * (1 - (1 - quantile) / delayedShare))
    }
}
