import ProtocolKit

/// Which faults strike while operations run. All are healed before progress is required.
public enum FaultPlan: Sendable {
    /// None.
    case none
    /// These, at these times in nanoseconds after the prologue.
    case script([ScheduledFault])
    /// Drawn from the seed.
    ///
    /// With `swarm`, each kind of fault is left out of about half of the seeds (Groce et al., "Swarm testing", ISSTA
    /// 2012): a kind that is always there can mask what another would show.
    case random(FaultRates, swarm: Bool = true)
}

/// A fault and its time.
public struct ScheduledFault: Sendable, Hashable {
    /// Nanoseconds after the prologue.
    public var nanoseconds: UInt64
    /// What happens.
    public var fault: Fault
    /// A fault at a time.
    public init(at nanoseconds: UInt64, _ fault: Fault) {
        self.nanoseconds = nanoseconds
        self.fault = fault
    }
}

/// How often each kind of fault strikes and how long it lasts. Strikes of a kind are a Poisson process.
public struct FaultRates: Sendable, Hashable {
    /// A kind of fault that strikes by itself.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// A node is killed and restarted; every other time during its next sync, where most can be lost.
        case crash
        /// All nodes are killed at once and restarted.
        case blackout
        /// A node is paused and resumed.
        case pause
        /// Nodes and clients are cut in two.
        case partition
        /// One node isn't heard by another, or by all others.
        case oneWay
        /// A link is slow.
        case slowLink
        /// A node's disk is slow.
        case slowDisk
        /// A client loses a connection.
        case disconnect
        /// A wall clock jumps.
        case clockJump
    }

    /// One kind's mean interval and how long each strike lasts, both in nanoseconds; an interval of 0 means never.
    public struct Rate: Sendable, Hashable {
        /// Mean time between strikes.
        public var interval: UInt64
        /// Shortest and longest duration.
        public var duration: ClosedRange<UInt64>
        /// A rate of its parts.
        public init(every interval: UInt64, lasting duration: ClosedRange<UInt64> = 0...0) {
            self.interval = interval
            self.duration = duration
        }
        /// Never.
        public static let never = Rate(every: 0)
    }

    private var rates: [Rate]

    /// No faults at all; set the kinds that are wanted.
    public init() {
        rates = Array(repeating: .never, count: Kind.allCases.count)
    }

    /// The rate of a kind.
    public subscript(kind: Kind) -> Rate {
        get { rates[Int(kind.rawValue)] }
        set { rates[Int(kind.rawValue)] = newValue }
    }

    /// Every kind except jumping wall clocks, a few times in each virtual second.
    public static let chaos = {
        var rates = FaultRates()
        rates[.crash] = Rate(every: .milliseconds(300), lasting: .milliseconds(5)...(.milliseconds(600)))
        rates[.blackout] = Rate(every: .seconds(2), lasting: .milliseconds(5)...(.milliseconds(500)))
        rates[.pause] = Rate(every: .milliseconds(500), lasting: .milliseconds(1)...(.milliseconds(800)))
        rates[.partition] = Rate(every: .milliseconds(500), lasting: .milliseconds(5)...(.milliseconds(1_200)))
        rates[.oneWay] = Rate(every: .milliseconds(700), lasting: .milliseconds(5)...(.milliseconds(800)))
        rates[.slowLink] = Rate(every: .milliseconds(400), lasting: .milliseconds(5)...(.milliseconds(500)))
        rates[.slowDisk] = Rate(every: .milliseconds(600), lasting: .milliseconds(5)...(.milliseconds(500)))
        rates[.disconnect] = Rate(every: .milliseconds(300))
        return rates
    }()
}
