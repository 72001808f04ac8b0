import Measurement
import ProtocolKit
import Statistics
import Verification

/// All that is known of one trial: what was asked, what ran, everything that was measured and what was judged.
///
/// Reports, gates and comparisons are pure functions of records. A value that was not measured is nil, never 0.
public struct TrialRecord: Sendable, Codable {
    /// The version of this form, the first thing that a reader looks at.
    public static let currentSchema = "coordbench.trial/1"

    /// ``currentSchema`` at the time of writing.
    public var schema = TrialRecord.currentSchema
    /// The version of the program that ran the trial.
    public var programVersion: String
    /// When the trial began, by the wall clock.
    public var started: WallTime
    /// What was asked.
    public var plan: PlannedTrial
    /// What the subject says of its own version, as a server that runs elsewhere does; nil for our own systems.
    public var subjectVersion: String?
    /// The machine and build.
    public var host: HostFacts?
    /// The least that this machine takes for the steps algorithms are made of.
    public var floor: MachineFloor?
    /// What one operation of each kind must cost by the paper; empty where nothing is claimed.
    public var costs: [OperationCost] = []
    /// The length of the measured window as it came out, in nanoseconds.
    public var windowNanoseconds: UInt64
    /// What came of every operation that was offered in the window.
    public var arrivals = ArrivalAccount()
    /// One entry for each kind of operation of the load, in the service's order.
    public var operations: [OperationRecord] = []
    /// All kinds together over time, from the window's start.
    public var timeline: Timeline?
    /// Whether throughput stayed where it was over the window.
    public var steadiness: Steadiness?
    /// How well the generator kept its schedule.
    public var generator = GeneratorHealth()
    /// Operations that each client (or thread) completed, by client number; empty where nobody competed.
    public var completedPerClient: [UInt64] = []
    /// How evenly ``completedPerClient`` is spread; nil where there are no clients to compare.
    public var fairness: Fairness?
    /// How a lock treated those who waited for it; nil unless locks are the subject.
    public var waiterFairness: WaiterFairness?
    /// What the servers used over the window, all nodes together.
    public var server = ProcessCost()
    /// What the load generator used over the window.
    public var generatorCost = ProcessCost()
    /// What the machine as a whole did over the window.
    public var hostActivity: HostActivity?
    /// Messages, syncs and so on over the window, all nodes together.
    public var counters = TrafficCounters()
    /// How often the protocol's own events came: elections, redirects, retries ...; sorted by name.
    public var events: [NamedCount] = []
    /// What struck, in order; empty in a trial without faults.
    public var faults: [FaultRecord] = []
    /// How available the system was between faults, on each side; empty in a trial without.
    public var availability: [AvailabilityRecord] = []
    /// What the clients were given, whatever was promised; nil in a trial without faults.
    public var consistency: ConsistencyEvidence?
    /// Every property that was judged.
    public var verdicts: [JudgedProperty] = []
    /// Whether the figures may be relied upon.
    public var validity = Validity()
    /// Figures that only some families have, sorted by name; ``setExtra(_:_:)`` adds them.
    public private(set) var extras: [NamedValue] = []
    /// Whether the trial was broken off, as by Ctrl-C; what was measured until then is here.
    public var isInterrupted = false
    /// Anything else that a reader should know, a sentence each.
    public var warnings: [String] = []

    /// A record of a trial of which nothing has been measured yet.
    public init(plan: PlannedTrial, programVersion: String, started: WallTime, windowNanoseconds: UInt64) {
        self.plan = plan
        self.programVersion = programVersion
        self.started = started
        self.windowNanoseconds = windowNanoseconds
    }

    /// A family's own figure; nil where it was not measured.
    public func extra(_ name: String) -> Double? {
        extras.first { $0.name == name }?.value
    }

    /// Adds or replaces a family's own figure and keeps the list sorted. A nil is left out, and so is a number that is
    /// not finite, with a warning.
    public mutating func setExtra(_ name: String, _ value: Double?) {
        extras.removeAll { $0.name == name }
        guard let value else { return }
        guard value.isFinite else {
            warnings.append("\(name) came out as \(value) and was left out")
            return
        }
        let place = extras.firstIndex { $0.name > name } ?? extras.endIndex
        extras.insert(NamedValue(name: name, value: value), at: place)
    }

    /// Sets ``completedPerClient`` and the ``fairness`` that follows from it.
    public mutating func setCompletedPerClient(_ completed: [UInt64]) {
        completedPerClient = completed
        fairness = Fairness(completed.map { Double($0) })
    }
}

/// A name and how often it came.
public struct NamedCount: Sendable, Codable, Hashable {
    /// The name.
    public var name: String
    /// How often it came.
    public var count: UInt64
    /// A name and how often it came.
    public init(name: String, count: UInt64) {
        self.name = name
        self.count = count
    }

    /// The entries of a dictionary, sorted by name.
    public static func sorted(_ counts: [String: UInt64]) -> [NamedCount] {
        counts.map { NamedCount(name: $0.key, count: $0.value) }.sorted { $0.name < $1.name }
    }
}

/// A figure with a name that carries its unit.
public struct NamedValue: Sendable, Codable, Hashable {
    /// The name, with its unit.
    public var name: String
    /// The figure.
    public var value: Double
    /// A figure with a name that carries its unit.
    public init(name: String, value: Double) {
        self.name = name
        self.value = value
    }
}
