import Verification
import Analysis

/// A gate's report in JUnit's XML, as CI servers read it (the form of Ant's and Jenkins' xUnit schemas): a suite for each
/// check, a case for each condition on each subject. What fails is a `failure`, what is inconclusive an `error`.
///
/// It names no times, so that equal gates give equal files.
public enum JUnitReport {
    /// The document.
    public static func text(of report: GateReport) -> String {
        let suites = report.checks.map { (name: XMLText.escaped($0.name), findings: findings(of: $0), notes: $0.notes) }
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"\(XMLText.escaped(report.gate))\"\(counts(suites.flatMap(\.findings)))>")
        for suite in suites {
            lines.append("  <testsuite name=\"\(suite.name)\"\(counts(suite.findings)) skipped=\"0\">")
            for finding in suite.findings { lines += testCase(finding, suite: suite.name) }
            if !suite.notes.isEmpty {
                lines.append("    <system-out>\(XMLText.escaped(suite.notes.joined(separator: "\n")))</system-out>")
            }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    /// A check without findings is inconclusive, which a suite without cases would hide.
    private static func findings(of check: CheckReport) -> [GateFinding] {
        guard check.findings.isEmpty else { return check.findings }
        return [
            GateFinding(
                subject: check.name, condition: "there is something to judge", outcome: .inconclusive,
                reason: "nothing was judged")
        ]
    }

    private static func counts(_ findings: [GateFinding]) -> String {
        let errors = findings.count { $0.outcome == .inconclusive }
        let failures = findings.count { $0.outcome == .failed || $0.outcome == .violated }
        return " tests=\"\(findings.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
    }

    private static func testCase(_ finding: GateFinding, suite: String) -> [String] {
        let name = XMLText.escaped("\(finding.subject): \(finding.condition)")
        let opening = "    <testcase name=\"\(name)\" classname=\"\(suite)\""
        let reason = XMLText.escaped(finding.reason)
        let element: String
        switch finding.outcome {
        case .passed: return [opening + "/>"]
        case .inconclusive: element = "error"
        case .failed, .violated: element = "failure"
        }
        return [
            opening + ">",
            "      <\(element) type=\"\(finding.outcome.rawValue)\" message=\"\(reason)\">\(reason)</\(element)>",
            "    </testcase>",
        ]
    }
}
