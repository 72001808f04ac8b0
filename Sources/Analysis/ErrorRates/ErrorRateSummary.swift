import Harness
import Statistics

/// What a folder of error rates comes to: how often a gate of some length is wrong on this machine.
public struct ErrorRateSummary: Sendable {
    /// What was planted, and what the whole pool says that it made of a metric.
    public struct Effect: Sendable, Hashable {
        /// The slowed program.
        public var candidate: TrialPool.Arm
        /// Metric by metric.
        public var shifts: [MetricShift]
    }

    /// Gates of one length.
    public struct Length: Sendable, Hashable {
        /// Seconds that a gate takes.
        public var seconds: Double
        /// The blocks that it comes to.
        public var blocks: Int
        /// Drawn runs on identical code.
        public var identical: GateRehearsal.Tally
        /// Drawn runs on each slowed program, from stretches anywhere, which share trials.
        public var slowed: [TrialPool.Arm: GateRehearsal.Tally]
        /// One run on each from stretches without a common block.
        public var apart: [TrialPool.Arm: GateRehearsal.Tally]
    }

    /// What it is of.
    public var subject: ErrorRateSubject
    /// How it judges.
    public var options: ComparisonOptions
    /// Blocks in the pool.
    public var blocks: Int
    /// Sessions in which they were recorded.
    public var sessions: Int
    /// When the first and the last block began.
    public var span: (first: String, last: String)
    /// Seconds that a gate's block of three trials takes.
    public var blockSeconds: Double
    /// The true differences, as far as the whole pool tells.
    public var effects: [Effect]
    /// Gates by their length.
    public var lengths: [Length]
    /// Real gate runs.
    public var gates: GateLog

    /// The slowed programs.
    public static let slowed: [TrialPool.Arm] = [.slower5, .slower10, .tail]

    /// Draws gate runs of each length from a pool.
    ///
    /// - Parameters:
    ///   - seconds: the gates' lengths.
    ///   - runs: how many runs are drawn on identical code; a fifth as many on each slowed program.
    /// - Throws: ``ErrorRateError/nothing(_:)`` for an empty pool.
    public init(
        subject: ErrorRateSubject, pool: TrialPool, gates: GateLog, options: ComparisonOptions, seconds: [Double],
        runs: Int, folder: String
    ) throws(ErrorRateError) {
        guard let first = pool.blocks.first, let last = pool.blocks.last else { throw .nothing(folder) }
        self.subject = subject
        self.options = options
        self.gates = gates
        blocks = pool.blocks.count
        sessions = Set(pool.blocks.map(\.session)).count
        span = (first.started, last.started)
        let blockSeconds = Self.secondsOfThree(pool)
        self.blockSeconds = blockSeconds
        effects = Self.slowed.map { candidate in
            let result = GateRehearsal(pool: pool, blocks: pool.blocks.count, options: options)
                .whole(candidate, seed: 1)
            return Effect(candidate: candidate, shifts: result.cells.flatMap(\.shifts))
        }
        lengths = seconds.compactMap { length in
            // The machine's floor and a block that warms up come first.
            let count = Int((length - 2) / blockSeconds) - 1
            guard count > 0 else { return nil }
            let rehearsal = GateRehearsal(pool: pool, blocks: count, options: options)
            guard !rehearsal.starts.isEmpty else { return nil }
            func each(_ draw: (TrialPool.Arm) -> GateRehearsal.Tally) -> [TrialPool.Arm: GateRehearsal.Tally] {
                Dictionary(uniqueKeysWithValues: Self.slowed.map { ($0, draw($0)) })
            }
            return Length(
                seconds: length, blocks: count, identical: rehearsal.rehearse(nil, runs: runs, seed: 1),
                slowed: each { rehearsal.rehearse($0, runs: max(1, runs / 5), seed: 2) },
                apart: each { rehearsal.rehearseApart($0, seed: 3) })
        }
    }

    /// The median time from a block to the next of its session, for three of its six trials.
    private static func secondsOfThree(_ pool: TrialPool) -> Double {
        let gaps = zip(pool.blocks, pool.blocks.dropFirst()).compactMap { block, next -> Double? in
            guard block.session == next.session, let start = WallTime(parsing: block.started),
                let end = WallTime(parsing: next.started)
            else { return nil }
            return Double(end.millisecondsSince1970 - start.millisecondsSince1970) / 1_000
        }
        let fallback = 3 * Double(pool.blocks.count)
        return max(0.001, (median(gaps) ?? fallback) * 3 / Double(TrialPool.Arm.allCases.count))
    }
}
