import Foundation
import Harness
import Reporting
import Testing

/// The reports of the fixtures against files that people have read. `COORDBENCH_UPDATE_GOLDEN=1` writes them anew.
@Suite struct GoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path

    func expect(_ text: String, golden path: String) throws {
        if ProcessInfo.processInfo.environment["COORDBENCH_UPDATE_GOLDEN"] == "1" {
            try AtomicFile.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try AtomicFile.write(text, to: path)
        }
        let golden = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        // Line by line, so that a failure names the line and not the whole file.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let expected = golden.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, (line, wanted)) in zip(lines, expected).enumerated() where line != wanted {
            Issue.record("\(path):\(index + 1): expected \(wanted), got \(line)")
        }
        #expect(lines.count == expected.count)
        #expect(Array(text.utf8) == Array(golden.utf8))
    }

    @Test("report.md is as read") func markdown() throws {
        try expect(MarkdownReport.text(of: Fixtures.results), golden: "\(Self.folder)/report.md")
    }

    @Test("results.csv is as read") func csv() throws {
        try expect(CSVReport.text(of: Fixtures.results.records), golden: "\(Self.folder)/results.csv")
    }

    @Test("the table on a terminal is as read") func terminal() throws {
        let table = TerminalTable.text(of: Fixtures.results.records, width: 100)
        try expect(table, golden: "\(Self.folder)/terminal.txt")
    }

    @Test("Documentation/systems.md is what the catalogue prints") func systems() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try expect(
            CatalogueListing(.all).markdown, golden: root.appending(path: "Documentation/systems.md").path)
    }

    @Test("Documentation/metrics.md is what the registry prints") func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try expect(MetricDocumentation.markdown, golden: root.appending(path: "Documentation/metrics.md").path)
    }
}
