/// Where a trial's lookup times go: a histogram, usually. Batches are timed as a whole, since a clock reading costs more
/// than a lookup.
public protocol LookupSink {
    /// Takes the time that `lookups` lookups took together, in nanoseconds.
    mutating func record(batchNanoseconds: UInt64, lookups: Int)
}
