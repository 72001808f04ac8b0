import ProtocolKit

/// How the simulated network behaves. Without loss, duplication and reordering it is TCP's: first in, first out, and
/// what is lost is lost with its connection, which both ends are told.
public struct NetworkOptions: Sendable, Hashable {
    /// How long a message takes within a region.
    public var delay = DelayDistribution.exponential(
        minimum: .microseconds(50), mean: .microseconds(300), maximum: .milliseconds(10))
    /// How far apart nodes and clients are beside that.
    public var regions = RegionMatrix.lan
    /// Probability that a message between nodes is lost without a word, from the moment when faults begin.
    public var loss = 0.0
    /// Probability that a message between nodes arrives twice, likewise.
    public var duplication = 0.0
    /// Probability that a message between nodes can be overtaken, likewise.
    public var reordering = 0.0
    /// Whether a seed that draws a network of its own draws loss, duplication and reordering too.
    public var variesMishaps = true
    /// Bytes a second that the path from one node to another carries; 0 for any number.
    public var capacityBytesPerSecond = UInt64(0)
    /// Bytes that wait for a path at most: where more would, the connection breaks, as the real runtime has it.
    public var queueBytes = UInt64(1) << 20
    /// Longest time until the ends of a broken connection notice, in nanoseconds.
    public var detectionNanoseconds = UInt64.milliseconds(50)
    /// The usual network.
    public init() {}
}

extension SimulationOptions {
    /// Spreads nodes and clients over regions, and lets time-outs of clients and connections allow for the distance.
    /// Time-outs of the system are options of its own.
    public mutating func spread(over regions: RegionMatrix) {
        network.regions = regions
        network.detectionNanoseconds += 2 * regions.longestRoundTrip
        operationTimeoutNanoseconds += 6 * regions.longestRoundTrip
    }
}
