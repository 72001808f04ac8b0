/// Runs a plan, trial by trial, and keeps each result as soon as it is there.
///
/// Generic over the result, so that the order of things (save before the next trial starts, stop when asked, lose
/// nothing that was measured) is tested without a cluster.
public struct PlanRun<Result: Sendable> {
    /// How a run of a plan ended.
    public struct Outcome {
        /// What was measured, in the plan's order.
        public var results: [Result]
        /// Whether a stop was asked for: trials are missing, or the last one was cut short.
        public var isInterrupted: Bool
        /// The first trial that couldn't be run, and why; no further one was tried.
        public var failure: (trial: PlannedTrial, error: any Error)?
    }

    private let perform: (PlannedTrial) throws -> Result?
    private let save: (Result) throws -> Void

    /// A run made of two steps.
    ///
    /// - Parameters:
    ///   - perform: runs one trial, to its end or until interrupted; nil if it was stopped before it had measured.
    ///   - save: keeps a result; called before the next trial starts.
    public init(perform: @escaping (PlannedTrial) throws -> Result?, save: @escaping (Result) throws -> Void) {
        self.perform = perform
        self.save = save
    }

    /// Runs the plan.
    ///
    /// - Throws: what `save` throws: a result that can't be kept ends the run at once.
    public func run(
        _ plan: Plan, interruption: Interruption, progress: some PlanProgress<Result>
    ) throws -> Outcome {
        var outcome = Outcome(results: [], isInterrupted: false, failure: nil)
        progress.began(plan)
        defer { progress.ended() }
        for trial in plan.trials {
            if interruption.isRequested { break }
            progress.began(trial, of: plan)
            do {
                guard let result = try perform(trial) else { break }
                outcome.results.append(result)
            } catch {
                outcome.failure = (trial, error)
                break
            }
            try save(outcome.results[outcome.results.count - 1])
            progress.ended(trial, outcome.results[outcome.results.count - 1])
        }
        outcome.isInterrupted = interruption.isRequested
        return outcome
    }
}

/// Who wants to know how far a plan is.
public protocol PlanProgress<Result> {
    associatedtype Result: Sendable
    /// The plan begins.
    func began(_ plan: Plan)
    /// A trial begins.
    func began(_ trial: PlannedTrial, of plan: Plan)
    /// A trial's result is saved.
    func ended(_ trial: PlannedTrial, _ result: Result)
    /// Nothing more comes.
    func ended()
}
