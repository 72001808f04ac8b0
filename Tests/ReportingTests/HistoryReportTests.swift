import Analysis
import Foundation
import Harness
import Testing

@testable import Reporting

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("A history's report")
struct HistoryReportTests {
    private static let records = Fixtures.results.records.filter { $0.verdict.isCorrect && $0.validity.isValid }

    /// The fixtures' trials in so many runs; from the ninth on, Raft completes a third less.
    private static func history(runs: Int) throws -> ResultsHistory {
        let results = (0..<runs).map { run in
            var records = Self.records
            for index in records.indices {
                // What a throughput needs no timeline for, and takes long to add up.
                records[index].timeline = nil
                let wobble = UInt64(run * 37 % 11) * 20
                for kind in records[index].operations.indices {
                    let share: UInt64 = run >= 8 && records[index].plan.variant.hasPrefix("raft") ? 3 : 2
                    let completed = records[index].operations[kind].completed * 2 / share
                    records[index].operations[kind].completedInWindow = completed - min(completed, wobble)
                }
            }
            let record = RunRecord(
                programVersion: "0.1.0", commandLine: ["coordbench"], plannedTrials: records.count, host: Fixtures.host,
                started: WallTime(millisecondsSince1970: 1_740_832_205_250 + Int64(run) * 86_400_000))
            return LoadedResults(path: "runs/\(run)", run: record, records: records)
        }
        return ResultsHistory(of: results, metric: try #require(Metric.named("throughput")))
    }

    @Test("for people and for a page is as read") func texts() throws {
        let history = try Self.history(runs: 16)
        try Golden.expect(try HistoryReport.text(of: history, format: .human), "history.txt")
        try Golden.expect(try HistoryReport.text(of: history, format: .markdown), "history.md")
    }

    @Test("is drawn as XML with a panel for each cell and a mark for each change") func drawing() throws {
        let history = try Self.history(runs: 16)
        let text = try HistoryReport.text(of: history, format: .svg)
        let parser = XMLParser(data: Data(text.utf8))
        #expect(parser.parse())
        func count(_ part: String) -> Int { text.components(separatedBy: part).count - 1 }
        #expect(count("class=\"panel\"") == history.series.count)
        #expect(count("class=\"change\"") == history.series.reduce(0) { $0 + $1.changes.count })
        #expect(count("class=\"change\"") >= 1)
        #expect(count("<circle") == history.series.reduce(0) { $0 + $1.points.count })
        #expect(text.contains("prefers-color-scheme: dark"))
        #expect(!text.contains("nan") && !text.contains("inf\""))
        try Golden.expect(text, "history.svg")
    }

    @Test("of nothing, and of one run, can be drawn and printed, too") func small() throws {
        for runs in [0, 1] {
            let history = try Self.history(runs: runs)
            for format in HistoryFormat.allCases {
                #expect(!(try HistoryReport.text(of: history, format: format)).isEmpty)
            }
            #expect(XMLParser(data: Data(try HistoryReport.text(of: history, format: .svg).utf8)).parse())
        }
    }

    @Test("in JSON has every point") func json() throws {
        let text = try HistoryReport.text(of: try Self.history(runs: 16), format: .json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let series = try #require(object["series"] as? [[String: Any]])
        #expect(series.allSatisfy { ($0["points"] as? [Any])?.count == 16 })
    }
}
