import Harness

/// Records as comma-separated values (RFC 4180): a column for each metric of the registry, a row for each trial and kind
/// of operation, then one with all kinds together.
public enum CSVReport {
    /// The names of the columns.
    public static var columns: [String] { Metric.all.map(\.name) }

    /// The header and all rows; lines end with CR LF.
    public static func text(of records: [TrialRecord]) -> String {
        let rows = records.flatMap(MetricRow.rows).map { row in
            Metric.all.map { metric in metric.value(in: row).map(MetricText.text) ?? "" }
        }
        return ([columns] + rows).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    /// Quotes a cell that needs it.
    static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
        return needsQuotes
            ? "\""
                + cell.split(separator: "\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\"") + "\"" : cell
    }
}
