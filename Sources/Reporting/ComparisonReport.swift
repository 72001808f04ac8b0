import Analysis
import Harness

/// A comparison in all its forms; pure functions of its result.
public enum ComparisonReport {
    /// The names of the files, in a folder.
    public static let names = (markdown: "comparison.md", json: "comparison.json", drawing: "comparison.svg")

    /// Writes `comparison.md`, `comparison.json` and `comparison.svg` into a folder.
    ///
    /// - Returns: the path of `comparison.md`.
    @discardableResult
    public static func write(_ result: ComparisonOutcome, to folder: String) throws(RecordError) -> String {
        try AtomicFile.makeFolder(folder)
        try result.write(to: "\(folder)/\(names.json)")
        try AtomicFile.write(ComparisonDrawing(result).text, to: "\(folder)/\(names.drawing)")
        try AtomicFile.write(markdown(of: result), to: "\(folder)/\(names.markdown)")
        return "\(folder)/\(names.markdown)"
    }

    /// The comparison as Markdown: what was found, a table for each cell, the control, and how to read it.
    public static func markdown(of result: ComparisonOutcome) -> String {
        var lines = [
            "# Comparison", "", "**\(MarkdownText.cell(result.sentence))**", "",
            "- A: \(MarkdownText.cell(result.a))", "- B: \(MarkdownText.cell(result.b))",
            "- margin \(ShiftWords.percent(result.margin)), chance of any false `regressed` at most"
                + " \(ShiftWords.percent(result.level))",
        ]
        lines += result.notes.map { "- \(MarkdownText.cell($0))" }
        lines += ["", "![The differences with their bounds](\(names.drawing))", ""]
        for cell in result.cells { lines += self.cell(cell) }
        return (lines + howToRead(result)).joined(separator: "\n")
    }

    private static func cell(_ cell: CellComparison) -> [String] {
        var lines = ["## \(MarkdownText.cell(cell.title))", "", MarkdownText.cell(sentence(of: cell)), ""]
        lines += MarkdownText.table(
            ComparisonTable.titles, isNumber: ComparisonTable.isNumber, rows: cell.shifts.map(ComparisonTable.row))
        lines.append("")
        guard !cell.control.isEmpty else { return lines }
        let control = cell.control.map { shift in
            let bounds = shift.interval.map { " (\(ShiftWords.bounds($0)))" } ?? ""
            return "\(ComparisonTable.name(of: shift)) \(shift.shift.map(ShiftWords.signed) ?? "n/a")\(bounds)"
        }
        return lines + ["A against itself: \(MarkdownText.cell(control.joined(separator: "; "))).", ""]
    }

    /// A cell's sentence, ended, and begun with a capital unless a metric's name begins it.
    static func sentence(of cell: CellComparison) -> String {
        let isName = cell.sentence.prefix { $0 != " " }.contains { $0 == "_" || $0 == "." }
        return (isName ? cell.sentence : cell.sentence.prefix(1).uppercased() + cell.sentence.dropFirst()) + "."
    }

    private static func howToRead(_ result: ComparisonOutcome) -> [String] {
        let method =
            result.isPaired
            ? "A, B and A again (the control) took turns in blocks, in an order drawn by the seed. **shift** is the"
                + " Hodges–Lehmann estimate of B over A within the blocks, **bounds** are those of the signed-rank test"
            : "Two runs, one after the other. **shift** is the Hodges–Lehmann estimate of B over A, **bounds** are those of"
                + " the Mann–Whitney test"
        return [
            "## How to read this", "",
            "- \(method); every lower bound, and every upper bound, holds for all metrics of this page together with"
                + " \(ShiftWords.percent(1 - result.level)).",
            "- **regressed** and **improved**: even the bound nearer to A lies beyond the margin. **no change shown** is not"
                + " \"no change\": **seen** says which change would have been found in four runs of five.",
            "- **noise** is the robust standard deviation of one pair's difference; **p** is two-sided and adjusted for the"
                + " number of metrics (Holm).",
            "- **inconclusive** is never a pass: a metric is missing, trials are missing or not valid, they are too few, or A"
                + " differs from itself.", "",
        ]
    }
}
