import Analysis
import Foundation
import Harness
import Statistics
import Testing

@testable import Reporting

/// The reports of an invented comparison against files that people have read. `COORDBENCH_UPDATE_GOLDEN=1` writes them
/// anew.
@Suite("A comparison's reports")
struct ComparisonReportTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path

    private static func shift(
        _ metric: String, _ a: Double?, _ b: Double?, _ estimate: Double?, _ bounds: (Double, Double)?,
        seen: Double? = nil, p: Double? = nil, _ verdict: ChangeVerdict, _ reason: String, operation: String = "all"
    ) -> MetricShift {
        MetricShift(
            metric: metric, operation: operation, samples: 30, a: a, b: b, shift: estimate,
            interval: bounds.map { ConfidenceInterval(lower: $0.0, upper: $0.1, level: 0.98) }, pValue: p,
            noise: seen.map { $0 / 2 }, minimumDetectable: seen, verdict: verdict, reason: reason)
    }

    private static let outcome = ComparisonOutcome(
        a: "raft[batch=1]", b: "path:/tmp/<new>|\"build\" & more", isPaired: true, margin: 0.02, level: 0.01,
        cells: [
            CellComparison(
                title: "raft, 3 nodes, memory, 16 × 1 closed", samples: 30,
                shifts: [
                    shift(
                        "throughput_per_s", 24_100, 23_110, -0.041, (-0.053, -0.029), seen: 0.035, p: 0.00001,
                        .regressed,
                        "B's throughput_per_s is 4.1 % lower"),
                    shift(
                        "server_cpu_us_per_op", 41.2, 38.3, -0.07, (-0.09, -0.05), seen: 0.04, p: 0.0031, .improved, "x"
                    ),
                    shift(
                        "fairness_jain", 0.997, 0.998, 0.001, (-0.001, 0.003), seen: 0.022, p: 0.41, .noChangeShown, "x"
                    ),
                    shift(
                        "latency_p99_ns", 812_000, nil, nil, nil, .inconclusive,
                        "put.latency_p99_ns is missing in 1 of 60 trials", operation: "put"),
                ],
                control: [
                    shift("throughput_per_s", 24_100, 24_140, 0.0017, (-0.011, 0.014), .noChangeShown, "<control>"),
                    shift("server_cpu_us_per_op", 41.2, 41.3, 0.003, (-0.012, 0.016), .noChangeShown, "x"),
                    shift("fairness_jain", 0.997, 0.997, 0, (-0.001, 0.001), .noChangeShown, "x"),
                    shift("latency_p99_ns", 812_000, 818_000, 0.007, (-0.02, 0.031), .noChangeShown, "x"),
                ],
                sentence:
                    "B's throughput_per_s is 4.1 % lower than A's (2.9 % to 5.3 % lower), beyond the margin of 2 %"
                    + " over 30 pairs"),
            CellComparison(
                title: "raft against unreplicated, synced", samples: 30,
                shifts: [
                    shift("throughput_per_s", 900, 4_700, 4.2, (3.9, 4.6), seen: 0.06, p: 0.00001, .improved, "x")
                ],
                control: [shift("throughput_per_s", 900, 890, -0.011, (-0.03, 0.009), .noChangeShown, "x")],
                doubts: ["of 3 of 30 trials of B nobody knows whether it was correct"],
                sentence: "B's throughput_per_s is 420 % higher than A's (390 % to 460 % higher)"),
            CellComparison(
                title: "zab, 3 nodes, memory, 16 × 1 closed", samples: 0, shifts: [], control: [],
                problems: ["3 of 3 blocks are not whole: block 1 lacks B"],
                sentence: "nothing can be said: 3 of 3 blocks are not whole: block 1 lacks B"),
        ],
        notes: ["kernel: 6.1 before, 6.6 now"], verdict: .regressed,
        sentence: "regressed: 1 of 5 metrics worse in B by more than 2 %")

    private func expect(_ text: String, _ name: String) throws {
        let path = "\(Self.golden)/\(name)"
        if ProcessInfo.processInfo.environment["COORDBENCH_UPDATE_GOLDEN"] == "1" {
            try AtomicFile.write(text, to: path)
        }
        let golden = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        let (lines, expected) = (text.split(separator: "\n"), golden.split(separator: "\n"))
        for (index, (line, wanted)) in zip(lines, expected).enumerated() where line != wanted {
            Issue.record("\(path):\(index + 1): expected \(wanted), got \(line)")
        }
        #expect(text == golden)
    }

    @Test("comparison.md is as read")
    func markdown() throws {
        try expect(ComparisonReport.markdown(of: Self.outcome), "comparison.md")
    }

    @Test("the text on a terminal is as read")
    func terminal() throws {
        try expect(ComparisonTable.text(of: Self.outcome), "comparison.txt")
    }

    @Test("comparison.svg is as read, is XML, and keeps texts apart from marks")
    func drawing() throws {
        let text = ComparisonDrawing(Self.outcome).text
        try expect(text, "comparison.svg")
        let parser = XMLCheck(text)
        #expect(parser.isWellFormed)
        #expect(parser.texts.contains { $0.contains("path:/tmp/<new>|\"build\" & more") })
        #expect(text.contains("prefers-color-scheme: dark"))
        #expect(!text.contains("<script") && !text.contains("<new>"))
    }

    @Test("the drawing of nothing, and of bounds beyond all reason, is XML too")
    func extremes() {
        var outcome = Self.outcome
        outcome.cells = []
        #expect(XMLCheck(ComparisonDrawing(outcome).text).isWellFormed)
        outcome.cells = [Self.outcome.cells[0]]
        outcome.cells[0].title = String(repeating: "long & ", count: 100) + "\u{1}"
        outcome.cells[0].shifts[0].interval = ConfidenceInterval(lower: -1, upper: 1e300, level: 0.9)
        outcome.cells[0].shifts[0].shift = 1e300
        #expect(XMLCheck(ComparisonDrawing(outcome).text).isWellFormed)
    }

    @Test("all three files are written into the folder")
    func files() throws {
        let folder = try TemporaryFolder()
        #expect(try ComparisonReport.write(Self.outcome, to: folder.path) == "\(folder.path)/comparison.md")
        #expect(try ComparisonOutcome.load(from: "\(folder.path)/comparison.json") == Self.outcome)
        #expect(AtomicFile.exists("\(folder.path)/comparison.svg"))
    }

    @Test(
        "shares are written with the digits that they deserve",
        arguments: [
            (0.0, "0 %"), (0.0031, "0.31 %"), (0.00996, "1 %"), (0.041, "4.1 %"), (0.384, "38 %"), (4.2, "420 %"),
            (1e300, "far more than 100 %"),
        ])
    func percent(share: Double, text: String) {
        #expect(ShiftWords.percent(share) == text)
    }

    @Test("bounds say which way each lies")
    func bounds() {
        func text(_ low: Double, _ high: Double) -> String {
            ShiftWords.bounds(ConfidenceInterval(lower: low, upper: high, level: 0.9))
        }
        #expect(text(-0.053, -0.029) == "2.9 % to 5.3 % lower")
        #expect(text(0.029, 0.053) == "2.9 % to 5.3 % higher")
        #expect(text(-0.012, 0.009) == "1.2 % lower to 0.9 % higher")
    }
}

/// Whether a text has matching tags, quoted attributes and known entities, as far as drawings need it; and its texts.
private struct XMLCheck {
    var isWellFormed = true
    var texts: [String] = []

    init(_ text: String) {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            add(rest[..<start])
            guard let end = rest[start...].firstIndex(of: ">") else {
                isWellFormed = false
                return
            }
            let tag = rest[rest.index(after: start)..<end]
            let name = tag.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" && $0 != "\n" }
            if tag.hasPrefix("/") {
                if open.popLast() != name { isWellFormed = false }
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
            if tag.count(where: { $0 == "\"" }) % 2 != 0 || tag.contains("<") { isWellFormed = false }
            rest = rest[rest.index(after: end)...]
        }
        if !open.isEmpty { isWellFormed = false }
    }

    private mutating func add(_ text: Substring) {
        var plain = String(text)
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")] {
            plain = plain.replacingOccurrences(of: entity, with: character)
        }
        let bare = plain.replacingOccurrences(of: "&amp;", with: "")
        if bare.contains("&") || bare.unicodeScalars.contains(where: { $0.value < 32 && $0 != "\n" }) {
            isWellFormed = false
        }
        texts.append(plain.replacingOccurrences(of: "&amp;", with: "&"))
    }
}
