import Analysis
import Foundation
import Harness

/// A form in which a gate's report can be printed.
public enum GateFormat: String, Sendable, Hashable, CaseIterable {
    /// A table for a terminal.
    case human
    /// For programs.
    case json
    /// For a pull request's summary.
    case markdown
    /// For CI servers.
    case junit
}

extension GateReport {
    /// The report in a form.
    public func text(_ format: GateFormat) throws(RecordError) -> String {
        switch format {
        case .human: GateText.text(of: self)
        case .json: try GateText.json(of: self)
        case .markdown: GateMarkdown.text(of: self)
        case .junit: JUnitReport.text(of: self)
        }
    }

    /// Writes `gate.md`, `gate.json` and `junit.xml` into a folder.
    public func write(to folder: String) throws(RecordError) {
        try AtomicFile.makeFolder(folder)
        try AtomicFile.write(try text(.markdown), to: "\(folder)/gate.md")
        try AtomicFile.write(try text(.json), to: "\(folder)/gate.json")
        try AtomicFile.write(try text(.junit), to: "\(folder)/junit.xml")
    }
}

/// A gate's report for a terminal and for programs.
public enum GateText {
    /// The most objections that are printed for one check.
    static let mostObjections = 8

    /// A line for each check, what stands in the way of a pass, and the whole in a sentence.
    public static func text(of report: GateReport) -> String {
        let rows = report.checks.map { check in
            let passed = check.findings.count { $0.outcome == .passed }
            return [check.name, check.kind.rawValue, "\(passed) of \(check.findings.count)", word(check.outcome)]
        }
        var text = TextTable(header: ["check", "kind", "hold", "outcome"], rows: rows).text
        for check in report.checks {
            let objections = check.objections
            let shifts = check.findings.filter { $0.shift != nil && $0.outcome == .passed }
            if !objections.isEmpty || !shifts.isEmpty || !check.notes.isEmpty { text += "\n\(check.name):\n" }
            for finding in objections.prefix(mostObjections) {
                let why = "\(finding.subject): '\(finding.condition)': \(finding.reason)"
                text += "  \(word(finding.outcome)): \(plain(why))\n"
            }
            if objections.count > mostObjections {
                text += "  and \(objections.count - mostObjections) more; --format json has them all\n"
            }
            // A pass is worth what it could have seen.
            for finding in shifts.prefix(mostObjections) {
                text += "  passed: \(plain("\(finding.subject): \(finding.reason)"))\n"
            }
            for note in check.notes { text += "  note: \(plain(note))\n" }
        }
        return text + "\n\(report.sentence)\n"
    }

    /// A text in one line, without what a terminal would take for a command.
    static func plain(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            plain.unicodeScalars.append(
                scalar == "\n" || scalar == "\r" ? " " : scalar.value < 32 ? "\u{fffd}" : scalar)
        }
        return plain
    }

    /// An outcome as tables show it.
    static func word(_ outcome: GateOutcome) -> String {
        switch outcome {
        case .passed: "passed"
        case .inconclusive: "INCONCLUSIVE"
        case .failed: "FAILED"
        case .violated: "VIOLATED"
        }
    }

    /// The report as one JSON document, keys sorted and indented.
    ///
    /// - Throws: `RecordError.wrongField` where a number is not finite.
    static func json(of report: GateReport) throws(RecordError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
        } catch {
            throw .wrongField(path: report.gate, field: "a finding", reason: "\(error)")
        }
    }
}
