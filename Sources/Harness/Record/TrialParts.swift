import Measurement

/// What came of every operation that the schedule offered in the window: nothing disappears.
public struct ArrivalAccount: Sendable, Codable, Hashable {
    /// Operations whose intended start lies in the window.
    public var offered: UInt64 = 0
    /// Of them, succeeded.
    public var completed: UInt64 = 0
    /// Of them, answered with an error, or the connection was lost.
    public var failed: UInt64 = 0
    /// Of them, not answered in the time given.
    public var timedOut: UInt64 = 0
    /// Of them, never sent because no slot was free for too long.
    public var dropped: UInt64 = 0
    /// Of them, still under way when the drain ended.
    public var inFlightAtEnd: UInt64 = 0

    /// An account; zeros unless said otherwise.
    public init(
        offered: UInt64 = 0, completed: UInt64 = 0, failed: UInt64 = 0, timedOut: UInt64 = 0, dropped: UInt64 = 0,
        inFlightAtEnd: UInt64 = 0
    ) {
        self.offered = offered
        self.completed = completed
        self.failed = failed
        self.timedOut = timedOut
        self.dropped = dropped
        self.inFlightAtEnd = inFlightAtEnd
    }

    /// Offered less all that is accounted for; 0 unless the generator itself is wrong.
    public var unaccounted: Int64 {
        Int64(clamping: offered) - Int64(clamping: completed &+ failed &+ timedOut &+ dropped &+ inFlightAtEnd)
    }

    /// Whether the sum comes out.
    public var isBalanced: Bool { unaccounted == 0 }

    /// The sum in words: `1,000 offered = 990 completed + 5 failed + ...`.
    public var sentence: String {
        let sum =
            "\(offered) offered = \(completed) completed + \(failed) failed + \(timedOut) timed out"
            + " + \(dropped) dropped + \(inFlightAtEnd) in flight at the end"
        return isBalanced ? sum : sum + " (\(unaccounted) unaccounted for: an error of the generator)"
    }
}

/// How well the generator kept its schedule: its own fault and the system's, told apart.
public struct GeneratorHealth: Sendable, Codable {
    /// How late the generator woke for an operation, its own fault; nil for a closed loop.
    public var wakeLateness: LatencyHistogram?
    /// How long an operation waited for a free slot or socket, the system's fault; nil for a closed loop.
    public var backPressureWait: LatencyHistogram?
    /// The share of the window that the busiest of the generator's loops spent on a processor, 0...1.
    public var busiestLoopShare: Double?

    /// What is known of the generator.
    public init(
        wakeLateness: LatencyHistogram? = nil, backPressureWait: LatencyHistogram? = nil,
        busiestLoopShare: Double? = nil
    ) {
        self.wakeLateness = wakeLateness
        self.backPressureWait = backPressureWait
        self.busiestLoopShare = busiestLoopShare
    }
}

/// What processes used of the machine over the window.
public struct ProcessCost: Sendable, Codable, Hashable {
    /// Processor time in user mode, nanoseconds.
    public var userNanoseconds: UInt64?
    /// Processor time in the kernel, nanoseconds.
    public var systemNanoseconds: UInt64?
    /// Processor time in all, nanoseconds, from the scheduler's exact clock.
    public var processorNanoseconds: UInt64?
    /// Times a thread gave the processor up to wait.
    public var voluntarySwitches: UInt64?
    /// Times a thread was made to give the processor up.
    public var involuntarySwitches: UInt64?
    /// Calls that gave memory out.
    public var allocations: UInt64?
    /// Bytes given out.
    public var allocatedBytes: UInt64?
    /// The most memory a process ever had resident, bytes; the largest of several processes.
    public var peakResidentBytes: UInt64?

    /// Nothing known.
    public init() {}

