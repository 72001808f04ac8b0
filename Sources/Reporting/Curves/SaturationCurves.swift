import Harness
import Statistics

/// What saturation searches found: a sentence, the latency-throughput curve as a table, and as a picture with the knee and
/// the objective marked.
public enum SaturationCurves {
    /// The answer in a sentence.
    public static func sentence(of outcome: SaturationOutcome) -> String {
        let objective = "\(outcome.request.objective)"
        let ending = outcome.isBrokenOff ? " The search was broken off before it was done." : ""
        switch outcome.answer {
        case .maximum(let rate, let breach):
            return "The highest rate that meets '\(objective)' is \(HumanUnits.rate(rate)); "
                + "at \(HumanUnits.rate(breach)) it failed twice.\(ending)"
        case .atLeast(let rate, let reason):
            let why = outcome.isBrokenOff ? "" : ", and \(reason.rawValue)"
            return "The highest rate that meets '\(objective)' is at least \(HumanUnits.rate(rate))\(why).\(ending)"
        case .never(let lowest):
            return "'\(objective)' was not met at any rate, not even at \(HumanUnits.rate(lowest)).\(ending)"
        case .unknown(let reason):
            return outcome.isBrokenOff
                ? "No rate that meets '\(objective)' was found.\(ending)"
                : "No rate that meets '\(objective)' was found: \(reason.rawValue)."
        }
    }

    /// The trial that a search began with, without its rate.
    static func subject(of outcome: SaturationOutcome) -> String {
        guard let plan = outcome.steps.first?.record.plan else { return "" }
        var words = [plan.variant]
        if plan.subject == .cluster {
            words += [plan.nodes == 1 ? "1 node" : "\(plan.nodes) nodes", plan.durability.rawValue]
        }
        words.append("\(plan.arrivalName) \(plan.clients)×\(plan.inFlight)")
        if plan.repetition > 1 { words.append("repetition \(plan.repetition)") }
        return words.joined(separator: ", ")
    }

