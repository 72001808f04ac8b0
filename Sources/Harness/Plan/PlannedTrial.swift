import ProtocolKit
import Workload

/// One trial as planned: one subject under one load, once. A plan is a list of these; a trial record says what came of it.
public struct PlannedTrial: Sendable, Hashable, Codable {
    /// What is put to the test.
    public enum Subject: String, Sendable, Hashable, Codable {
        /// Nodes that exchange messages.
        case cluster
        /// An in-process lock under threads.
        case threads
        /// A placement function, called directly.
        case function
        /// Servers that already run elsewhere.
        case external
    }

    /// How a cluster's nodes run.
    public enum Isolation: String, Sendable, Hashable, Codable, CaseIterable {
        /// Each in a process of its own.
        case processes
        /// All in the generator's process, each with an event loop of its own.
        case shared
    }

    /// How operations arrive.
    public enum Arrival: Sendable, Hashable, Codable {
        /// Every user starts the next operation when the last has ended, after a think time in nanoseconds; its mean
        /// where ``PlannedTrial/thinkLaw`` draws it.
        case closed(thinkNanoseconds: UInt64)
        /// Operations start at equal distances, `perSecond` in all.
        case constant(perSecond: Double)
        /// Operations start at random, independent times, `perSecond` in all on average.
        case poisson(perSecond: Double)
        /// So many operations start at once, at equal distances, `perSecond` in all.
        case burst(size: Int, perSecond: Double)
        /// Operations start when they did in a recorded trace.
        case trace(TraceReference)
    }

    /// A recorded trace of arrivals: where it is, and what it was when the trial was planned.
    public struct TraceReference: Sendable, Hashable, Codable {
        /// The file.
        public var path: String
        /// How many arrivals it has.
        public var arrivals: Int
        /// Its mean rate as it is replayed, operations a second; 0 where all arrivals come at once.
        public var perSecond: Double
        /// Whether that rate was asked for, in place of the recorded one.
        public var isScaled: Bool
        /// `ArrivalTrace.fingerprint` of what is in the file.
        public var fingerprint: UInt64

        /// A reference of its parts.
        public init(path: String, arrivals: Int, perSecond: Double, isScaled: Bool, fingerprint: UInt64) {
            self.path = path
            self.arrivals = arrivals
            self.perSecond = perSecond
            self.isScaled = isScaled
            self.fingerprint = fingerprint
        }
    }

    /// Its place in the plan, from 1.
    public var number = 1
    /// Which repetition of the same settings it is, from 1.
    public var repetition = 1
    /// A heading to group rows under in reports.
    public var group = ""
    /// The system and its options, as `Variant` reads them.
    public var variant: String
    /// What kind of subject the system is.
    public var subject: Subject
    /// The system's family.
    public var family: SystemDescriptor.Family
    /// Number of nodes (cluster) or threads' peers; for functions the number of placed nodes.
    public var nodes: Int
    /// How the nodes run.
    public var isolation = Isolation.processes
    /// How durable their logs are.
    public var durability = Durability.memory
    /// How operations arrive.
    public var arrival = Arrival.closed(thinkNanoseconds: 0)
    /// How an open loop's rate moves over the window.
    public var shape = RateShape.steady
    /// How a closed loop's think time is drawn; nil where it is always the same.
    public var thinkLaw: ThinkTime?
    /// The groups that a closed loop's clients come in; nil where all are alike.
    public var population: [UserGroup]?
    /// The search that the trial is a step of; nil outside of one.
    public var search: SaturationRequest?
    /// Number of client connections, or of threads.
    public var clients = 16
    /// Operations that each client has under way at most.
    public var inFlight = 1
    /// What load is made.
    public var workload: WorkloadOptions
    /// Time before the window, excluded from all figures, in nanoseconds.
    public var warmUpNanoseconds: UInt64 = 1_000_000_000
    /// The measured window in nanoseconds.
    public var windowNanoseconds: UInt64 = 5_000_000_000
    /// End after this many operations where given, even inside the window.
    public var requests: Int?
    /// Time after which an operation counts as timed out, in nanoseconds.
    public var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// Whether the history is taken down and judged.
    public var isJudged = true
    /// The seed of everything drawn in the trial.
    public var seed: UInt64 = 1
    /// What strikes the cluster during the window, by time.
    public var faults: [TimedFault] = []
    /// Addresses (`host:port`) of servers that already run; empty to start a cluster.
    public var connect: [String] = []
    /// Where it stands in a paired comparison; nil outside of one.
    public var pairing: PairedPlace?

    /// A trial with the defaults of everything not named.
    public init(
        variant: String, subject: Subject, family: SystemDescriptor.Family, nodes: Int, workload: WorkloadOptions
    ) {
        self.variant = variant
        self.subject = subject
        self.family = family
        self.nodes = nodes
        self.workload = workload
    }

    /// The pause between a user's operations; none in an open loop.
    public var think: ThinkTime {
        guard case .closed(let nanoseconds) = arrival else { return .constant(0) }
        return thinkLaw ?? .constant(nanoseconds)
    }

    /// The same trial at another rate; a closed loop or a trace has none to change.
    public func offering(perSecond rate: Double) -> PlannedTrial {
        var trial = self
        switch arrival {
        case .constant: trial.arrival = .constant(perSecond: rate)
        case .poisson: trial.arrival = .poisson(perSecond: rate)
        case .burst(let size, _): trial.arrival = .burst(size: size, perSecond: rate)
        case .closed, .trace: break
        }
        return trial
    }
}
