/// What a run's clients were given, whatever the system promises: which models the history keeps, and how old what they
/// read was.
public struct ConsistencyEvidence: Sendable, Hashable, Codable {
    /// A model and what was found.
    public struct Level: Sendable, Hashable, Codable {
        /// The model.
        public var model: ConsistencyModel
        /// Whether the history keeps it.
        public var verdict: Verdict

        /// A level of its parts.
        public init(model: ConsistencyModel, verdict: Verdict) {
            self.model = model
            self.verdict = verdict
        }
    }

    /// Every model, from the strongest to the weakest.
    public var levels: [Level]
    /// How old the reads were.
    public var staleness: StalenessReport

    /// Evidence of its parts.
    public init(levels: [Level], staleness: StalenessReport) {
        self.levels = levels
        self.staleness = staleness
    }

    /// Judges a history by every model.
    ///
    /// - Parameters:
    ///   - known: models that have been judged, by other means perhaps, and what came out.
    ///   - budget: what judging the others may take, together.
    public init(
        history: [KeyValueOperation], known: [ConsistencyModel: Verdict] = [:],
        budget: ConsistencyChecker.Budget = .init()
    ) {
        levels = ConsistencyLevels.judge(history, known: known, budget: budget)
            .map { Level(model: $0.model, verdict: $0.verdict) }
        staleness = Staleness.measure(history)
    }

    /// The strongest model that the history is proved to keep; `nil` when none is.
    public var earned: ConsistencyModel? { levels.first { $0.verdict.isCorrect }?.model }

    /// Whether every model stronger than the earned one is proved not to be kept.
    public var isSettled: Bool { !levels.prefix { !$0.verdict.isCorrect }.contains { $0.verdict.isUnknown } }
}
