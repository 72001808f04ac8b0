import Statistics
import Workload

/// A search for the highest rate that meets an objective, as a trial carries it: every step of the search is a trial of
/// its own, and its record says which search it belongs to.
public struct SaturationRequest: Sendable, Hashable, Codable {
    /// The rate that a search begins with where none is given, operations a second.
    public static let usualStart = 1_000.0

    /// What must hold.
    public var objective: SaturationObjective
    /// The first rate, operations a second.
    public var startPerSecond: Double
    /// How close the search comes, as a share of the rate.
    public var tolerance = 0.05
    /// The most trials that it may take.
    public var mostSteps = 40

    /// A search of its parts.
    public init(objective: SaturationObjective, startPerSecond: Double) {
        self.objective = objective
        self.startPerSecond = startPerSecond
    }

    /// The search itself. No rate is offered that comes to fewer than a hundred operations in a window, unless asked for,
    /// and none that comes to more than a schedule can hold.
    func search(of trial: PlannedTrial) -> SaturationSearch {
        let seconds = Double(trial.windowNanoseconds) / 1e9
        let whole = Double(trial.windowNanoseconds + trial.warmUpNanoseconds) / 1e9
        let highest = min(10_000_000, 0.99 * Double(ArrivalSchedule.largestCount) / whole)
        let lowest = min(startPerSecond, max(1, 100 / seconds), highest)
        return SaturationSearch(
            start: startPerSecond, tolerance: tolerance, mostSteps: mostSteps, rates: lowest...highest)
    }

    /// The trial that follows those that the search has run, or nil when it has its answer.
    ///
    /// - Parameters:
    ///   - records: what came of its trials so far.
    ///   - trial: the trial that it began with.
    func next(after records: [TrialRecord], of trial: PlannedTrial) -> PlannedTrial? {
        let steps = records.compactMap { SaturationStep($0, objective) }
        guard case .measure(let rate) = search(of: trial).next(after: steps) else { return nil }
        var next = trial.offering(perSecond: rate)
        // Another draw for each trial, so that a second try is not the first one's copy.
        next.seed = trial.seed &+ UInt64(records.count)
        next.workload.seed = next.seed
        return next
    }
}

extension SaturationStep {
    /// What a trial says of its rate; nil for one that was broken off or had no rate.
    ///
    /// What was achieved is counted inside the window, as a share of what the schedule really offered in it.
    public init?(_ record: TrialRecord, _ objective: SaturationObjective) {
        guard let rate = record.plan.offeredPerSecond, !record.isInterrupted, record.windowNanoseconds > 0 else {
            return nil
        }
        let offered = Double(record.arrivals.offered)
        let share = offered > 0 ? Double(MetricRow.whole(record).successesInWindow ?? 0) / offered : 0
        self.init(
            offeredPerSecond: rate, achievedPerSecond: rate * share,
            meetsObjective: objective.judge(record).allSatisfy(\.hasPassed),
            isGeneratorLimited: TrialValidity.generatorLimit(record) != nil)
    }
}
