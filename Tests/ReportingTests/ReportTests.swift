import Foundation
import Harness
import Measurement
import ProtocolKit
import Reporting
import Testing

@Suite struct ReportTests {
    @Test("a written folder renders again to the same bytes") func again() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/results"
        var run = Fixtures.run
        run.plannedTrials = 4
        var folder = try ResultsFolder.create(at: path, run: run, replacing: false)
        for record in Fixtures.results.records { try folder.append(record) }
        try folder.finish(at: run.started, isInterrupted: false)
        let results = try ResultsFolder.load(from: path)
        #expect(results.problems == [])
        let report = try Report.write(results, to: path)
        #expect(report == "\(path)/report.md")
        for (format, file) in [(ReportFormat.markdown, "report.md"), (.csv, "results.csv"), (.json, "results.json")] {
            let written = String(decoding: try AtomicFile.read("\(path)/\(file)"), as: UTF8.self)
            #expect(try Report.render(folder: path, format: format) == written)
        }
        #expect(try Report.render(folder: path, format: .csv) == CSVReport.text(of: Fixtures.results.records))
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/histograms").sorted()
        #expect(names.count == 10)
        #expect(names.first == "001-raft-batch-64-reads-lease-n3-synced-c16x16-r1.hgrm")
        let drawings = try FileManager.default.contentsOfDirectory(atPath: "\(path)/counterexamples")
        #expect(drawings.count == 2)
        let drawing = String(
            decoding: try AtomicFile.read("\(path)/counterexamples/\(try #require(drawings.first))"), as: UTF8.self)
        #expect(drawing.hasPrefix("<svg"))
        #expect(String(decoding: try AtomicFile.read(report), as: UTF8.self).contains("(counterexamples/"))
        // A run that takes this one's place leaves none of its drawings.
        _ = try ResultsFolder.create(at: path, run: run, replacing: true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/counterexamples") == [])
    }

    @Test("the JSON report has a row's columns by name and the records in full") func json() throws {
        let text = try JSONReport.text(of: Fixtures.results)
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let rows = try #require(document["rows"] as? [[String: Any]])
        #expect(rows.count == 11)
        #expect(rows[2]["throughput_per_s"] as? Double == 7996.8)
        #expect(rows[2]["verdict"] as? String == "correct")
        #expect(rows[2]["offered_per_s"] == nil)
        let records = try #require(document["records"] as? [[String: Any]])
        let bytes = try JSONSerialization.data(withJSONObject: records[1])
        let record = try TrialRecord.decode(Array(bytes), path: "records[1]")
        #expect(try record.encoded() == Fixtures.unreplicated.encoded())
    }

    @Test("histogram logs hold a line a kind that decodes to the same counts") func histogramLog() throws {
        let files = HistogramExport.files(of: Fixtures.raft)
        let lines = files[0].text.split(separator: "\n").filter { $0.hasPrefix("Tag=") }
        #expect(lines.map { $0.prefix { $0 != "," } } == ["Tag=get", "Tag=put", "Tag=put.service"])
        let encoded = try #require(lines[1].split(separator: ",").last)
        let histogram = try LatencyHistogram(base64: String(encoded))
        #expect(histogram.recordedValues == Fixtures.raft.operations[1].latency.recordedValues)
        #expect(files[1].text.contains("Total count    =        40000]"))
    }

    @Test("a narrow terminal keeps system and verdict", arguments: [200, 120, 80, 40, 30]) func narrow(width: Int) {
        let tables = TerminalTable.text(of: Fixtures.results.records, width: width).split(separator: "\n\n")
        #expect(tables.count == 3)
        for table in tables {
            let lines = table.split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= width })
            #expect(lines[0].contains("system") && lines[0].contains("verdict"))
        }
        let ceiling = tables[0].split(separator: "\n")[3]
        #expect(ceiling.contains("violated") && ceiling.hasSuffix("no"))
    }

    @Test("colours come only where asked for") func colours() {
        let records = Fixtures.results.records
        #expect(!TerminalTable.text(of: records).contains("\u{1B}"))
        let coloured = TerminalTable.text(of: records, isColoured: true)
        #expect(coloured.contains("\u{1B}[31mviolated\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[33munknown\u{1B}[0m"))
        var plain = coloured
        for code in ["0", "31", "32", "33"] { plain = plain.replacing("\u{1B}[\(code)m", with: "") }
        #expect(plain == TerminalTable.text(of: records))
    }

    @Test(
        "units for people",
        arguments: [
            (HumanUnits.duration(845), "845 ns"), (HumanUnits.duration(12_345), "12.3 µs"),
            (HumanUnits.duration(1_250_000), "1.25 ms"), (HumanUnits.duration(2.5e9), "2.50 s"),
            (HumanUnits.duration(999_990), "1.00 ms"), (HumanUnits.duration(48.25), "48.2 ns"),
            (HumanUnits.rate(950), "950 /s"), (HumanUnits.rate(12_345), "12.3 k/s"),
            (HumanUnits.rate(1_254_000), "1.25 M/s"), (HumanUnits.bytes(1_536), "1.50 KiB"),
            (HumanUnits.count(1_204_331), "1,204,331"), (HumanUnits.count(-1_000), "-1,000"),
            (HumanUnits.number(0.3), "0.300"), (HumanUnits.exactDuration(1_500_000_000), "1500ms"),
            (HumanUnits.exactDuration(5_000_000_000), "5s"), (HumanUnits.exactDuration(17), "17ns"),
        ])
    func units(text: String, expected: String) {
        #expect(text == expected)
    }

    @Test("a sparkline shows the dip where it is") func sparkline() {
        #expect(Sparkline.text([8, 8, 0, 4, 8]) == "@@_+@")
        #expect(Sparkline.text([]) == "")
        #expect(Sparkline.text([Double](repeating: 1, count: 600), width: 60).count == 60)
    }

    @Test("a trial's command is quoted for a shell") func command() {
        let text = ReproduceCommand.text(of: Fixtures.raft.plan)
        #expect(text.hasPrefix("coordbench run 'raft[batch=64,reads=lease]' --nodes 3 "))
        #expect(text.hasSuffix("--warm-up 1s --duration 5s --seed 42"))
        var plan = Fixtures.raft.plan
        plan.arrival = .closed(thinkNanoseconds: 1_500_000)
        plan.workload.holdNanoseconds = 500_000
        plan.isJudged = false
        let other = ReproduceCommand.text(of: plan)
        #expect(
            other.contains(" --think 1500us ") && other.contains(" --hold 500us ") && other.contains(" --no-judge "))
        #expect(ReproduceCommand.text(of: ["a", "it's"]) == "a 'it'\\''s'")
    }

    @Test("what a person wrote can't break a table") func escaping() {
        var record = Fixtures.mcs
        record.plan.variant = "mcs|<b>"
        var results = Fixtures.results
        results.records = [record]
        #expect(MarkdownReport.text(of: results).contains("| mcs\\|\\<b\\> |"))
    }
}