    /// What two readings of one process differ by.
    public init(_ usage: ResourceUsage, allocations counts: AllocationCounts? = nil) {
        userNanoseconds = usage.userNanoseconds
        systemNanoseconds = usage.systemNanoseconds
        processorNanoseconds = usage.processorNanoseconds
        voluntarySwitches = usage.voluntarySwitches
        involuntarySwitches = usage.involuntarySwitches
        peakResidentBytes = usage.peakResidentBytes
        allocations = counts?.allocations
        allocatedBytes = counts?.bytes
    }

    /// Adds another process: sums, the larger of the peaks, and nothing where one of the two is not known.
    public mutating func add(_ other: ProcessCost) {
        func sum(_ field: WritableKeyPath<ProcessCost, UInt64?>) {
            self[keyPath: field] = Self.both(self[keyPath: field], other[keyPath: field], &+)
        }
        sum(\.userNanoseconds)
        sum(\.systemNanoseconds)
        sum(\.processorNanoseconds)
        sum(\.voluntarySwitches)
        sum(\.involuntarySwitches)
        sum(\.allocations)
        sum(\.allocatedBytes)
        peakResidentBytes = Self.both(peakResidentBytes, other.peakResidentBytes, max)
    }

    private static func both(_ a: UInt64?, _ b: UInt64?, _ join: (UInt64, UInt64) -> UInt64) -> UInt64? {
        guard let a, let b else { return nil }
        return join(a, b)
    }

    /// Voluntary and involuntary switches together; nil unless both are known.
    public var contextSwitches: UInt64? {
        Self.both(voluntarySwitches, involuntarySwitches, &+)
    }
}

/// What the nodes sent and wrote over the window, all nodes together.
public struct TrafficCounters: Sendable, Codable, Hashable {
    /// Messages between nodes.
    public var messages: UInt64?
    /// Bytes of messages between nodes, frames included.
    public var messageBytes: UInt64?
    /// Bytes to and from clients.
    public var clientBytes: UInt64?
    /// Writes to log files.
    public var logWrites: UInt64?
    /// Bytes written to log files.
    public var logBytes: UInt64?
    /// Syncs of log files.
    public var syncs: UInt64?

    /// Counters; nil where not counted.
    public init(
        messages: UInt64? = nil, messageBytes: UInt64? = nil, clientBytes: UInt64? = nil, logWrites: UInt64? = nil,
        logBytes: UInt64? = nil, syncs: UInt64? = nil
    ) {
        self.messages = messages
        self.messageBytes = messageBytes
        self.clientBytes = clientBytes
        self.logWrites = logWrites
        self.logBytes = logBytes
        self.syncs = syncs
    }
}

/// Whether a trial's figures may be relied upon, and why not.
public struct Validity: Sendable, Codable, Hashable {
    /// What can be wrong with a trial, by the word that its note begins with.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// The generator woke late or had no processor time left: the figures are its own.
        case generatorLimited = "generator-limited"
        /// Throughput drifted over the window.
        case notSteady = "not steady"
        /// Others took the processor.
        case noisyHost = "noisy host"
        /// Built without optimisation.
        case debugBuild = "debug build"
        /// Percentiles or the steadiness test have too little to go on.
        case tooFewSamples = "too few samples"
        /// Offered and accounted for differ.
        case unbalanced = "unbalanced"
        /// Values that no histogram could take.
        case rejectedSamples = "rejected samples"
        /// The trial was broken off.
        case interrupted
        /// Too many operations failed.
        case errors
        /// Nothing completed.
        case nothingCompleted = "nothing completed"
    }

    /// Whether the figures may be relied upon.
    public private(set) var isValid = true
    /// Why not, and what else limits them; each begins with a ``Reason``.
    public private(set) var notes: [String] = []

    /// Valid, without notes.
    public init() {}

    /// Marks the trial as not valid for this reason.
    public mutating func refuse(_ reason: Reason, _ detail: String) {
        isValid = false
        note(reason, detail)
    }

    /// Notes a limit that leaves the trial valid.
    public mutating func note(_ reason: Reason, _ detail: String) {
        notes.append("\(reason.rawValue): \(detail)")
    }
}
