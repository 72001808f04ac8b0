import ProtocolKit
import Workload

extension MatrixExpansion {
    /// Sets how a trial's operations arrive, and the search that it begins.
    func setArrivals(of trial: inout PlannedTrial, _ settings: Settings) throws(ScenarioError) {
        let rate = try searchedRate(trial, settings) ?? settings.rate
        switch (settings.arrival?.value, rate) {
        case (.closed, let rate?):
            throw ScenarioError(
                "a closed loop has no rate; leave rate out or take arrival constant or poisson", at: rate.place)
        case (.trace(let path), let rate):
            try refuseThinkTime(settings)
            let place = settings.arrival?.place ?? matrix.place
            try setTrace(path, rate: rate?.value, at: place, of: &trial, settings)
        case (.closed, nil), (nil, nil):
            let think = settings.think.value
            trial.arrival = .closed(thinkNanoseconds: think.meanNanoseconds)
            if case .constant = think { break }
            trial.thinkLaw = think
        case (_?, nil):
            throw ScenarioError(
                "arrival \(trialWord(settings)) needs a rate; for example \(ScenarioField.rate.example)",
                at: settings.arrival?.place ?? matrix.place)
        case (let law, let rate?):
            try check(rate, settings)
            try refuseThinkTime(settings)
            trial.arrival =
                switch law {
                case .poisson: .poisson(perSecond: rate.value)
                case .burst(let size): .burst(size: size, perSecond: rate.value)
                default: .constant(perSecond: rate.value)
                }
        }
        try setShape(of: &trial, settings, hasRate: rate != nil)
        try setSearch(of: &trial, settings)
    }

    private func trialWord(_ settings: Settings) -> String {
        switch settings.arrival?.value {
        case .burst(let size): "burst:\(size)"
        case .poisson: "poisson"
        default: "constant"
        }
    }

    private func check(_ rate: Placed<Double>, _ settings: Settings) throws(ScenarioError) {
        let arrivals = rate.value * Double(settings.duration.value + settings.warmUp.value) / 1e9
        guard arrivals >= 1, arrivals <= Double(ArrivalSchedule.largestCount) else {
            throw ScenarioError(
                "the rate comes to \(arrivals) operations in the trial; 1 to \(ArrivalSchedule.largestCount) "
                    + "are possible", at: rate.place)
        }
        guard case .burst(let size)? = settings.arrival?.value, arrivals < Double(size) else { return }
        throw ScenarioError(
            "the rate comes to \(arrivals) operations in the trial, less than one burst of \(size)", at: rate.place)
    }

    private func refuseThinkTime(_ settings: Settings) throws(ScenarioError) {
        guard !settings.think.value.isNone else { return }
        throw ScenarioError("think time belongs to a closed loop; leave it or rate out", at: settings.think.place)
    }

    /// The window is the trace's own length where none was asked for, and no longer than that where one was.
    private func setTrace(
        _ path: String, rate: Double?, at place: ScenarioPlace, of trial: inout PlannedTrial, _ settings: Settings
    ) throws(ScenarioError) {
        let found: (reference: PlannedTrial.TraceReference, lengthNanoseconds: UInt64)
        do {
            found = try TraceFile.reference(to: path, rate: rate)
        } catch {
            throw ScenarioError("\(error)", at: place)
        }
        trial.arrival = .trace(found.reference)
        let length = found.lengthNanoseconds
        if matrix.duration.isEmpty {
            trial.windowNanoseconds = max(length, Self.shortestWindow)
        } else if settings.duration.place == .builtIn {
            trial.windowNanoseconds = min(settings.duration.value, max(length, Self.shortestWindow))
        } else if settings.duration.value > max(length, Self.shortestWindow) {
            throw ScenarioError(
                "the trace lasts \(Quantity.describe(nanoseconds: length)), less than this; leave duration out to take "
                    + "all of it, or rate lower to stretch it", at: settings.duration.place)
        }
    }

    /// As of a duration that is asked for.
    private static var shortestWindow: UInt64 { 10_000_000 }

    private func setShape(
        of trial: inout PlannedTrial, _ settings: Settings, hasRate: Bool
    ) throws(ScenarioError) {
        guard settings.shape.value != .steady else { return }
        guard hasRate else {
            throw ScenarioError(
                "a shape needs a rate to move; for example \(ScenarioField.rate.example)", at: settings.shape.place)
        }
        if case .trace = trial.arrival {
            throw ScenarioError(
                "a trace has a shape of its own; leave shape or the trace out", at: settings.shape.place)
        }
        trial.shape = settings.shape.value
    }

    // MARK: Searches

    /// The rate that a search begins with where none is given; nil without a search.
    private func searchedRate(
        _ trial: PlannedTrial, _ settings: Settings
    ) throws(ScenarioError) -> Placed<Double>? {
        guard let objective = matrix.findMax.first else { return nil }
        func refuse(_ reason: String) -> ScenarioError { ScenarioError(reason, at: objective.place) }
        guard trial.subject == .cluster || trial.subject == .external else {
            throw refuse("\(trial.variant) is not offered operations at a rate, so there is none to be searched for")
        }
        switch settings.arrival?.value {
        case .closed: throw refuse("a closed loop has no rate to be searched for; take arrival constant or poisson")
        case .trace: throw refuse("a trace has a rate of its own; take arrival constant, poisson or burst")
        default: break
        }
        guard settings.shape.value == .steady else {
            throw refuse("a rate that moves can't be searched for; leave shape out")
        }
        return settings.rate ?? Placed(SaturationRequest.usualStart, at: .builtIn)
    }

    private func setSearch(of trial: inout PlannedTrial, _ settings: Settings) throws(ScenarioError) {
        guard let first = matrix.findMax.first, let start = trial.offeredPerSecond else {
            if let tolerance = matrix.findMaxTolerance, matrix.findMax.isEmpty {
                throw ScenarioError("a tolerance needs something to find: give find-max too", at: tolerance.place)
            }
            return
        }
        let objective = matrix.findMax.dropFirst().reduce(first.value) { $0.and($1.value) }
        for threshold in objective.thresholds {
            guard let kind = threshold.operation, !trial.workload.mix.kinds.contains(kind) else { continue }
            throw ScenarioError(
                "'\(threshold)': the mix \(trial.workload.mix) has no '\(kind)'", at: first.place)
        }
        var search = SaturationRequest(objective: objective, startPerSecond: start)
        if let tolerance = matrix.findMaxTolerance { search.tolerance = tolerance.value }
        if let steps = matrix.mostSearchSteps { search.mostSteps = steps }
        trial.search = search
    }
}
