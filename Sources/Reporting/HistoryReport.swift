import Analysis
import Foundation
import Harness

/// A form in which a history can be printed.
public enum HistoryFormat: String, Sendable, Hashable, CaseIterable {
    /// A table for a terminal.
    case human
    /// For programs.
    case json
    /// For a page.
    case markdown
    /// Small drawings, one for each cell.
    case svg
}

/// A metric over runs, for people and programs.
public enum HistoryReport {
    /// The history in a form.
    public static func text(of history: ResultsHistory, format: HistoryFormat) throws(RecordError) -> String {
        switch format {
        case .human: human(history)
        case .markdown: markdown(history)
        case .svg: HistoryDrawing(history).text
        case .json: try json(history)
        }
    }

    private static let titles = ["cell", "runs", "first", "last", "last step", "changes", "course"]

    private static func rows(_ history: ResultsHistory) -> [[String]] {
        history.series.map { series in
            func number(_ value: Double?) -> String { value.map { HumanUnits.text($0, of: history.metric) } ?? "–" }
            let step = series.lastStep.map { ($0 < 0 ? "−" : "+") + HumanUnits.fixed(abs($0) * 100, 1) + " %" }
            return [
                series.cell, "\(series.points.count)", number(series.points.first?.value),
                number(series.points.last?.value), step ?? "–",
                series.isJudged ? "\(series.changes.count)" : "too few runs",
                Sparkline.text(series.points.map(\.value), width: 24),
            ]
        }
    }

    private static func title(_ history: ResultsHistory) -> String {
        "\(history.operation.map { "\($0)." } ?? "")\(history.metric.name) over \(history.runs) "
            + (history.runs == 1 ? "run" : "runs")
    }

    private static func human(_ history: ResultsHistory) -> String {
        var text = title(history) + "\n\n"
        if !history.series.isEmpty { text += TextTable(header: titles, rows: rows(history)).text + "\n" }
        for change in history.series.flatMap(\.changes) { text += "\(change.sentence)\n" }
        if history.leftOut > 0 { text += leftOut(history) + "\n" }
        return text + history.sentence + "\n"
    }

    private static func leftOut(_ history: ResultsHistory) -> String {
        "\(history.leftOut) \(history.leftOut == 1 ? "trial is" : "trials are") left out: not correct or not valid."
    }

    private static func markdown(_ history: ResultsHistory) -> String {
        var lines = ["# \(MarkdownText.cell(title(history)))", "", MarkdownText.cell(history.sentence), ""]
        if !history.series.isEmpty {
            lines += ["| \(titles.joined(separator: " | ")) |", "|---|--:|--:|--:|--:|--:|---|"]
            lines += rows(history).map { row in
                "| " + (row.dropLast().map(MarkdownText.cell) + ["`\(row[row.count - 1])`"]).joined(separator: " | ")
                    + " |"
            }
        }
        let changes = history.series.flatMap(\.changes)
        if !changes.isEmpty { lines += ["", "## Changes", ""] }
        lines += changes.map { "- \(MarkdownText.cell($0.sentence))" }
        if history.leftOut > 0 { lines += ["", leftOut(history)] }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Document: Encodable {
        var schema = "coordbench.history/1"
        var metric: String
        var operation: String?
        var alpha: Double
        var runs: Int
        var leftOut: Int
        var summary: String
        var series: [ResultsHistory.Series]
    }

    private static func json(_ history: ResultsHistory) throws(RecordError) -> String {
        let document = Document(
            metric: history.metric.name, operation: history.operation, alpha: history.alpha, runs: history.runs,
            leftOut: history.leftOut, summary: history.sentence, series: history.series)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        } catch {
            throw .wrongField(path: "the history", field: "a series", reason: "\(error)")
        }
    }
}
