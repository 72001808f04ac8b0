/// What a trial makes its threads do.
public struct ThreadLockLoad: Sendable, Equatable {
    /// How long the measured window lasts.
    public enum Length: Sendable, Equatable {
        /// For so many nanoseconds.
        case nanoseconds(UInt64)
        /// Until all threads together have acquired so many times.
        case acquisitions(UInt64)

        /// A day, or as many acquisitions.
        static var limit: UInt64 { 86_400_000_000_000 }

        var amount: UInt64 {
            switch self {
            case .nanoseconds(let amount), .acquisitions(let amount): amount
            }
        }
    }

    /// How many threads compete, 1 to 65,535.
    public var threads: Int
    /// The excluded start, in the same unit as the window or not.
    public var warmUp: Length
    /// The measured window.
    public var window: Length
    /// Acquisitions, after the window, whose order is checked exactly; 0 for none.
    ///
    /// The check stamps every request with a shared counter. That perturbs, so it is kept out of the window.
    public var auditedAcquisitions: Int
    /// Work inside the critical section, in nanoseconds of a running core, beyond touching the shared lines.
    public var criticalSectionNanoseconds: UInt64
    /// Shared cache lines that a critical section writes, 1 to 1,024.
    public var sharedCacheLines: Int
    /// Mean work between a release and the next request, in nanoseconds of a running core; drawn uniformly between half
    /// and one and a half times as much.
    public var thinkNanoseconds: UInt64
    /// Every so many acquisitions a thread sleeps for `holderNapMicroseconds` with the lock held, as if preempted there,
    /// and before its next such request again; 0 for never.
    public var holderNapInterval: UInt64
    /// Whether thread `i` is bound to the `i`-th allowed processor, modulo their number.
    public var pinsThreads: Bool
    /// The seed of think times and back-offs.
    public var seed: UInt64
    /// After so many nanoseconds without an acquisition by any thread the trial is given up as stalled.
    public var stallNanoseconds: UInt64

    /// How long a holder's nap is asked to last, in microseconds; the kernel adds its timer slack.
    public static var holderNapMicroseconds: UInt32 { 50 }

    /// Creates a load; the defaults are a short, contended one.
    public init(
        threads: Int = 4, warmUp: Length = .nanoseconds(50_000_000), window: Length = .nanoseconds(500_000_000),
        auditedAcquisitions: Int = 16_384, criticalSectionNanoseconds: UInt64 = 100, sharedCacheLines: Int = 1,
        thinkNanoseconds: UInt64 = 200, holderNapInterval: UInt64 = 0, pinsThreads: Bool = false, seed: UInt64 = 1,
        stallNanoseconds: UInt64 = 5_000_000_000
    ) {
        self.threads = threads
        self.warmUp = warmUp
        self.window = window
        self.auditedAcquisitions = auditedAcquisitions
        self.criticalSectionNanoseconds = criticalSectionNanoseconds
        self.sharedCacheLines = sharedCacheLines
        self.thinkNanoseconds = thinkNanoseconds
        self.holderNapInterval = holderNapInterval
        self.pinsThreads = pinsThreads
        self.seed = seed
        self.stallNanoseconds = stallNanoseconds
    }

    /// Checks what may have come from a person.
    func validate() throws(ThreadLockError) {
        try Self.check(threads, in: 1...65_535, of: "threads")
        try Self.check(sharedCacheLines, in: 1...1_024, of: "sharedCacheLines")
        try Self.check(auditedAcquisitions, in: 0...(1 << 22), of: "auditedAcquisitions")
        try Self.check(criticalSectionNanoseconds, in: 0...1_000_000_000, of: "criticalSectionNanoseconds")
        try Self.check(thinkNanoseconds, in: 0...1_000_000_000, of: "thinkNanoseconds")
        try Self.check(stallNanoseconds, in: 1_000_000...3_600_000_000_000, of: "stallNanoseconds")
        try Self.check(warmUp.amount, in: 0...Length.limit, of: "warmUp")
        try Self.check(window.amount, in: 1...Length.limit, of: "window")
    }

    private static func check<Value: FixedWidthInteger & Sendable>(
        _ value: Value, in range: ClosedRange<Value>, of name: String
    ) throws(ThreadLockError) {
        guard range.contains(value) else {
            throw .loadOutOfRange(name: name, value: "\(value)", allowed: "\(range.lowerBound)...\(range.upperBound)")
        }
    }
}
