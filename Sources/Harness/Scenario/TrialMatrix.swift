import ProtocolKit
import Workload

/// Settings of which every combination is a trial: one entry of a scenario's `trials`, or the flags of a command line.
///
/// An empty list stands for the default, which may differ from system to system.
public struct TrialMatrix: Sendable {
    /// The heading of its rows in reports.
    public var group = ""
    /// Where it was written.
    public var place: ScenarioPlace
    /// The systems under test.
    public var systems: [Placed<Variant>] = []
    /// Nodes of a cluster.
    public var nodes: [Placed<Int>] = []
    /// How durable the logs are.
    public var durability: [Placed<Durability>] = []
    /// Whether nodes are processes.
    public var isolation: [Placed<PlannedTrial.Isolation>] = []
    /// Addresses of servers that already run.
    public var connect: [Placed<String>] = []
    /// Client connections or threads.
    public var clients: [Placed<Int>] = []
    /// Operations under way per client.
    public var inFlight: [Placed<Int>] = []
    /// Operations offered a second; empty for a closed loop.
    public var rate: [Placed<Double>] = []
    /// The law of arrivals.
    public var arrival: [Placed<ArrivalLaw>] = []
    /// How an open loop's rate moves over the window.
    public var shape: [Placed<RateShape>] = []
    /// The pause between a user's operations.
    public var think: [Placed<ThinkTime>] = []
    /// How keys are chosen.
    public var keys: [Placed<KeyDistribution>] = []
    /// How many keys there are.
    public var keyCount: [Placed<Int>] = []
    /// Shares of the kinds of operation, as text, since its names depend on the system.
    public var mix: [Placed<String>] = []
    /// Sizes of written values.
    public var valueSize: [Placed<SizeDistribution>] = []
    /// How long a lock is held, nanoseconds.
    public var hold: [Placed<UInt64>] = []
    /// How long a lease lasts, nanoseconds.
    public var lease: [Placed<UInt64>] = []
    /// The measured window in nanoseconds.
    public var duration: [Placed<UInt64>] = []
    /// The excluded time before it in nanoseconds.
    public var warmUp: [Placed<UInt64>] = []
    /// An end after so many operations.
    public var requests: Placed<Int>?
    /// Nanoseconds after which an operation counts as timed out.
    public var timeout: [Placed<UInt64>] = []
    /// What strikes the cluster during the window, and when.
    public var faults: [Placed<TimedFault>] = []
    /// Groups of clients that do different things; empty where all are alike.
    public var population: [Placed<UserGroup>] = []
    /// Conditions of which the highest rate that meets all is searched for; empty for no search.
    public var findMax: [Placed<SaturationObjective>] = []
    /// How close that search comes, as a share of the rate.
    public var findMaxTolerance: Placed<Double>?
    /// The most trials of such a search; nil for the usual bound.
    var mostSearchSteps: Int?
    /// How often every trial is run.
    public var repetitions = Placed(1, at: .builtIn)
    /// Whether histories are judged.
    public var judge: [Placed<Bool>] = []
    /// The seed of everything drawn.
    public var seed: [Placed<UInt64>] = []

    /// The laws of arrival.
    public enum ArrivalLaw: Sendable, Hashable {
        /// The next operation starts when the last has ended.
        case closed
        /// Evenly spaced.
        case constant
        /// Random and independent.
        case poisson
        /// So many at once, evenly spaced.
        case burst(Int)
        /// As recorded in a file.
        case trace(String)
    }

    /// A matrix of nothing but defaults.
    public init(at place: ScenarioPlace) { self.place = place }
}

extension TrialMatrix {
    /// Sets a field to these values, in place of what it was.
    ///
    /// - Throws: ``ScenarioError`` at the value that can't be read or is out of bounds.
    public mutating func set(_ field: ScenarioField, to texts: [Placed<String>]) throws(ScenarioError) {
        guard let first = texts.first else {
            throw ScenarioError("\(field.rawValue) has no value; for example \(field.example)", at: place)
        }
        if !field.isDimension, ![.connect, .faults, .findMax, .population].contains(field), texts.count > 1 {
            throw ScenarioError("\(field.rawValue) takes one value, not a list", at: texts[1].place)
        }
        if let twice = texts.indices.first(where: { i in texts[..<i].contains { $0.value == texts[i].value } }) {
            throw ScenarioError("\(field.rawValue) has '\(texts[twice].value)' twice", at: texts[twice].place)
        }
        let read = FieldReader(field)
        switch field {
        case .systems: systems = try read.each(texts, read.variant)
        case .nodes: nodes = try read.each(texts, read.count(1...100_000))
        case .durability: durability = try read.each(texts, read.word)
        case .isolation: isolation = try read.each(texts, read.word)
        case .connect: connect = try read.each(texts, read.address)
        case .clients: clients = try read.each(texts, read.count(1...UserGroup.mostClients))
        case .inFlight: inFlight = try read.each(texts, read.count(1...4096))
        case .rate: rate = try read.each(texts, read.rate)
        case .arrival: arrival = try read.each(texts, read.arrival)
        case .shape: shape = try read.each(texts, read.workload(RateShape.init(parsing:)))
        case .think: think = try read.each(texts, read.think)
        case .keys: keys = try read.each(texts, read.workload(KeyDistribution.init(parsing:)))
        case .keyCount: keyCount = try read.each(texts, read.count(1...100_000_000))
        case .mix: mix = try read.each(texts, read.mix)
        case .valueSize: valueSize = try read.each(texts, read.size)
        case .hold: hold = try read.each(texts, read.duration(0...60_000_000_000))
        case .lease: lease = try read.each(texts, read.duration(1_000_000...3_600_000_000_000))
        case .duration: duration = try read.each(texts, read.duration(10_000_000...86_400_000_000_000))
        case .warmUp: warmUp = try read.each(texts, read.duration(0...3_600_000_000_000))
        case .requests: requests = Placed(try read.one(first, read.count(1...1_000_000_000)), at: first.place)
        case .timeout: timeout = try read.each(texts, read.duration(1_000_000...600_000_000_000))
        case .faults:
            faults = try read.each(texts, read.fault).sorted { $0.value.afterNanoseconds < $1.value.afterNanoseconds }
        case .population: population = try read.each(texts, read.workload(UserGroup.init(parsing:)))
        case .findMax: findMax = try read.each(texts, read.objective)
        case .findMaxTolerance: findMaxTolerance = Placed(try read.one(first, read.tolerance), at: first.place)
        case .repetitions: repetitions = Placed(try read.one(first, read.count(1...1000)), at: first.place)
        case .judge: judge = try read.each(texts, read.toggle)
        case .seed: seed = try read.each(texts, read.seed)
        case .group: group = first.value
        }
    }
}
