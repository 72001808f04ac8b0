import Glibc
import Measurement
import ProtocolKit

/// Who wants to know how far a paired comparison is.
public protocol PairedProgress {
    /// The comparison begins.
    func began(_ design: PairedDesign)
    /// A trial of a block begins; about so many blocks there are, and so much time is left.
    func began(_ trial: PlannedTrial, ofBlocks blocks: Int, leftNanoseconds: UInt64)
    /// A trial's result is saved.
    func ended(_ trial: PlannedTrial, _ record: TrialRecord)
    /// Nothing more comes.
    func ended()
}

/// Runs a paired design into a results folder, block by block; every record is saved as soon as its trial has ended.
public struct PairedRun {
    /// What is run.
    public var design: PairedDesign
    /// The systems that the design's names stand for.
    public var catalogue: SystemCatalogue
    /// Where the results go; an earlier run's files there are replaced.
    public var folder: String
    /// The command and its arguments, for the record.
    public var commandLine: [String]
    /// Reads this process's allocator.
    public var allocations: AllocationCounter

    /// A run of its parts.
    public init(
        design: PairedDesign, catalogue: SystemCatalogue, folder: String, commandLine: [String],
        allocations: AllocationCounter = .unavailable
    ) {
        self.design = design
        self.catalogue = catalogue
        self.folder = folder
        self.commandLine = commandLine
        self.allocations = allocations
    }

    /// Runs it on the calling thread.
    ///
    /// - Throws: `RecordError` where results can't be kept, `MeasurementError` where the machine can't be measured,
    ///   ``BuildError`` where a build can't be copied.
    public func run(interruption: Interruption, progress: some PairedProgress) throws -> BenchmarkRun.Outcome {
        let dataFolder = "\(folder)/data"
        var run = RunRecord(
            programVersion: ProgramVersion.current, commandLine: commandLine, plannedTrials: design.estimatedTrials,
            started: .now())
        _ = try ResultsFolder.create(at: folder, run: run, replacing: true)
        try AtomicFile.makeFolder(dataFolder)
        FileTree.removeAbandonedTrials(in: dataFolder)
        defer { rmdir(dataFolder) }
        let executables = try ArmExecutables(design, under: dataFolder)
        defer { executables.remove() }
        let host = try HostFacts.current(folder: dataFolder)
        let floor = try MachineFloor.measure(folder: dataFolder)
        (run.host, run.floor) = (host, floor)
        var results = try ResultsFolder.create(at: folder, run: run, replacing: true)
        func member(_ trial: PlannedTrial) -> TurnTaking.Member {
            let arm = trial.pairing?.arm ?? .a
            var environment = TrialEnvironment(
                host: host, floor: floor, allocations: allocations, dataFolder: dataFolder,
                executable: executables.path(of: arm), interruption: interruption)
            environment.nodeArguments = design.side(of: arm).nodeArguments
            return TurnTaking.Member(plan: trial, environment: environment)
        }
        let loop = BlockLoop<TrialRecord>(
            design: design, now: MonotonicClock.now,
            together: { (trials: [PlannedTrial]) throws(TurnTaking.Failure) -> [TrialRecord?] in
                let turns = TurnTaking(
                    catalogue: catalogue, turnNanoseconds: design.turnNanoseconds, seed: trials.first?.seed ?? 1)
                return try turns.rounds(trials.map(member), interruption)
            },
            perform: { trial in
                let member = member(trial)
                return try catalogue.perform(member.plan, in: member.environment)
            },
            save: { trial, record in
                try results.append(record)
                progress.ended(trial, record)
            })
        progress.began(design)
        defer { progress.ended() }
        let outcome = try loop.run(interruption) { progress.began($0, ofBlocks: $1, leftNanoseconds: $2) }
        try results.finish(
            at: .now(), isInterrupted: outcome.isInterrupted || outcome.failure != nil,
            plannedTrials: outcome.plannedTrials)
        return BenchmarkRun.Outcome(
            results: try ResultsFolder.load(from: folder), isInterrupted: outcome.isInterrupted,
            failure: outcome.failure)
    }
}

