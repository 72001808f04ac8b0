import Harness
import Statistics
import Workload

/// Gate runs drawn from a pool: contiguous stretches of it, so that drift stays in, judged by what judges real ones.
///
/// A run on identical code takes the three trials that are the same for A, its control and B, in an order drawn for every
/// block: the trials are alike and their places in the block were drawn, so that any naming of them is a fair draw, and
/// the runs of one stretch are independent given its noise. A run on slower code takes two of the three and the slowed
/// one; runs of one stretch then share the slowed trials, so that only stretches without a common block are independent.
public struct GateRehearsal: Sendable {
    /// What is drawn from.
    public var pool: TrialPool
    /// How many blocks a gate run has.
    public var blocks: Int
    /// The gate's metrics, margin and level.
    public var options: ComparisonOptions

    /// Gate runs of so many blocks.
    public init(pool: TrialPool, blocks: Int, options: ComparisonOptions) {
        precondition(blocks > 0, "a gate run has blocks")
        self.pool = pool
        self.blocks = blocks
        self.options = options
    }

    /// How many runs came to what.
    public struct Tally: Sendable, Hashable, Codable {
        /// By verdict.
        public var counts: [ComparisonVerdict: Int] = [:]
        /// Runs in all.
        public var runs: Int { counts.values.reduce(0, +) }

        /// Nothing yet.
        public init() {}

        /// How many came to a verdict.
        public subscript(verdict: ComparisonVerdict) -> Int { counts[verdict] ?? 0 }

        /// Counts a run.
        public mutating func count(_ verdict: ComparisonVerdict) { counts[verdict, default: 0] += 1 }

        /// The share that came to a verdict, with the exact interval of a count (Clopper and Pearson 1934).
        public func share(_ verdict: ComparisonVerdict, level: Double = 0.95) -> (share: Double, ConfidenceInterval)? {
            guard runs > 0 else { return nil }
            return (
                Double(self[verdict]) / Double(runs),
                binomialInterval(successes: self[verdict], trials: runs, level: level)
            )
        }
    }

    /// The places at which a stretch of uninterrupted blocks begins.
    public var starts: [Int] {
        guard pool.blocks.count >= blocks else { return [] }
        return (0...(pool.blocks.count - blocks)).filter {
            pool.blocks[$0].session == pool.blocks[$0 + blocks - 1].session
        }
    }

    /// Starts of stretches that have no block in common.
    public var disjointStarts: [Int] {
        var end = 0
        return starts.filter { start in
            guard start >= end else { return false }
            end = start + blocks
            return true
        }
    }

    /// Draws runs from stretches anywhere.
    ///
    /// - Parameter candidate: what B is; nil for identical code.
    public func rehearse(_ candidate: TrialPool.Arm?, runs: Int, seed: UInt64) -> Tally {
        let starts = starts
        var tally = Tally()
        guard !starts.isEmpty else { return tally }
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<runs {
            tally.count(run(candidate, from: starts[generator.below(starts.count)], &generator).verdict)
        }
        return tally
    }

    /// One run from each of the stretches that have no block in common.
    public func rehearseApart(_ candidate: TrialPool.Arm?, seed: UInt64) -> Tally {
        var tally = Tally()
        var generator = SeededGenerator(seed: seed)
        for start in disjointStarts { tally.count(run(candidate, from: start, &generator).verdict) }
        return tally
    }

    /// A run of all blocks, whatever their session: what the pool itself says of a candidate.
    public func whole(_ candidate: TrialPool.Arm, seed: UInt64) -> ComparisonOutcome {
        var generator = SeededGenerator(seed: seed)
        return GateRehearsal(pool: pool, blocks: pool.blocks.count, options: options).run(
            candidate, from: 0, &generator)
    }

    func run(
        _ candidate: TrialPool.Arm?, from start: Int, _ generator: inout SeededGenerator
    ) -> ComparisonOutcome {
        var sides: [PairedPlace.Arm: [TrialPool.Trial]] = [:]
        for block in pool.blocks[start..<(start + blocks)] {
            var same = TrialPool.Arm.same
            generator.shuffle(&same)
            let roles: [(PairedPlace.Arm, TrialPool.Arm)] = [
                (.a, same[0]), (.control, same[1]), (.b, candidate ?? same[2]),
            ]
            for (role, arm) in roles {
                if let trial = block.trials[arm] { sides[role, default: []].append(trial) }
            }
        }
        return Comparison.paired(metrics: pool.metrics, sides: sides, options: options)
    }
}

extension Comparison {
    /// Compares rows of a pool, block by block, as ``paired(_:options:)`` compares records.
    static func paired(
        metrics: [ComparedMetric], sides: [PairedPlace.Arm: [TrialPool.Trial]], options: ComparisonOptions
    ) -> ComparisonOutcome {
        var soundness = TrialSoundness()
        for side in PairedPlace.Arm.allCases {
            let marks = (sides[side] ?? []).enumerated().map { place, trial in
                TrialMark(
                    number: place + 1, isViolated: trial.verdict == "violated", isCorrect: trial.verdict == "correct",
                    isJudged: true, reasons: trial.reasons, isInTurns: true)
            }
            soundness.examine(marks, of: side.rawValue, options)
        }
        let wanted = options.metrics.isEmpty ? metrics : options.metrics
        func values(_ side: PairedPlace.Arm) -> [[Double?]] {
            wanted.map { metric in
                guard let column = metrics.firstIndex(of: metric) else { return [] }
                return (sides[side] ?? []).map { $0.values[column] }
            }
        }
        let cell = SortedCell(
            title: "pool", metrics: wanted, a: values(.a), b: values(.b), control: values(.control),
            soundness: soundness)
        return ComparisonOutcome(
            a: "A", b: "B", isPaired: true, options: options,
            cells: FamilyJudgement(options: options, isPaired: true, cells: [cell]).judged(), notes: [],
            isViolated: soundness.isViolated)
    }
}
