/// Where a trial's acquire latencies go: a histogram, usually.
///
/// Each thread has a sink of its own. Samples arrive in batches, between two acquisitions, so that the sink's cost and
/// the call to it stay out of the measured intervals.
public protocol LatencySink: SendableMetatype {
    /// Takes one latency in nanoseconds.
    mutating func record(_ nanoseconds: UInt64)

    /// Takes a batch of latencies in nanoseconds.
    mutating func record(contentsOf batch: UnsafeBufferPointer<UInt64>)
}

extension LatencySink {
    /// Takes a batch of latencies in nanoseconds, one by one.
    @inlinable
    public mutating func record(contentsOf batch: UnsafeBufferPointer<UInt64>) {
        for nanoseconds in batch { record(nanoseconds) }
    }
}
