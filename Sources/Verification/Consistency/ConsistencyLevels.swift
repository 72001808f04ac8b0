/// Which models a history keeps: what a system's clients were really given, whatever it promises.
public enum ConsistencyLevels {
    /// A model and what was found.
    public typealias Level = (model: ConsistencyModel, verdict: Verdict)

    /// Judges `history` by every model, from the strongest to the weakest, each within a share of `budget`.
    ///
    /// Linearizable implies sequential and regular; sequential implies session; both regular and session imply eventual.
    /// Regular and sequential don't imply each other: one rests on real time, the other on sessions. What follows from a
    /// stronger model that is kept is not judged again, nor is what is `known`.
    public static func judge(
        _ history: [KeyValueOperation], known: [ConsistencyModel: Verdict] = [:],
        budget: ConsistencyChecker.Budget = .init()
    ) -> [Level] {
        var levels: [Level] = []
        let deadline = ContinuousClock.now + budget.time
        for (place, model) in ConsistencyModel.allCases.enumerated() {
            if levels.contains(where: { $0.verdict == .correct && $0.model.implies(model) }) {
                levels.append((model, .correct))
                continue
            }
            if let verdict = known[model], !verdict.isUnknown {
                levels.append((model, verdict))
                continue
            }
            var share = budget
            share.time = max(.zero, deadline - .now) / (ConsistencyModel.allCases.count - place)
            levels.append((model, ConsistencyChecker.check(history: history, model: model, budget: share)))
        }
        return levels
    }

    /// The strongest model that `history` is proved to keep; `nil` when none is.
    ///
    /// The order is that of ``ConsistencyModel``: linearizable, sequential, regular, session, eventual.
    public static func earned(_ history: [KeyValueOperation], budget: ConsistencyChecker.Budget = .init())
        -> ConsistencyModel?
    {
        judge(history, budget: budget).first { $0.verdict.isCorrect }?.model
    }
}

extension ConsistencyModel {
    /// Whether every history that keeps this model keeps the other.
    public func implies(_ other: ConsistencyModel) -> Bool {
        switch (self, other) {
        case (.linearizable, _), (_, .eventual): true
        case (.sequential, .session): true
        default: self == other
        }
    }
}
