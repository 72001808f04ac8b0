import Glibc
import Harness
import Statistics

/// Judges how one metric differs between two sides, each bound at a level that leaves the whole family its own.
struct ShiftJudge: Sendable {
    /// The comparison's options.
    let options: ComparisonOptions
    /// How many metrics and cells are judged together.
    let count: Int

    /// A judgement, with the p-value before it is adjusted for the others.
    struct Judged {
        var shift: MetricShift
        var pValue: Double?
    }

    /// The chance that each bound may fail with.
    private var tail: Double { options.level / Double(count) }

    /// Judges pairs, in order; a value that is missing or not positive has no ratio, and then nothing can be said.
    func paired(_ metric: ComparedMetric, a: [Double?], b: [Double?]) -> Judged {
        precondition(a.count == b.count, "pairs have two values each")
        guard let (a, b) = measured(metric, a, b) else { return unmeasured(metric, a, b) }
        let differences = zip(a, b).map { log($1) - log($0) }
        var shift = base(metric, samples: a.count, a, b)
        shift.noise = robustDeviation(differences).map { expm1($0) }
        let estimate = PairedShift(differences, level: 1 - 2 * tail)
        let pValue = signedRankTest(differences).pValue
        let detectable = robustDeviation(differences).flatMap {
            PairedPower.minimumDetectableShift(deviation: $0, pairs: a.count, alpha: tail)
        }
        let needed = PairedPower.fewestPairs(alpha: tail)
        conclude(
            &shift, metric, estimate.shift, estimate.interval, detectable,
            tooFew: Self.tooFew(pairs: a.count, needed: needed, metrics: count))
        return Judged(shift: shift, pValue: pValue)
    }

    /// Says that pairs are fewer than can be evidence.
    static func tooFew(pairs: Int, needed: Int, metrics: Int) -> String {
        "\(pairs) \(pairs == 1 ? "pair" : "pairs") can't be evidence over \(metrics) "
            + "\(metrics == 1 ? "metric" : "metrics") at this level; at least \(needed) can"
    }

    /// Judges two samples without pairs.
    func unpaired(_ metric: ComparedMetric, a: [Double?], b: [Double?]) -> Judged {
        guard let (a, b) = measured(metric, a, b) else { return unmeasured(metric, a, b) }
        let (first, second) = (a.map { log($0) }, b.map { log($0) })
        var shift = base(metric, samples: min(a.count, b.count), a, b)
        let estimate = UnpairedShift(second, first, level: 1 - 2 * tail)
        let pValue = mannWhitneyTest(second, first).pValue
        let deviation = [first, second].compactMap(robustDeviation).map { $0 * $0 }
        let detectable = mean(deviation).flatMap {
            UnpairedPower.minimumDetectableShift(
                deviation: $0.squareRoot(), first: a.count, second: b.count, alpha: tail)
        }
        let needed = UnpairedPower.fewestSamples(alpha: tail)
        conclude(
            &shift, metric, estimate.shift, estimate.interval, detectable,
            tooFew:
                "\(a.count) trials against \(b.count) can't be evidence over \(count) metrics at this level; run with "
                + "--repetitions \(max(10, needed))")
        return Judged(shift: shift, pValue: pValue)
    }

    private func base(_ metric: ComparedMetric, samples: Int, _ a: [Double], _ b: [Double]) -> MetricShift {
        MetricShift(
            metric: metric.metric.name, operation: metric.operation ?? OperationRecord.all, samples: samples,
            a: median(a), b: median(b), verdict: .inconclusive, reason: "")
    }

    /// Both sides' values where every one is there and has a logarithm.
    private func measured(_ metric: ComparedMetric, _ a: [Double?], _ b: [Double?]) -> ([Double], [Double])? {
        let (first, second) = (a.compactMap { $0 }, b.compactMap { $0 })
        let isWhole = first.count == a.count && second.count == b.count && !first.isEmpty && !second.isEmpty
        return isWhole && (first + second).allSatisfy { $0 > 0 && $0.isFinite } ? (first, second) : nil
    }

    private func unmeasured(_ metric: ComparedMetric, _ a: [Double?], _ b: [Double?]) -> Judged {
        let (first, second) = (a.compactMap { $0 }, b.compactMap { $0 })
        var shift = base(metric, samples: min(first.count, second.count), first, second)
        let missing = a.count + b.count - first.count - second.count
        let zeros = (first + second).count { $0 <= 0 }
        if first.isEmpty, second.isEmpty {
            shift.reason = "\(metric) was not measured"
        } else if missing > 0 {
            shift.reason = "\(metric) is missing in \(missing) of \(a.count + b.count) trials"
        } else {
            shift.reason = "\(metric) is 0 in \(zeros) of \(a.count + b.count) trials, which no ratio can be made with"
        }
        return Judged(shift: shift)
    }

    private func conclude(
        _ shift: inout MetricShift, _ metric: ComparedMetric, _ estimate: Double, _ bounds: ConfidenceInterval?,
        _ detectable: Double?, tooFew: String
    ) {
        shift.shift = expm1(estimate)
        guard let bounds else {
            shift.reason = tooFew
            return
        }
        let direction = metric.metric.direction
        shift.interval = ConfidenceInterval(
            lower: expm1(bounds.lower), upper: expm1(bounds.upper), level: 1 - 2 * options.level)
        let (rise, fall) = (log1p(options.margin), log1p(-options.margin))
        shift.minimumDetectable = detectable.map { direction == .higher ? -expm1(fall - $0) : expm1(rise + $0) }
        shift.verdict =
            switch (bounds.lower > rise, bounds.upper < fall, direction) {
            case (false, false, _): .noChangeShown
            case (_, _, .neither): .changed
            case (true, _, .higher), (_, true, .lower): .improved
            default: .regressed
            }
        // Where single pairs lie far off, the bounds are wider than the noise of the others lets expect.
        guard shift.verdict == .noChangeShown, let interval = shift.interval else { return }
        let notExcluded = direction == .higher ? -interval.lower : interval.upper
        shift.minimumDetectable = shift.minimumDetectable.map { max($0, notExcluded) }
    }
}

extension ChangeVerdict {
    /// Whether a difference beyond the margin was shown, whichever way.
    var isDifference: Bool { self == .regressed || self == .improved || self == .changed }
}
