import Glibc
import Harness
import Measurement
import ProtocolKit
import Verification
import Workload

@testable import Analysis

/// Records of trials that never ran.
enum InventedTrials {
    /// A trial of `raft` in a place of a design, with these figures: operations a second, and processor time for each.
    static func record(
        arm: PairedPlace.Arm, block: Int, cell: Int = 1, throughput: UInt64 = 10_000, cpuMicroseconds: Double = 50
    ) throws -> TrialRecord {
        var plan = PlannedTrial(
            variant: "raft", subject: .cluster, family: .consensus, nodes: 3,
            workload: WorkloadOptions(mix: try OperationMix(parsing: "put")))
        plan.number = 3 * block + 1
        plan.clients = cell
        plan.pairing = PairedPlace(arm: arm, label: arm == .b ? "new" : "old", block: block, cell: cell)
        return record(of: plan, throughput: throughput, cpuMicroseconds: cpuMicroseconds)
    }

    /// A trial of a plan.
    static func record(of plan: PlannedTrial, throughput: UInt64, cpuMicroseconds: Double = 50) -> TrialRecord {
        var record = TrialRecord(
            plan: plan, programVersion: "1", started: WallTime(millisecondsSince1970: 0),
            windowNanoseconds: 1_000_000_000)
        var latency = LatencyHistogram()
        latency.record(100_000, count: throughput)
        record.operations = [OperationRecord(kind: "put", completed: throughput, latency: latency)]
        record.arrivals = ArrivalAccount(offered: throughput, completed: throughput)
        record.server.processorNanoseconds = UInt64(cpuMicroseconds * 1_000 * Double(throughput))
        record.verdicts = [JudgedProperty(property: "linearizable", verdict: .correct, basis: "invented")]
        return record
    }

    /// Blocks of A, B and the control with noise of a percent or so; B's throughput is `ratio` times A's, the control's
    /// `control` times.
    static func blocks(
        _ count: Int, ratio: Double = 1, control: Double = 1, cell: Int = 1, seed: UInt64 = 1
    ) throws -> [TrialRecord] {
        var generator = SeededGenerator(seed: seed)
        return try (1...count).flatMap { block in
            try PairedPlace.Arm.allCases.map { arm in
                let factor = arm == .a ? 1 : arm == .b ? ratio : control
                let noise = 1 + 0.02 * (generator.unitInterval() - 0.5)
                return try record(
                    arm: arm, block: block, cell: cell, throughput: UInt64(10_000 * factor * noise),
                    cpuMicroseconds: 50 + generator.unitInterval())
            }
        }
    }
}

/// A machine that noises, drifts and stumbles, in simulation: what a paired design must stand.
struct NoisyMachine {
    /// The standard deviation of a trial's noise, on the scale of logarithms.
    var deviation: Double
    /// Whether tails are heavy, trials stumble now and then, and the machine drifts.
    var isWild = true
    var generator: SeededGenerator

    /// Values of A, B and the control in blocks whose order the design draws; B's are `shift` higher (as a ratio).
    mutating func blocks(_ count: Int, shift: Double = 0, design: UInt64) -> (a: [Double?], b: [Double?], c: [Double?])
    {
        let order = BlockOrder(of: 3, seed: design)
        let slope = isWild ? 0.004 * (generator.unitInterval() - 0.5) : 0
        var walk = 0.0
        var columns = [[Double?]](repeating: [], count: 3)
        for block in 0..<count {
            var values = [0.0, 0, 0]
            for (place, arm) in order.order(ofBlock: block).enumerated() {
                if isWild { walk += 0.01 * normal() }
                let drift = slope * Double(3 * block + place) + walk
                values[arm] = 1_000 * exp(drift + noise()) * (arm == 1 ? 1 + shift : 1)
            }
            for arm in 0..<3 { columns[arm].append(values[arm]) }
        }
        return (columns[0], columns[1], columns[2])
    }

    private mutating func noise() -> Double {
        guard isWild else { return deviation * normal() }
        // One trial in twenty is hit by something else, and then only ever slower.
        if generator.chance(0.05) { return -0.3 * generator.unitInterval() }
        // Student's t with three degrees of freedom.
        let squares = (0..<3).reduce(0.0) { sum, _ in
            let draw = normal()
            return sum + draw * draw
        }
        return deviation * normal() / (squares / 3).squareRoot()
    }

    private mutating func normal() -> Double {
        // Box and Muller's transform.
        (-2 * log(1 - generator.unitInterval())).squareRoot() * cos(2 * .pi * generator.unitInterval())
    }
}
