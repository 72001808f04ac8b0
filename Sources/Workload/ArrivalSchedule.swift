/// The moments at which the operations of an open loop are meant to start, fixed in advance by index.
///
/// Nothing that the system under test does can move an arrival: a slow answer makes later operations late, not rarer.
///
///     let schedule = try ArrivalSchedule(.poisson, ratePerSecond: 5_000, windowNanoseconds: 10_000_000_000, seed: 1)
///     for start in schedule { ... }   // nanoseconds from the start of the window, never falling
///
/// Poisson arrivals are *conditioned* on their number: N = rate × window arrivals are N independent uniforms over the
/// window, sorted, which is the law of a Poisson process given its count (Ross, "Stochastic processes", theorem 2.3.1).
/// So the offered load is the same for every seed, and only the spacing is random.
///
/// They are never held in memory together. The window is halved until a block holds some 256 arrivals. A half's
/// count is Binomial(n, ½), drawn exactly as the number of ones in n random bits, so a hundred million arrivals cost
/// some 30 million draws at the start; each block has a stream of its own and is filled and sorted when reached.
public struct ArrivalSchedule: Sendable, Sequence {
    /// The law of the arrivals.
    public enum Process: String, Sendable, Codable, CaseIterable {
        /// Evenly spaced.
        case constant
        /// Poisson, conditioned on the count.
        case poisson
    }

    /// The most arrivals that one schedule may have.
    public static let largestCount = 1_000_000_000
    static let arrivalsPerBlock = 256

    /// The law of the arrivals.
    public let process: Process
    /// Arrivals a second, where the shape's factor is 1.
    public let ratePerSecond: Double
    /// How the rate moves over the window.
    public let shape: RateShape
    /// The length of the window; every arrival lies before it.
    public let windowNanoseconds: UInt64
    /// How many arrivals there are: rate × mean factor × window, rounded.
    public let count: Int

    private let generator: SeededGenerator
    /// Poisson only: the index of each block's first arrival, and `count` at the end.
    private let blockOffsets: [Int]

    /// Fixes the arrivals. The same arguments give the same schedule.
    ///
    /// Throws `WorkloadError.impossible` for a rate or window that isn't positive, or more than `largestCount` arrivals.
    public init(
        _ process: Process, ratePerSecond: Double, shape: RateShape = .steady, windowNanoseconds: UInt64, seed: UInt64
    ) throws(WorkloadError) {
        guard ratePerSecond > 0, ratePerSecond.isFinite else {
            throw .impossible(subject: "rate", reason: "\(ratePerSecond) a second; it must be positive")
        }
        guard windowNanoseconds > 0, windowNanoseconds < 1 << 52 else {
            throw .impossible(
                subject: "window", reason: "\(windowNanoseconds) ns; it must be positive and below 52 days")
        }
        let expected = (ratePerSecond * shape.mean * Double(windowNanoseconds) / 1e9).rounded()
        guard expected <= Double(Self.largestCount) else {
            throw .impossible(
                subject: "arrivals", reason: "\(expected) in the window; at most \(Self.largestCount) are possible")
        }
        self.process = process
        self.ratePerSecond = ratePerSecond
        self.shape = shape
        self.windowNanoseconds = windowNanoseconds
        count = Int(expected)
        generator = SeededGenerator(seed: seed)
        blockOffsets = process == .poisson ? Self.offsets(count: count, generator: generator) : []
    }

    /// Halves the window level by level; node k's halves are nodes 2k and 2k + 1, as in a heap.
    private static func offsets(count: Int, generator: SeededGenerator) -> [Int] {
        var counts = [count]
        while count / counts.count > arrivalsPerBlock {
            var halves: [Int] = []
            halves.reserveCapacity(2 * counts.count)
            for (position, parent) in counts.enumerated() {
                var bits = generator.split((1 << 63) | UInt64(counts.count + position))
                let left = onesAmong(parent, &bits)
                halves.append(left)
                halves.append(parent - left)
            }
            counts = halves
        }
        var offsets = [0]
        offsets.reserveCapacity(counts.count + 1)
        for blockCount in counts { offsets.append(offsets[offsets.count - 1] + blockCount) }
        return offsets
    }

    private static func onesAmong(_ bits: Int, _ rng: inout SeededGenerator) -> Int {
        var ones = 0
        for _ in 0..<(bits / 64) { ones += rng.next().nonzeroBitCount }
        if bits % 64 > 0 { ones += (rng.next() >> (64 - UInt64(bits % 64))).nonzeroBitCount }
        return ones
    }

    private func fill(_ block: Int, into starts: inout [UInt64]) {
        starts.removeAll(keepingCapacity: true)
        var rng = generator.split(UInt64(block))
        let blockNanoseconds = Double(windowNanoseconds) / Double(blockOffsets.count - 1)
        for _ in blockOffsets[block]..<blockOffsets[block + 1] {
            let start = (Double(block) + rng.unitInterval()) * blockNanoseconds
            starts.append(bent(start))
        }
        starts.sort()
    }

    private func constantStart(_ index: Int) -> UInt64 {
        if case .steady = shape {
            return Swift.min(UInt64(Double(index) * 1e9 / ratePerSecond), windowNanoseconds - 1)
        }
        return bent(Double(index) / Double(count) * Double(windowNanoseconds))
    }

    /// A moment of the steady law moved to where the shape has it: a Poisson process whose rate moves is one of rate 1
    /// whose time is stretched by the inverse of the integrated rate (Çinlar 1975, chapter 4).
    private func bent(_ nanoseconds: Double) -> UInt64 {
        guard shape != .steady else { return Swift.min(UInt64(nanoseconds), windowNanoseconds - 1) }
        let window = Double(windowNanoseconds)
        return Swift.min(UInt64(shape.share(ofArrivals: nanoseconds / window) * window), windowNanoseconds - 1)
    }

    /// When arrival `index`, in `0..<count`, is meant to start: nanoseconds from the start of the window.
    ///
    /// - Complexity: O(1) for a constant rate. For Poisson each call fills a block of some 256; to walk, iterate.
    public func intendedStartNanoseconds(_ index: Int) -> UInt64 {
        precondition((0..<count).contains(index), "the schedule has \(count) arrivals, there is no number \(index)")
        if process == .constant { return constantStart(index) }
        var low = 0
        var high = blockOffsets.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if blockOffsets[middle] <= index { low = middle } else { high = middle }
        }
        var starts: [UInt64] = []
        fill(low, into: &starts)
        return starts[index - blockOffsets[low]]
    }

    /// Walks the arrivals in order; needs the memory of one block.
    public struct Iterator: IteratorProtocol, Sendable {
        private let schedule: ArrivalSchedule
        private var index = 0
        private var block = -1
        private var blockEnd = 0
        private var starts: [UInt64] = []

        init(_ schedule: ArrivalSchedule) {
            self.schedule = schedule
        }

        /// The next intended start in nanoseconds from the start of the window, or nil after the last.
        public mutating func next() -> UInt64? {
            guard index < schedule.count else { return nil }
            defer { index += 1 }
            if schedule.process == .constant { return schedule.constantStart(index) }
            while index >= blockEnd {
                block += 1
                blockEnd = schedule.blockOffsets[block + 1]
                schedule.fill(block, into: &starts)
            }
            return starts[index - schedule.blockOffsets[block]]
        }
    }

    /// An iterator at the first arrival.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// `count`, which is exact.
    public var underestimatedCount: Int { count }
}