/// The order of things in a paired run, apart from clusters and files, so that it can be tested without them.
struct BlockLoop<Result> {
    /// How it ended.
    struct Outcome {
        /// How many trials it would have been without an interruption.
        var plannedTrials: Int
        var isInterrupted = false
        var failure: (trial: PlannedTrial, error: any Error)?
    }

    let design: PairedDesign
    /// Nanoseconds that never go back.
    let now: () -> UInt64
    /// Runs a cell's trials in turns; nil for those that were stopped before they had measured.
    let together: ([PlannedTrial]) throws(TurnTaking.Failure) -> [Result?]
    /// Runs a trial by itself; nil where it was stopped before it had measured.
    let perform: (PlannedTrial) throws -> Result?
    /// Keeps a result.
    let save: (PlannedTrial, Result) throws -> Void

    /// Runs the blocks. `began` is told each trial, how many blocks there are about, and the time left about.
    func run(
        _ interruption: Interruption, began: (PlannedTrial, Int, UInt64) -> Void
    ) throws -> Outcome {
        let start = now()
        let first = design.hasWarmUpBlock ? 0 : 1
        var outcome = Outcome(plannedTrials: 0)
        var block = first
        while true {
            let spent = now() - start
            let ended = block - first
            let mean = ended == 0 ? design.estimatedBlockNanoseconds : spent / UInt64(ended)
            let last = lastBlock(spent: spent, next: block, blockNanoseconds: mean)
            guard block <= last else { break }
            let trials = design.trials(ofBlock: block, numberedFrom: outcome.plannedTrials + 1)
            outcome.plannedTrials += trials.count
            for step in steps(trials) {
                guard let trial = step.first else { continue }
                let done = UInt64(block) * UInt64(trials.count) + UInt64(trial.number - trials[0].number)
                let all = UInt64(last + 1) * UInt64(trials.count)
                began(trial, last, (all - done) * (mean / UInt64(trials.count)))
                guard !interruption.isRequested, try take(step, &outcome) else {
                    outcome.isInterrupted = interruption.isRequested
                    outcome.plannedTrials += (last - block) * trials.count
                    return outcome
                }
            }
            block += 1
        }
        // Asked for within the last trial: that one was cut short.
        outcome.isInterrupted = interruption.isRequested
        return outcome
    }

    /// The number of the last block, as far as is known before block `next`.
    private func lastBlock(spent: UInt64, next: Int, blockNanoseconds: UInt64) -> Int {
        switch design.length {
        case .blocks(let blocks): return blocks
        case .time(let nanoseconds):
            let left = nanoseconds - min(nanoseconds, spent)
            let more = Int(min(left / max(1, blockNanoseconds), UInt64(PairedDesign.mostBlocks)))
            // One block at least, or nothing would be measured.
            return min(PairedDesign.mostBlocks, max(1, next + more - 1))
        }
    }

    /// What runs at one time: a cell's trials together where they can take turns, else each by itself.
    private func steps(_ trials: [PlannedTrial]) -> [[PlannedTrial]] {
        var steps: [[PlannedTrial]] = []
        for cell in 1...design.cells.count {
            let members = trials.filter { $0.pairing?.cell == cell }
            if members.allSatisfy(TurnTaking.canTake) { steps.append(members) } else { steps += members.map { [$0] } }
        }
        return steps
    }

    /// Runs and keeps what runs at one time.
    ///
    /// - Returns: whether there is more to come.
    private func take(_ step: [PlannedTrial], _ outcome: inout Outcome) throws -> Bool {
        let results: [Result?]
        do {
            results = step.count > 1 ? try together(step) : [try perform(step[0])]
        } catch let failure as TurnTaking.Failure {
            outcome.failure = (step[failure.place], failure.error)
            return false
        } catch {
            outcome.failure = (step[0], error)
            return false
        }
        for (trial, result) in zip(step, results) {
            guard let result else { return false }
            try save(trial, result)
        }
        return true
    }
}
