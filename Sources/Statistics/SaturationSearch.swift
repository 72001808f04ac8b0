/// One measurement of a saturation search: a rate was offered, and this came of it.
public struct SaturationStep: Sendable, Codable, Hashable {
    /// Operations offered a second.
    public var offeredPerSecond: Double
    /// Operations that succeeded a second.
    public var achievedPerSecond: Double
    /// Whether every condition of the objective held.
    public var meetsObjective: Bool
    /// Whether the load generator itself was too slow, so that a failure says nothing of the system.
    public var isGeneratorLimited: Bool

    /// A measurement of its parts.
    public init(
        offeredPerSecond: Double, achievedPerSecond: Double, meetsObjective: Bool, isGeneratorLimited: Bool = false
    ) {
        self.offeredPerSecond = offeredPerSecond
        self.achievedPerSecond = achievedPerSecond
        self.meetsObjective = meetsObjective
        self.isGeneratorLimited = isGeneratorLimited
    }
}

/// What a saturation search found. Every rate in it was offered and measured.
public enum SaturationAnswer: Sendable, Hashable {
    /// The highest rate that met the objective, and the lowest that didn't; the two are within the tolerance.
    case maximum(rate: Double, breach: Double)
    /// The objective was met up to this rate, and what stopped the search was not the system.
    case atLeast(rate: Double, reason: Reason)
    /// Not even this rate, the lowest tried, met the objective.
    case never(lowestTried: Double)
    /// Nothing can be said: no rate that could be judged.
    case unknown(reason: Reason)

    /// What stopped a search that found no breach.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The generator couldn't offer more.
        case generator = "the load generator was the limit"
        /// The search may take only so many steps.
        case steps = "the search had no steps left"
        /// The highest rate that the search may offer.
        case highestRate = "no higher rate was allowed"
    }

    /// The rate to rely upon: the highest that met the objective; nil where none did.
    public var rate: Double? {
        switch self {
        case .maximum(let rate, _), .atLeast(let rate, _): rate
        case .never, .unknown: nil
        }
    }
}

/// Looks for the highest rate that meets an objective: climbs by a factor until a rate fails, then halves what lies
/// between on the logarithmic scale.
///
/// A pure function of what was measured so far, so that a search can be interrupted, replayed and rendered from its
/// records alone:
///
///     var history: [SaturationStep] = []
///     while case .measure(let rate) = search.next(after: history) { history.append(measure(rate)) }
///
/// A rate *passes* where the objective was met and at least ``leastAchieved`` of the offered was achieved. A rate that
/// doesn't is tried again: a single bad window is noise, and only the second failure of a kind counts. A rate that failed
/// twice while the generator itself was late ends the climb as well, but says nothing of the system: the answer is then
/// "at least". A rate that passed although the generator was late has passed all the same: latency is counted from the
/// intended start, so that the generator's delay is in it.
public struct SaturationSearch: Sendable, Hashable {
    /// The first rate, operations a second.
    public var start: Double
    /// The factor of the climb.
    public var growth: Double
    /// How far apart the answer and the lowest failing rate may be, as a share of the answer.
    public var tolerance: Double
    /// The share of the offered rate that must be achieved.
    public var leastAchieved: Double
    /// The most measurements, second tries included.
    public var mostSteps: Int
    /// The rates that may be offered.
    public var rates: ClosedRange<Double>

    /// A search of its parts.
    public init(
        start: Double = 1_000, growth: Double = 2, tolerance: Double = 0.05, leastAchieved: Double = 0.9,
        mostSteps: Int = 40, rates: ClosedRange<Double> = 1...10_000_000
    ) {
        precondition(growth > 1 && tolerance > 0 && mostSteps > 0, "a search climbs, ends, and takes a step")
        precondition(rates.lowerBound > 0 && start > 0, "rates are positive")
        self.start = start
        self.growth = growth
        self.tolerance = tolerance
        self.leastAchieved = leastAchieved
        self.mostSteps = mostSteps
        self.rates = rates
    }

    /// What to do next.
    public enum Next: Sendable, Hashable {
        /// Measure this rate.
        case measure(Double)
        /// Nothing more: this is the answer.
        case answer(SaturationAnswer)
    }

