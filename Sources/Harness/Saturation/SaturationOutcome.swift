import Statistics

/// What a saturation search came to: its trials, in order, and the answer; a pure function of the records.
public struct SaturationOutcome: Sendable {
    /// One trial of a search.
    public struct Step: Sendable {
        /// The trial.
        public var record: TrialRecord
        /// What it says of its rate; nil where it was broken off.
        public var measured: SaturationStep?
        /// What is known of its rate after all tries; nil where it was broken off.
        public var standing: SaturationSearch.Standing?
    }

    /// What was searched for.
    public let request: SaturationRequest
    /// The trials, in the order in which they were run.
    public let steps: [Step]
    /// The answer, or where the search stood when it was broken off.
    public let answer: SaturationAnswer
    /// Whether it was broken off before it had its answer.
    public let isBrokenOff: Bool
    private let search: SaturationSearch

    /// The searches that some records belong to, in order.
    public static func all(in records: [TrialRecord]) -> [SaturationOutcome] {
        var groups: [(key: PlannedTrial, records: [TrialRecord])] = []
        for record in records where record.plan.search != nil {
            let key = Self.key(of: record.plan)
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].records.append(record)
            } else {
                groups.append((key, [record]))
            }
        }
        return groups.compactMap { SaturationOutcome($0.records) }
    }

    /// What all trials of one search have in common.
    private static func key(of plan: PlannedTrial) -> PlannedTrial {
        var key = plan.offering(perSecond: 0)
        (key.number, key.seed, key.workload.seed) = (0, 0, 0)
        return key
    }

    private init?(_ records: [TrialRecord]) {
        guard let first = records.first, let request = first.plan.search else { return nil }
        let search = request.search(of: first.plan)
        let measured = records.map { SaturationStep($0, request.objective) }
        let history = measured.compactMap { $0 }
        steps = zip(records, measured).map { record, measured in
            Step(
                record: record, measured: measured,
                standing: measured.map { step in
                    search.standing(history.filter { $0.offeredPerSecond == step.offeredPerSecond })
                })
        }
        self.request = request
        self.search = search
        switch search.next(after: history) {
        case .answer(let answer): (self.answer, isBrokenOff) = (answer, false)
        case .measure: (answer, isBrokenOff) = (search.soFar(history), true)
        }
    }

    /// Whether a trial by itself met the objective.
    public func passed(_ step: Step) -> Bool {
        guard let measured = step.measured else { return false }
        return search.standing([measured]) == .passed
    }

    /// The trial that the answer rests on: of those at its rate the last that passed.
    public var best: TrialRecord? {
        guard let rate = answer.rate else { return nil }
        return steps.last { $0.measured?.offeredPerSecond == rate && passed($0) }?.record
    }

    /// Whether no rate met the objective.
    public var neverMet: Bool {
        guard case .never = answer else { return false }
        return true
    }

    /// Whether the highest rate was found, and not only that it is higher still.
    public var foundMaximum: Bool {
        guard case .maximum = answer else { return false }
        return true
    }
}
