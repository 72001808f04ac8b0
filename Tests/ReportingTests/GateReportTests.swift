import Analysis
import Foundation
import Harness
import Statistics
import Testing

@testable import Reporting

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("A gate's report")
struct GateReportTests {
    static let report = GateReport(
        gate: "merge <main>", summary: "What must hold | before a merge.",
        checks: [
            CheckReport(
                name: "costs", kind: .exact,
                findings: [
                    GateFinding(
                        subject: "raft, 3 nodes", condition: "messages_per_op == audit", outcome: .passed, value: "4",
                        bound: "4", reason: "put.messages_per_op is 4, as the paper says"),
                    GateFinding(
                        subject: "raft, 3 nodes", condition: "put.bytes_per_op == baseline", outcome: .failed,
                        value: "290.875", bound: "287", reason: "put.bytes_per_op is 290.875, the baseline has 287"),
                ]),
            CheckReport(
                name: "under \"load\" & faults", kind: .stored,
                findings: [
                    GateFinding(
                        subject: "raft[batch=64], 3 nodes, synced", condition: "latency_p99 <= baseline * 1.10",
                        outcome: .inconclusive, value: "1200000",
                        reason: "the baseline is from too different a machine (processors: 2 before, 64 now)"),
                    GateFinding(
                        subject: "raft[batch=64], 3 nodes, synced", condition: "verdict == correct", outcome: .violated,
                        value: "violated", reason: "repetition 2: violated: read \u{1} <nothing>\nof 'x'"),
                ],
                notes: ["the baseline's machine differs: kernel: 6.1 before, 6.6 now"]),
            CheckReport(
                name: "change", kind: .paired,
                findings: [
                    GateFinding(
                        subject: "raft, 3 nodes", condition: "latency_p99_ns not worse by more than 2 %",
                        outcome: .passed, value: "1010000", bound: "1000000", reason: "no change beyond 2 % is shown",
                        shift: MetricShift(
                            metric: "latency_p99_ns", operation: "all", samples: 24, a: 1_000_000, b: 1_010_000,
                            shift: 0.01, interval: ConfidenceInterval(lower: -0.012, upper: 0.031, level: 0.99),
                            pValue: 0.4, noise: 0.03, minimumDetectable: 0.041, verdict: .noChangeShown,
                            reason: "no change beyond 2 % is shown"))
                ]),
            CheckReport(name: "nothing", kind: .stored, findings: []),
        ])

    private static let passed = GateReport(
        gate: "small",
        checks: [
            CheckReport(
                name: "costs", kind: .exact,
                findings: [
                    GateFinding(subject: "raft", condition: "errors == 0", outcome: .passed, reason: "errors is 0")
                ])
        ])

    @Test("for people is as read") func human() throws {
        try Golden.expect(GateText.text(of: Self.report), "gate.txt")
    }

    @Test("for a pull request is as read") func markdown() throws {
        try Golden.expect(GateMarkdown.text(of: Self.report), "gate.md")
    }

    @Test("for CI servers is as read") func junit() throws {
        try Golden.expect(JUnitReport.text(of: Self.report), "junit.xml")
    }

    @Test("says in a sentence how it ended")
    func sentences() {
        #expect(Self.report.sentence == "merge <main>: a promise is broken: 'under \"load\" & faults'.")
        #expect(Self.passed.sentence == "small: passed; the one condition of 1 check holds.")
        #expect(GateReport(gate: "empty", checks: []).outcome == .inconclusive)
        #expect(Self.report.outcome == .violated)
    }

