import Analysis
import Harness

/// A gate's report for a pull request's summary.
public enum GateMarkdown {
    /// The most objections that are listed for one check: a summary has bounds.
    static let mostObjections = 30

    /// The sentence first, then a table of the checks, then what stands in the way, then the shifts of paired checks.
    public static func text(of report: GateReport) -> String {
        var lines = ["# Gate: \(MarkdownText.cell(report.gate))", "", "**\(MarkdownText.cell(report.sentence))**", ""]
        if !report.summary.isEmpty { lines += [MarkdownText.cell(report.summary), ""] }
        lines += ["| check | kind | conditions that hold | outcome |", "|---|---|--:|---|"]
        lines += report.checks.map { check in
            let passed = check.findings.count { $0.outcome == .passed }
            return
                "| \(MarkdownText.cell(check.name)) | \(check.kind.rawValue) | \(passed) of \(check.findings.count) | "
                + "\(GateText.word(check.outcome)) |"
        }
        for check in report.checks { lines += details(of: check) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func details(of check: CheckReport) -> [String] {
        let objections = check.objections
        let shifts = check.findings.filter { $0.shift != nil }
        guard !objections.isEmpty || !check.notes.isEmpty || !shifts.isEmpty else { return [] }
        var lines = ["", "## \(MarkdownText.cell(check.name))", ""]
        if !objections.isEmpty {
            lines += ["| outcome | subject | condition | why |", "|---|---|---|---|"]
            lines += objections.prefix(mostObjections).map {
                "| \(GateText.word($0.outcome)) | \(MarkdownText.cell($0.subject)) | \(MarkdownText.code($0.condition)) | "
                    + "\(MarkdownText.cell($0.reason)) |"
            }
            if objections.count > mostObjections {
                lines += ["", "And \(objections.count - mostObjections) more; gate.json has them all."]
            }
        }
        if !shifts.isEmpty { lines += (objections.isEmpty ? [] : [""]) + table(of: shifts) }
        if !check.notes.isEmpty { lines += [""] + check.notes.map { "- \(MarkdownText.cell($0))" } }
        return lines
    }

    private static func table(of findings: [GateFinding]) -> [String] {
        [
            "| subject | metric | base | candidate | change | bounds | smallest to be seen |",
            "|---|---|--:|--:|--:|---|--:|",
        ]
            + findings.compactMap { finding in
                guard let shift = finding.shift else { return nil }
                func percent(_ share: Double?) -> String { share.map { HumanUnits.fixed($0 * 100, 1) + " %" } ?? "–" }
                func number(_ value: Double?) -> String {
                    value.map { value in
                        Metric.named(shift.metric).map { HumanUnits.text(value, of: $0) } ?? MetricText.number(value)
                    } ?? "–"
                }
                let bounds = shift.interval.map { "\(percent($0.lower)) – \(percent($0.upper))" } ?? "–"
                return
                    "| \(MarkdownText.cell(finding.subject)) | \(shift.metric) | \(number(shift.a)) | \(number(shift.b)) | "
                    + "\(percent(shift.shift)) | \(bounds) | \(percent(shift.minimumDetectable)) |"
            }
    }
}
