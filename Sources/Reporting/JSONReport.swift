import Foundation
import Harness

/// Records as one JSON document: `rows` as in the CSV, by column name and without what was not measured, and the full
/// `records`.
public enum JSONReport {
    /// The version of this form.
    public static let currentSchema = "coordbench.report/1"

    private struct Document: Encodable {
        var schema = JSONReport.currentSchema
        var run: RunRecord
        var problems: [String]
        var rows: [[String: Cell]]
        var records: [TrialRecord]
    }

    private struct Cell: Encodable {
        var value: Metric.Value

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .text(let text): try container.encode(text)
            case .number(let number):
                if let whole = Int64(exactly: number) {
                    try container.encode(whole)
                } else {
                    try container.encode(number)
                }
            }
        }
    }

    /// The document, keys sorted and indented.
    ///
    /// - Throws: `RecordError.wrongField` where a record holds a number that is not finite.
    public static func text(of results: LoadedResults) throws(RecordError) -> String {
        let rows = results.records.flatMap(MetricRow.rows).map { row in
            var cells: [String: Cell] = [:]
            for metric in Metric.all { cells[metric.name] = metric.value(in: row).map(Cell.init) }
            return cells
        }
        let document = Document(
            run: results.run, problems: results.problems.map(\.description), rows: rows, records: results.records)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        } catch {
            throw .wrongField(path: results.path, field: "a record", reason: "\(error)")
        }
    }
}
