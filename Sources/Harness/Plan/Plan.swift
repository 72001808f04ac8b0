import ProtocolKit

/// The trials that a scenario comes to, in the order in which they are run.
///
/// The order is stated so that drift of the machine can't be taken for a difference between systems:
///
/// 1. All first repetitions come before all second ones, and so on: the repetitions of one trial lie far apart.
/// 2. Within a repetition, the matrices come in the scenario's order.
/// 3. Within a matrix, the settings vary like an odometer, in the order nodes, durability, isolation, keys, key-count,
///    mix, value-size, hold, lease, arrival, rate, shape, think, duration, warm-up, timeout, judge, seed, clients, in-flight;
///    the last varies fastest.
/// 4. The systems are innermost: those to be compared under one setting are neighbours in time. In every second
///    repetition they come in reverse order (A B, B A), so that a steady drift favours none.
public struct Plan: Sendable, Codable {
    /// The scenario's name.
    public var name: String
    /// What the scenario is for.
    public var summary: String
    /// The trials in the order in which they are run.
    public var trials: [PlannedTrial]

    /// The most trials that a plan may have.
    public static let mostTrials = 10_000

    /// A plan of its parts.
    public init(name: String, summary: String, trials: [PlannedTrial]) {
        self.name = name
        self.summary = summary
        self.trials = trials
    }

    /// Makes the plan of some scenarios, one after the other.
    ///
    /// - Throws: ``ScenarioError`` at the setting that the named system can't serve, or where the plan is too large.
    public init(_ scenarios: [Scenario], catalogue: SystemCatalogue) throws(ScenarioError) {
        var blocks: [(cells: [[PlannedTrial]], repetitions: Int)] = []
        var total = 0
        for scenario in scenarios {
            for matrix in scenario.matrices {
                var expansion = MatrixExpansion(matrix, group: scenario.name, catalogue: catalogue)
                let cells = try expansion.cells()
                total += cells.reduce(0) { $0 + $1.count } * matrix.repetitions.value
                guard total <= Self.mostTrials else {
                    throw ScenarioError(
                        "the plan comes to more than \(Self.mostTrials) trials; shorten a list or the repetitions",
                        at: matrix.place)
                }
                blocks.append((cells, matrix.repetitions.value))
            }
        }
        self.init(
            name: scenarios.map(\.name).joined(separator: ", "),
            summary: scenarios.map(\.summary).filter { !$0.isEmpty }.joined(separator: " "),
            trials: Self.ordered(blocks))
    }

    private static func ordered(_ blocks: [(cells: [[PlannedTrial]], repetitions: Int)]) -> [PlannedTrial] {
        var trials: [PlannedTrial] = []
        for repetition in 1...max(1, blocks.map(\.repetitions).max() ?? 1) {
            for block in blocks where repetition <= block.repetitions {
                for cell in block.cells {
                    for var trial in repetition.isMultiple(of: 2) ? cell.reversed() : cell {
                        trial.number = trials.count + 1
                        trial.repetition = repetition
                        trial.seed &+= UInt64(repetition - 1)
                        trial.workload.seed = trial.seed
                        trials.append(trial)
                    }
                }
            }
        }
        return trials
    }

    /// About how long the plan takes, in nanoseconds: windows and warm-ups as they are, and an allowance for starting,
    /// draining and judging.
    public var estimatedNanoseconds: UInt64 {
        trials.reduce(Self.floorAllowance) { $0 + $1.estimatedNanoseconds }
    }

    /// Measuring the machine's floor, once.
    static let floorAllowance: UInt64 = 2_000_000_000
}

extension PlannedTrial {
    /// Trials that a search takes as a rule: the climb, the halving, some second tries.
    private static var usualSearchSteps: Int { 14 }

    /// About how long the trial takes, in nanoseconds.
    public var estimatedNanoseconds: UInt64 {
        let aside: UInt64 =
            switch (subject, isolation) {
            case (.cluster, .processes): 1_000_000_000
            case (.cluster, .shared), (.external, _): 600_000_000
            case (.threads, _), (.function, _): 200_000_000
            }
        let trials: UInt64 = search.map { UInt64(min($0.mostSteps, Self.usualSearchSteps)) } ?? 1
        return trials * (warmUpNanoseconds + windowNanoseconds + aside)
    }
}
