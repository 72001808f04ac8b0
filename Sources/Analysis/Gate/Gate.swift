import Harness
import ProtocolKit

/// What must hold before a change is let in: a name and a list of checks, as a gate file has them.
public struct Gate: Sendable {
    /// Its name, for headings.
    public var name: String
    /// What it is for, in a line or two.
    public var summary: String
    /// The checks, in the file's order.
    public var checks: [GateCheck]

    /// A gate of its parts.
    public init(name: String, summary: String = "", checks: [GateCheck]) {
        self.name = name
        self.summary = summary
        self.checks = checks
    }
}

/// One check of a gate.
public struct GateCheck: Sendable {
    /// What is compared with what, from the hardest to the softest.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Figures of the simulator, which are equal on every machine and in every run.
        case exact
        /// Two builds on one machine in one run, in interleaved pairs.
        case paired
        /// A run now beside a stored baseline or plain bounds.
        case stored
    }

    /// The kind with what it needs.
    public enum Subject: Sendable {
        /// Figures of the simulator.
        case exact(ExactCheck)
        /// A run now beside a stored baseline or plain bounds.
        case stored(StoredCheck)
        /// Two builds beside each other.
        case paired(PairedCheck)
    }

    /// Its name, different from the other checks'.
    public var name: String
    /// Where it stands in the file.
    public var place: ScenarioPlace
    /// What is checked.
    public var subject: Subject

    /// A check of its parts.
    public init(name: String, place: ScenarioPlace, subject: Subject) {
        self.name = name
        self.place = place
        self.subject = subject
    }

    /// What is compared with what.
    public var kind: Kind {
        switch subject {
        case .exact: .exact
        case .stored: .stored
        case .paired: .paired
        }
    }
}

/// Conditions on figures of the simulator.
public struct ExactCheck: Sendable {
    /// The systems with their options.
    public var systems: [Placed<Variant>]
    /// Numbers of nodes; empty for those that the audit takes (3, 5 and 7 where they fit).
    public var nodes: [Placed<Int>]
    /// Seeds to simulate under faults; nil for none.
    public var seeds: ClosedRange<UInt64>?
    /// Operations of each seed.
    public var operations: Int
    /// What must hold for each system.
    public var conditions: [Threshold]

    /// Operations of each simulated seed, unless the file says otherwise.
    public static let usualOperations = 200
    /// The most seeds of one check.
    public static let mostSeeds: UInt64 = 100_000

    /// A check of its parts.
    public init(
        systems: [Placed<Variant>], nodes: [Placed<Int>] = [], seeds: ClosedRange<UInt64>? = nil,
        operations: Int = usualOperations, conditions: [Threshold]
    ) {
        self.systems = systems
        self.nodes = nodes
        self.seeds = seeds
        self.operations = operations
        self.conditions = conditions
    }

    /// The metrics that are held against a baseline.
    public var baselineMetrics: Set<String> {
        Set(
            conditions.compactMap { condition in
                if case .baseline = condition.bound { condition.metric.name } else { nil }
            })
    }

    /// Figures that only simulated seeds give; the others come from the audit of single operations.
    static let seedMetrics = ["verdict", "simulated_steps", "simulated_digest"]
    /// Figures of single operations.
    static let costMetrics = [
        "message_delays", "messages_per_op", "sync_delays", "syncs_per_op", "message_bytes_per_op",
        "client_bytes_per_op", "bytes_per_op", "step_allocated_bytes_per_op",
    ]
}

/// Conditions on a run now, beside a stored baseline or plain bounds.
public struct StoredCheck: Sendable {
    /// What is run; nil where results that are there already are looked at, all of them.
    public var scenario: Scenario?
    /// What must hold for each cell of the scenario.
    public var conditions: [Threshold]

    /// A check of its parts.
    public init(scenario: Scenario?, conditions: [Threshold]) {
        self.scenario = scenario
        self.conditions = conditions
    }

    /// Repetitions that a comparison with a baseline needs on both sides: one slow trial must not be an alarm.
    public static let fewestRepetitions = 3

    /// Whether a condition looks at a baseline.
    public var needsBaseline: Bool { conditions.contains { $0.bound.isReference } }
}

/// Metrics of which none may get worse from one build to another by more than a margin.
public struct PairedCheck: Sendable {
    /// The load that both builds are put under.
    public var scenario: Scenario
    /// The metrics that are compared.
    public var metrics: [Metric]
    /// The relative change that doesn't matter, 0.02 for 2 %.
    public var margin: Double
    /// How long the comparison goes on, builds not counted.
    public var length: PairedDesign.Length
    /// The relative change that must be seen if it is there: where only a larger one would be, nothing can be said. Nil
    /// where any will do.
    public var resolution: Double?

    /// The metrics that are compared unless the file names others.
    public static let usualMetrics = ["throughput_per_s", "latency_p50_ns", "latency_p99_ns"]
    /// The margin unless the file says otherwise.
    public static let usualMargin = 0.02
    /// The length unless the file says otherwise: five minutes.
    public static let usualLength = PairedDesign.Length.time(nanoseconds: 300_000_000_000)

    /// A check of its parts.
    public init(
        scenario: Scenario, metrics: [Metric], margin: Double = usualMargin,
        length: PairedDesign.Length = usualLength, resolution: Double? = nil
    ) {
        self.scenario = scenario
        self.metrics = metrics
        self.margin = margin
        self.length = length
        self.resolution = resolution
    }
}
