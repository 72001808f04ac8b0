import Glibc
import Measurement
import ProtocolKit

/// Runs a plan into a results folder: the machine is looked at first, then every trial's record is saved as soon as the
/// trial has ended.
public struct BenchmarkRun {
    /// What is run.
    public var plan: Plan
    /// The systems that the plan's names stand for.
    public var catalogue: SystemCatalogue
    /// Where the results go; an earlier run's files there are replaced.
    public var folder: String
    /// The command and its arguments, for the record.
    public var commandLine: [String]
    /// Reads this process's allocator.
    public var allocations: AllocationCounter
    /// The path of this program, for nodes in processes of their own.
    public var executable: String

    /// A run of its parts.
    public init(
        plan: Plan, catalogue: SystemCatalogue, folder: String, commandLine: [String],
        allocations: AllocationCounter = .unavailable, executable: String
    ) {
        self.plan = plan
        self.catalogue = catalogue
        self.folder = folder
        self.commandLine = commandLine
        self.allocations = allocations
        self.executable = executable
    }

    /// What a run left behind.
    public struct Outcome {
        /// The results as they were saved.
        public var results: LoadedResults
        /// Whether a stop was asked for.
        public var isInterrupted: Bool
        /// The first trial that couldn't be run, and why.
        public var failure: (trial: PlannedTrial, error: any Error)?
    }

    /// Runs it on the calling thread.
    ///
    /// - Throws: `RecordError` where results can't be kept, `MeasurementError` where the machine can't be measured.
    public func run(interruption: Interruption, progress: some PlanProgress<TrialRecord>) throws -> Outcome {
        let dataFolder = "\(folder)/data"
        var run = RunRecord(
            programVersion: ProgramVersion.current, commandLine: commandLine, plannedTrials: plan.trials.count,
            started: .now())
        _ = try ResultsFolder.create(at: folder, run: run, replacing: true)
        try AtomicFile.makeFolder(dataFolder)
        FileTree.removeAbandonedTrials(in: dataFolder)
        defer { rmdir(dataFolder) }
        let host = try HostFacts.current(folder: dataFolder)
        let floor = try MachineFloor.measure(folder: dataFolder)
        (run.host, run.floor) = (host, floor)
        var results = try ResultsFolder.create(at: folder, run: run, replacing: true)
        let environment = TrialEnvironment(
            host: host, floor: floor, allocations: allocations, dataFolder: dataFolder, executable: executable,
            interruption: interruption)
        let trials = PlanRun<TrialRecord>(
            perform: { trial in try catalogue.perform(trial, in: environment) },
            save: { record in try results.append(record) },
            follow: { trial, records in trial.search?.next(after: records, of: trial) })
        let outcome = try trials.run(plan, interruption: interruption, progress: progress)
        let isCut = outcome.isInterrupted || outcome.failure != nil
        if plan.trials.contains(where: { $0.search != nil }) {
            // How many trials a search takes is known only now; one that was broken off lacks one at least.
            results.setPlannedTrials(max(plan.trials.count, outcome.results.count + (isCut ? 1 : 0)))
        }
        try results.finish(at: .now(), isInterrupted: isCut, audits: isCut ? [] : try audits())
        return Outcome(
            results: try ResultsFolder.load(from: folder), isInterrupted: outcome.isInterrupted,
            failure: outcome.failure)
    }
}

extension BenchmarkRun {
    /// Audits every variant of the plan that has nodes, once.
    private func audits() throws -> [CostAuditRecord] {
        var variants: [String] = []
        for trial in plan.trials where trial.subject == .cluster && !variants.contains(trial.variant) {
            variants.append(trial.variant)
        }
        return try variants.flatMap { try catalogue.audit(try Variant(parsing: $0)) }
    }
}

extension SystemCatalogue {
    /// Runs one trial of a system in this catalogue.
    ///
    /// - Throws: ``CatalogueError``, or what the trial throws.
    public func perform(_ trial: PlannedTrial, in environment: TrialEnvironment) throws -> TrialRecord? {
        let name = String(trial.variant.prefix { $0 != "[" })
        guard let run = try entry(named: name).run else { throw CatalogueError.cannotRun(name) }
        return try run(trial, environment)
    }
}

/// What a run came to, the worst first: what an exit code says.
public enum RunJudgement: Sendable, Hashable {
    /// A checker found a violation, or an operation doesn't cost what its paper says.
    case violated
    /// A stop was asked for; what was measured is saved.
    case interrupted
    /// A condition of `--fail-if` holds.
    case thresholdFailed
    /// A verdict is unknown or a trial is not valid.
    case inconclusive
    /// Everything is correct and valid.
    case passed

    /// The judgement on these records.
    public init(
        _ records: [TrialRecord], audits: [CostAuditRecord] = [], thresholds: [ThresholdResult], isInterrupted: Bool
    ) {
        let searches = SaturationOutcome.all(in: records)
        // A search drives a system past what it can do: only the trial that its answer rests on must be sound.
        let relied = records.filter { $0.plan.search == nil } + searches.compactMap(\.best)
        if records.contains(where: { $0.verdict.isViolated }) || audits.contains(where: { !$0.isEqual }) {
            self = .violated
        } else if isInterrupted {
            self = .interrupted
        } else if thresholds.contains(where: { !$0.hasPassed }) || searches.contains(where: \.neverMet) {
            self = .thresholdFailed
        } else if records.isEmpty || searches.contains(where: { !$0.foundMaximum })
            || relied.contains(where: { !$0.verdict.isCorrect || !$0.validity.isValid })
        {
            self = .inconclusive
        } else {
            self = .passed
        }
    }
}
