import Analysis
import Harness

/// A baseline and its changes, for people.
public enum BaselineText {
    /// The machine, then a line for each figure.
    public static func text(of baseline: Baseline) -> String {
        var text = ""
        if let host = baseline.host {
            text += Baseline.facts(of: host).map { "\($0.fact): \($0.value)" }.joined(separator: ", ") + "\n\n"
        }
        if let toolchain = baseline.toolchain {
            text +=
                "what steps allocate is of "
                + toolchain.facts.map { "\($0.fact): \($0.value)" }.joined(separator: ", ") + "\n\n"
        }
        let rows = baseline.figures.keys.sorted().compactMap { key -> [String]? in
            guard let figure = baseline.figures[key] else { return nil }
            return [
                key.isExact ? "exact" : "measured", key.subject, key.operation, key.metric, number(figure.value, key),
                spread(figure, key), figure.repetitions.map(String.init) ?? "",
            ]
        }
        let header = ["section", "subject", "operation", "metric", "value", "spread", "repetitions"]
        return text + TextTable(header: header, rows: rows).text + "\n\(count(rows.count))\n"
    }

    /// A line for each figure that is new, gone or another.
    public static func text(of changes: [BaselineChange]) -> String {
        guard !changes.isEmpty else { return "nothing changed\n" }
        let rows = changes.map { change in
            let relative = change.relative.map { ($0 < 0 ? "−" : "+") + HumanUnits.fixed(abs($0) * 100, 1) + " %" }
            return [
                change.before == nil ? "new" : change.now == nil ? "gone" : "changed", change.key.subject,
                change.key.operation, change.key.metric, change.before.map { number($0.value, change.key) } ?? "–",
                change.now.map { number($0.value, change.key) } ?? "–", relative ?? "",
            ]
        }
        let header = ["", "subject", "operation", "metric", "before", "now", "change"]
        return TextTable(header: header, rows: rows).text + "\n\(count(rows.count)) differ\n"
    }

    private static func count(_ number: Int) -> String { "\(number) \(number == 1 ? "figure" : "figures")" }

    private static func number(_ value: Metric.Value, _ key: Baseline.Key) -> String {
        guard case .number(let number) = value, !key.isExact, let metric = Metric.named(key.metric) else {
            return MetricText.text(of: value)
        }
        return HumanUnits.text(number, of: metric)
    }

    private static func spread(_ figure: Baseline.Figure, _ key: Baseline.Key) -> String {
        guard let low = figure.lowest, let high = figure.highest, case .number(let middle) = figure.value, middle != 0
        else { return "" }
        return HumanUnits.fixed((high - low) / abs(middle) * 100, 1) + " %"
    }
}
