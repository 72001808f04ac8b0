import Harness

/// A form in which results can be printed.
public enum ReportFormat: String, Sendable, Hashable, CaseIterable {
    /// For people.
    case markdown
    /// For spreadsheets and data frames.
    case csv
    /// For programs.
    case json
}

/// Results in all their forms; pure functions of the records.
public enum Report {
    /// Renders results that are in memory.
    public static func render(_ results: LoadedResults, format: ReportFormat) throws(RecordError) -> String {
        switch format {
        case .markdown: MarkdownReport.text(of: results)
        case .csv: CSVReport.text(of: results.records)
        case .json: try JSONReport.text(of: results)
        }
    }

    /// Renders a results folder again, from its records alone.
    public static func render(folder: String, format: ReportFormat) throws(RecordError) -> String {
        try render(try ResultsFolder.load(from: folder), format: format)
    }

    /// Writes `report.md`, `results.csv`, `results.json`, `histograms/`, `curves/` of open loops and searches
    /// and, where a promise was broken, `counterexamples/` into a folder.
    ///
    /// - Returns: the path of `report.md`.
    @discardableResult
    public static func write(_ results: LoadedResults, to folder: String) throws(RecordError) -> String {
        try AtomicFile.makeFolder("\(folder)/histograms")
        for record in results.records {
            for file in HistogramExport.files(of: record) {
                try AtomicFile.write(file.text, to: "\(folder)/histograms/\(file.name)")
            }
        }
        for record in results.records {
            let drawings = CounterexampleExport.files(of: record)
            if !drawings.isEmpty { try AtomicFile.makeFolder("\(folder)/\(ResultsFolder.counterexamples)") }
            for drawing in drawings {
                try AtomicFile.write(drawing.text, to: "\(folder)/\(ResultsFolder.counterexamples)/\(drawing.name)")
            }
        }
        let curves =
            LatencyCurves.pictures(of: results.records).map { (name: $0.name, svg: $0.svg) }
            + SaturationCurves.pictures(of: results.records)
        if !curves.isEmpty { try AtomicFile.makeFolder("\(folder)/\(ResultsFolder.curves)") }
        for curve in curves { try AtomicFile.write(curve.svg, to: "\(folder)/\(ResultsFolder.curves)/\(curve.name)") }
        try AtomicFile.write(try render(results, format: .csv), to: "\(folder)/results.csv")
        try AtomicFile.write(try render(results, format: .json), to: "\(folder)/results.json")
        try AtomicFile.write(try render(results, format: .markdown), to: "\(folder)/report.md")
        return "\(folder)/report.md"
    }
}
