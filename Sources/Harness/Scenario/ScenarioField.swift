/// A setting of trials: a key in a scenario file and, spelt `--key`, a flag of `coordbench run`.
public enum ScenarioField: String, Sendable, CaseIterable {
    /// The systems under test.
    case systems
    /// Nodes of a cluster, or nodes to place keys on.
    case nodes
    /// How durable the logs are.
    case durability
    /// Whether nodes are processes of their own.
    case isolation
    /// Addresses of servers that already run.
    case connect
    /// Client connections, or threads.
    case clients
    /// Operations under way per client.
    case inFlight = "in-flight"
    /// Operations offered a second.
    case rate
    /// The law of arrivals.
    case arrival
    /// How an open loop's rate moves over the window.
    case shape
    /// The pause between a user's operations in a closed loop.
    case think
    /// How keys are chosen.
    case keys
    /// How many keys there are.
    case keyCount = "key-count"
    /// Shares of the kinds of operation.
    case mix
    /// Sizes of written values.
    case valueSize = "value-size"
    /// How long a lock is held.
    case hold
    /// How long a lock's lease lasts.
    case lease
    /// The measured window.
    case duration
    /// The excluded time before it.
    case warmUp = "warm-up"
    /// An end after so many operations.
    case requests
    /// After which an operation counts as timed out.
    case timeout
    /// What strikes the cluster during the window, and when.
    case faults
    /// Groups of clients that do different things.
    case population
    /// An objective: search for the highest rate that meets it.
    case findMax = "find-max"
    /// How close that search comes.
    case findMaxTolerance = "find-max-tolerance"
    /// How often every trial is run.
    case repetitions
    /// Whether histories are taken down and judged.
    case judge
    /// The seed of everything drawn.
    case seed
    /// The heading of the rows in reports.
    case group

    /// Whether a list makes a trial of each of its values.
    public var isDimension: Bool {
        switch self {
        case .repetitions, .connect, .group, .requests, .faults, .findMax, .findMaxTolerance, .population: false
        default: true
        }
    }

    /// Whether a value may itself contain commas, so that a flag's text is not to be split there.
    public var keepsCommas: Bool {
        switch self {
        case .keys, .mix, .group, .systems, .faults, .shape, .findMax, .population: true
        default: false
        }
    }

    /// An example and the unit, for messages and help.
    public var example: String {
        switch self {
        case .systems: "raft, raft[batch=64], unreplicated"
        case .nodes: "1, 3, 5"
        case .durability: "memory, buffered, synced"
        case .isolation: "processes, shared"
        case .connect: "127.0.0.1:6379"
        case .clients: "1, 16, 64"
        case .inFlight: "1, 16"
        case .rate: "5000, 20k/s"
        case .arrival: "closed, constant, poisson, burst:100, trace:arrivals.txt"
        case .think: "0s, 1ms, exponential:1ms, uniform:1ms..3ms"
        case .shape: "steady, ramp:0.1..1, steps:0.25,0.5,1, spike:5@0.5+0.1, sine:0.5x3"
        case .keys: "uniform, zipfian:0.99, hotspot:0.2,0.8"
        case .keyCount: "1000, 10k, 1M"
        case .mix: "put, get=50,put=50"
        case .valueSize: "256, 4KiB, 64..1024"
        case .hold, .lease: "500us, 10ms, 10s"
        case .duration, .warmUp, .timeout: "500ms, 10s, 2m"
        case .requests: "10000, 1M"
        case .faults: "1s partition leader,c0|rest"
        case .population: "12 mix get, 4 mix put think 5ms"
        case .findMax: "p99 < 5ms"
        case .findMaxTolerance: "5%, 0.01"
        case .repetitions: "1, 10"
        case .judge: "on, off"
        case .seed: "1"
        case .group: "a heading"
        }
    }

    /// All keys, as messages list them.
    public static let allNames = allCases.map(\.rawValue)
}