    /// The points of the curve, a rate each, by rising rate; of several tries the last. Rates at which the generator was
    /// the limit and that failed are left out.
    static func points(of outcome: SaturationOutcome) -> [SaturationOutcome.Step] {
        var byRate: [Double: SaturationOutcome.Step] = [:]
        for step in outcome.steps {
            guard let measured = step.measured, outcome.passed(step) || !measured.isGeneratorLimited else { continue }
            byRate[measured.offeredPerSecond] = step
        }
        return byRate.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The rate at which throughput over mean latency is highest; nil without a point.
    static func kneePerSecond(of outcome: SaturationOutcome) -> Double? {
        let points = points(of: outcome)
        let curve = points.map { step in
            CurvePoint(
                throughput: step.measured?.achievedPerSecond ?? 0, latency: number("latency_mean_ns", step) ?? 0)
        }
        return knee(of: curve).flatMap { points[$0].measured?.offeredPerSecond }
    }

    private static func number(_ name: String, _ step: SaturationOutcome.Step) -> Double? {
        Metric.named(name)?.number(in: MetricRow.whole(step.record))
    }

    // MARK: Table

    /// The report's section on searches.
    static func lines(of records: [TrialRecord]) -> [String] {
        let outcomes = SaturationOutcome.all(in: records)
        guard !outcomes.isEmpty else { return [] }
        var lines = ["## The highest rate", ""]
        for (index, outcome) in outcomes.enumerated() {
            lines += ["### \(MarkdownText.cell(subject(of: outcome)))", "", "**\(sentence(of: outcome))**", ""]
            lines += table(of: outcome) + [""]
            if let knee = kneePerSecond(of: outcome) {
                lines += [
                    "The knee, where throughput over mean latency is highest (Kleinrock 1979), is at \(HumanUnits.rate(knee)).",
                    "",
                ]
            }
            lines += ["![latency over throughput](\(ResultsFolder.curves)/\(name(index)))", ""]
        }
        return lines
    }

    static func table(of outcome: SaturationOutcome) -> [String] {
        let titles = ["trial", "offered", "achieved", "p50", "p99", "wake lateness p99", "came of it"]
        let sorted = outcome.steps.sorted {
            ($0.record.plan.offeredPerSecond ?? 0, $0.record.plan.number)
                < ($1.record.plan.offeredPerSecond ?? 0, $1.record.plan.number)
        }
        let rows = sorted.map { step in
            func duration(_ name: String) -> String { number(name, step).map(HumanUnits.duration) ?? "–" }
            return [
                "\(step.record.plan.number)", step.record.plan.offeredPerSecond.map(HumanUnits.rate) ?? "–",
                step.measured.map { HumanUnits.rate($0.achievedPerSecond) } ?? "–", duration("latency_p50_ns"),
                duration("latency_p99_ns"), duration("wake_lateness_p99_ns"), words(step, outcome),
            ]
        }
        return MarkdownText.table(
            titles, isNumber: [true, true, true, true, true, true, false], rows: rows)
    }

    private static func words(_ step: SaturationOutcome.Step, _ outcome: SaturationOutcome) -> String {
        guard let measured = step.measured else { return "broken off" }
        if outcome.passed(step) {
            return measured.offeredPerSecond == outcome.answer.rate ? "met: the answer" : "met"
        }
        if measured.isGeneratorLimited { return "failed, and the generator was the limit" }
        if measured.meetsObjective { return "less than nine tenths of the offered achieved" }
        let failed = outcome.request.objective.judge(step.record).filter { !$0.hasPassed }.map(\.threshold)
        let again = step.standing == .passed ? ", met in another try" : ""
        return "failed: \(failed.joined(separator: ", "))\(again)"
    }

    // MARK: Picture

    static func name(_ index: Int) -> String { "saturation-\(index + 1).svg" }

    /// The pictures of all searches, by name.
    static func pictures(of records: [TrialRecord]) -> [(name: String, svg: String)] {
        SaturationOutcome.all(in: records).enumerated().map { (name($0.offset), chart(of: $0.element).svg) }
    }

    static func chart(of outcome: SaturationOutcome) -> LineChart {
        let points = points(of: outcome)
        let lines = [("p50", "latency_p50_ns"), ("p99", "latency_p99_ns")].enumerated().map { index, pair in
            let drawn = points.compactMap { step in
                number(pair.1, step).map { (x: step.measured?.achievedPerSecond ?? 0, y: max(1, $0), step: step) }
            }
            return LineChart.Line(
                name: "\(pair.0) (full where the objective was met)", colour: index,
                values: drawn.map { (x: $0.x, y: $0.y) },
                points: drawn.map { outcome.passed($0.step) ? .full : .hollow })
        }
        var rules: [LineChart.Rule] = []
        var bounds: [Double] = []
        for threshold in outcome.request.objective.thresholds where threshold.metric.unit == .nanoseconds {
            guard case .number(let bound) = threshold.bound else { continue }
            bounds.append(bound)
            rules.append(LineChart.Rule(isVertical: false, value: bound, text: threshold.text))
        }
        if let rate = outcome.answer.rate {
            rules.append(LineChart.Rule(isVertical: true, value: rate, text: "meets it: \(HumanUnits.rate(rate))"))
        }
        if let knee = kneePerSecond(of: outcome), knee != outcome.answer.rate {
            rules.append(LineChart.Rule(isVertical: true, value: knee, text: "knee: \(HumanUnits.rate(knee))"))
        }
        let rates = lines.flatMap { $0.values.map(\.x) } + [outcome.answer.rate ?? 0]
        return LineChart(
            title: "Latency over throughput: \(subject(of: outcome))", x: .rates("operations a second", of: rates),
            y: .durations("latency", of: lines.flatMap { $0.values.map(\.y) } + bounds), lines: lines, rules: rules)
    }
}
