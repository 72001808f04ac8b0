/// Which counter a value falls into: the bucket arithmetic of HdrHistogram (Gil Tene, hdrhistogram.org).
///
/// Three digits mean that a value is told from the next one 0.1 % away. 2 × 10³ = 2,000 values in a row, kept one by
/// one, do that from 1,000 upwards; rounded up to a power of two that is 2,048 = 2¹¹, the *sub-buckets*. Bucket 0 takes
/// the values 0...2,047 in steps of 1. Bucket 1 would take 0...4,095 in steps of 2, but its lower half is bucket 0
/// already, so only the 1,024 sub-buckets of its upper half exist; bucket 2 takes 4,096...8,191 in steps of 4 ...
///
/// Worked, at three digits: 5,000 has 64 − 13 = 51 leading zeros, so bucket = 53 − 51 = 2 and the sub-bucket is
/// 5,000 >> 2 = 1,250. The counters before bucket 2's half number (2 + 1) × 1,024, and the half starts at sub-bucket
/// 1,024: counter 3,072 + 1,250 − 1,024 = 3,298. It stands for 1,250 << 2 = 5,000 up to 5,003.
public struct HistogramLayout: Hashable, Sendable {
    /// Decimal digits kept, 1...5.
    public let significantDigits: Int
    /// The smallest value told from zero; values are kept in units of the power of two at or below it.
    public let lowestDiscernible: UInt64
    /// The largest value that must be countable.
    public let highestTrackable: UInt64
    @usableFromInline let unitMagnitude: Int
    @usableFromInline let halfMagnitude: Int
    @usableFromInline let leadingZeroBase: Int
    @usableFromInline let mask: UInt64
    /// How many counters there are.
    public let counterCount: Int

    /// The largest range end, 2⁶² − 1: twice it still fits a signed number, as the file format demands.
    public static let largestValue: UInt64 = (1 << 62) - 1
    /// One hour in nanoseconds.
    public static let hour: UInt64 = 3_600_000_000_000

    /// Checks the three numbers and derives the rest; nil unless digits are 1...5, `lowestDiscernible` is positive and
    /// `highestTrackable` is at least twice it and at most `largestValue`.
    public init?(significantDigits: Int, lowestDiscernible: UInt64 = 1, highestTrackable: UInt64 = hour) {
        guard (1...5).contains(significantDigits), lowestDiscernible >= 1,
            lowestDiscernible <= Self.largestValue / 2,
            (2 * lowestDiscernible...Self.largestValue).contains(highestTrackable)
        else { return nil }
        self.significantDigits = significantDigits
        self.lowestDiscernible = lowestDiscernible
        self.highestTrackable = highestTrackable
        let singleSteps = [20, 200, 2_000, 20_000, 200_000][significantDigits - 1]
        // 2,000 → 1,999 has 11 bits → 2¹¹ sub-buckets, half of them 2¹⁰.
        halfMagnitude = Int.bitWidth - (singleSteps - 1).leadingZeroBitCount - 1
        unitMagnitude = 63 - lowestDiscernible.leadingZeroBitCount
        guard unitMagnitude + halfMagnitude <= 61 else { return nil }
        mask = ((2 << UInt64(halfMagnitude)) - 1) << UInt64(unitMagnitude)
        leadingZeroBase = 64 - unitMagnitude - halfMagnitude - 1
        var buckets = 1
        var firstBeyond: UInt64 = (2 << UInt64(halfMagnitude)) << UInt64(unitMagnitude)
        while firstBeyond <= highestTrackable {
            firstBeyond <<= 1
            buckets += 1
        }
        counterCount = (buckets + 1) << halfMagnitude
    }

    /// Three digits, 1 ns ... 1 hour: what latencies are recorded in.
    public static let latency = HistogramLayout(significantDigits: 3)!
    /// Two digits, 1 ns ... 1 hour: what timelines keep per interval.
    public static let timeline = HistogramLayout(significantDigits: 2)!

    /// The counter of `value`; below `counterCount` for values up to `highestTrackable`.
    @inlinable public func counterIndex(of value: UInt64) -> Int {
        let bucket = leadingZeroBase &- (value | mask).leadingZeroBitCount
        let subBucket = Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: bucket &+ unitMagnitude))
        return ((bucket &+ 1) &<< halfMagnitude) &+ subBucket &- (1 &<< halfMagnitude)
    }

    /// The smallest value of a counter.
    public func lowestValue(ofCounter index: Int) -> UInt64 {
        // 3,298 >> 10 = 3, so bucket 2; 3,298 mod 1,024 + 1,024 = 1,250; 1,250 << 2 = 5,000. Counters below 1,024 are
        // the lower half of bucket 0, which comes out as bucket −1.
        let bucket = (index >> halfMagnitude) - 1
        let within = index & ((1 << halfMagnitude) - 1)
        return bucket < 0
            ? UInt64(within) << UInt64(unitMagnitude)
            : UInt64(within + (1 << halfMagnitude)) << UInt64(bucket + unitMagnitude)
    }

    /// How many values share a counter.
    public func width(ofCounter index: Int) -> UInt64 {
        1 << UInt64(max(0, (index >> halfMagnitude) - 1) + unitMagnitude)
    }

    /// The largest value of a counter.
    public func highestValue(ofCounter index: Int) -> UInt64 {
        lowestValue(ofCounter: index) + width(ofCounter: index) - 1
    }

    /// The value that stands for all of a counter's in a mean: the middle.
    public func middleValue(ofCounter index: Int) -> UInt64 {
        lowestValue(ofCounter: index) + width(ofCounter: index) / 2
    }

    var bucketCount: Int { (counterCount >> halfMagnitude) - 1 }
    var subBucketCount: Int { 2 << halfMagnitude }
}
