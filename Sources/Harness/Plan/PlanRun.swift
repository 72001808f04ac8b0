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
    private let follow: (PlannedTrial, [Result]) -> PlannedTrial?

    /// A run made of two steps.
    ///
    /// - Parameters:
    ///   - perform: runs one trial, to its end or until interrupted; nil if it was stopped before it had measured.
    ///   - save: keeps a result; called before the next trial starts.
    ///   - follow: the trial that follows from what came of a planned one so far, as the next step of a search does; nil
    ///     for the plan's next.
    public init(
        perform: @escaping (PlannedTrial) throws -> Result?, save: @escaping (Result) throws -> Void,
        follow: @escaping (PlannedTrial, [Result]) -> PlannedTrial? = { _, _ in nil }
    ) {
        self.perform = perform
        self.save = save
        self.follow = follow
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
        plan: for planned in plan.trials {
            var own: [Result] = []
            var upNext: PlannedTrial? = planned
            while var trial = upNext {
                if interruption.isRequested { break plan }
                trial.number = outcome.results.count + 1
                progress.began(trial, of: plan)
                let result: Result
                do {
                    guard let ended = try perform(trial) else { break plan }
                    result = ended
                } catch {
                    outcome.failure = (trial, error)
                    break plan
                }
                outcome.results.append(result)
                own.append(result)
                try save(result)
                progress.ended(trial, result)
                upNext = follow(planned, own)
            }
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