    /// What is known of one rate.
    public enum Standing: Sendable, Hashable {
        /// It met the objective.
        case passed
        /// It failed twice.
        case breached
        /// It failed twice while the generator was the limit.
        case limited
        /// It failed and must be tried again.
        case open
    }

    /// What the measurements of one rate come to.
    public func standing(_ steps: [SaturationStep]) -> Standing {
        var breaches = 0
        var limits = 0
        for step in steps {
            if step.meetsObjective, step.achievedPerSecond >= leastAchieved * step.offeredPerSecond {
                return .passed
            } else if step.isGeneratorLimited {
                limits += 1
            } else {
                breaches += 1
            }
        }
        return breaches >= 2 ? .breached : limits >= 2 ? .limited : .open
    }

    /// The next rate to measure, or the answer.
    public func next(after history: [SaturationStep]) -> Next {
        let known = Known(history, self)
        let isSpent = history.count >= mostSteps
        if !isSpent {
            if let open = known.open { return .measure(open) }
            if let rate = next(known) { return .measure(rate) }
        }
        return .answer(answer(known, isSpent: isSpent))
    }

    /// What a search can say that was broken off after these measurements.
    public func soFar(_ history: [SaturationStep]) -> SaturationAnswer {
        answer(Known(history, self), isSpent: true)
    }

    /// The history, rate by rate.
    private struct Known {
        /// The highest rate that passed below every rate that failed.
        var low: Double?
        /// The lowest rate that failed.
        var high: Double?
        var isHighLimited = false
        var lowest: Double?
        /// A rate that failed once.
        var open: Double?

        init(_ history: [SaturationStep], _ search: SaturationSearch) {
            var byRate: [(rate: Double, steps: [SaturationStep])] = []
            for step in history {
                if let place = byRate.firstIndex(where: { $0.rate == step.offeredPerSecond }) {
                    byRate[place].steps.append(step)
                } else {
                    byRate.append((step.offeredPerSecond, [step]))
                }
            }
            byRate.sort { $0.rate < $1.rate }
            lowest = byRate.first?.rate
            for (rate, steps) in byRate where high == nil {
                switch search.standing(steps) {
                case .passed: low = rate
                case .breached: high = rate
                case .limited: (high, isHighLimited) = (rate, true)
                case .open: open = rate
                }
            }
        }
    }

    /// Nil where the search is over.
    private func next(_ known: Known) -> Double? {
        switch (known.low, known.high) {
        case (nil, nil): return Self.rounded(min(max(start, rates.lowerBound), rates.upperBound))
        case (let low?, nil):
            guard low < rates.upperBound else { return nil }
            return min(max(Self.rounded(low * growth), low * 1.001), rates.upperBound)
        case (nil, let high?):
            guard high > rates.lowerBound else { return nil }
            // Down in double strides: how far below the start the answer lies is anyone's guess.
            return max(min(Self.rounded(high / (growth * growth)), high * 0.999), rates.lowerBound)
        case (let low?, let high?):
            guard high > low * (1 + tolerance) else { return nil }
            let middle = Self.rounded((low * high).squareRoot())
            return middle > low && middle < high ? middle : (low * high).squareRoot()
        }
    }

    private func answer(_ known: Known, isSpent: Bool) -> SaturationAnswer {
        switch (known.low, known.high) {
        case (let low?, let high?):
            if known.isHighLimited { return .atLeast(rate: low, reason: .generator) }
            return high <= low * (1 + tolerance)
                ? .maximum(rate: low, breach: high) : .atLeast(rate: low, reason: .steps)
        case (let low?, nil): return .atLeast(rate: low, reason: isSpent ? .steps : .highestRate)
        case (nil, let high?):
            if known.isHighLimited { return .unknown(reason: .generator) }
            return isSpent && high > rates.lowerBound ? .unknown(reason: .steps) : .never(lowestTried: high)
        case (nil, nil): return .unknown(reason: .steps)
        }
    }

    /// Three significant digits, so that rates read well.
    static func rounded(_ rate: Double) -> Double {
        var scale = 1.0
        while rate * scale < 100 { scale *= 10 }
        while rate * scale >= 1_000 { scale /= 10 }
        let digits = (rate * scale).rounded()
        // Divided by a whole power of ten, so that 0.1 steps come out as people write them.
        return scale >= 1 ? digits / scale : digits * (1 / scale).rounded()
    }
}