    @Test("in JUnit's form is XML whose counts are those of its cases")
    func xml() throws {
        let reader = JUnitReader()
        let parser = XMLParser(data: Data(JUnitReport.text(of: Self.report).utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
        #expect(reader.unknown.isEmpty, "\(reader.unknown)")
        #expect(reader.suites.map(\.name) == ["costs", "under \"load\" & faults", "change", "nothing"])
        #expect(reader.suites.map(\.tests) == [2, 2, 1, 1])
        #expect(reader.suites.map(\.cases) == [2, 2, 1, 1])
        #expect(reader.suites.map(\.failures) == [1, 1, 0, 0])
        #expect(reader.suites.map(\.errors) == [0, 1, 0, 1])
        #expect(reader.suites.map(\.seenFailures) == [1, 1, 0, 0])
        #expect(reader.suites.map(\.seenErrors) == [0, 1, 0, 1])
        #expect(reader.totals == ["name": "merge <main>", "tests": "6", "failures": "2", "errors": "2"])
        #expect(reader.messages.contains { $0.contains("<nothing>") && $0.contains("\n") })
    }

    @Test("in JSON has every finding with its outcome")
    func json() throws {
        let text = try Self.report.text(.json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["schema"] as? String == "coordbench.gate/1")
        #expect(object["outcome"] as? String == "violated")
        let checks = try #require(object["checks"] as? [[String: Any]])
        #expect(checks.map { ($0["findings"] as? [Any])?.count } == [2, 2, 1, 0])
        #expect(try JSONDecoder().decode(GateReport.self, from: Data(text.utf8)).sentence == Self.report.sentence)
    }

    @Test("is written in all its forms, the same bytes for the same gate")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("coordbench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func contents() throws -> [Data] {
            try Self.report.write(to: folder.path)
            return try ["gate.md", "gate.json", "junit.xml"].map {
                try Data(contentsOf: folder.appendingPathComponent($0))
            }
        }
        #expect(try contents() == contents())
    }
}

/// Reads JUnit's XML as far as the usual schemas let it be written.
private final class JUnitReader: NSObject, XMLParserDelegate {
    struct Suite {
        var name = ""
        var tests = 0, failures = 0, errors = 0
        var cases = 0, seenFailures = 0, seenErrors = 0
    }

    var suites: [Suite] = []
    var totals: [String: String] = [:]
    var messages: [String] = []
    var unknown: [String] = []
    private var path: [String] = []

    static let allowed: [String: (parent: String?, attributes: Set<String>)] = [
        "testsuites": (nil, ["name", "tests", "failures", "errors"]),
        "testsuite": ("testsuites", ["name", "tests", "failures", "errors", "skipped"]),
        "testcase": ("testsuite", ["name", "classname"]),
        "failure": ("testcase", ["type", "message"]), "error": ("testcase", ["type", "message"]),
        "system-out": ("testsuite", []),
    ]

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        let rule = Self.allowed[element]
        if rule == nil || rule?.parent != path.last || !Set(attributes.keys).isSubset(of: rule?.attributes ?? []) {
            unknown.append("\(path) \(element) \(attributes)")
        }
        path.append(element)
        switch element {
        case "testsuites": totals = attributes
        case "testsuite":
            func number(_ name: String) -> Int { Int(attributes[name] ?? "") ?? -1 }
            suites.append(
                Suite(
                    name: attributes["name"] ?? "", tests: number("tests"), failures: number("failures"),
                    errors: number("errors")))
        case "testcase": suites[suites.count - 1].cases += 1
        case "failure":
            suites[suites.count - 1].seenFailures += 1
            messages.append(attributes["message"] ?? "")
        case "error": suites[suites.count - 1].seenErrors += 1
        default: break
        }
    }

    func parser(
        _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
    ) {
        path.removeLast()
    }
}

/// Files that people have read. `COORDBENCH_UPDATE_GOLDEN=1` writes them anew.
enum Golden {
    static func expect(_ text: String, _ name: String) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)").path
        if ProcessInfo.processInfo.environment["COORDBENCH_UPDATE_GOLDEN"] == "1" {
            try AtomicFile.write(text, to: path)
        }
        let golden = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let expected = golden.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, (line, wanted)) in zip(lines, expected).enumerated() where line != wanted {
            Issue.record("\(name):\(index + 1): expected \(wanted), got \(line)")
        }
        #expect(Array(text.utf8) == Array(golden.utf8))
    }
}
