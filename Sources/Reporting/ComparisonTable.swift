import Analysis
import Harness

/// A comparison's rows, for terminals and Markdown.
public enum ComparisonTable {
    static let titles = ["metric", "A", "B", "shift", "bounds", "seen", "noise", "p", "verdict"]
    static let isNumber = [false, true, true, true, false, true, true, true, false]

    /// The comparison for a terminal: a sentence and a table for each cell, then what it came to.
    public static func text(of result: ComparisonOutcome) -> String {
        var text = "A: \(result.a)\nB: \(result.b)\n\n"
        for cell in result.cells {
            text += "\(cell.title)\n\(ComparisonReport.sentence(of: cell))\n"
            let rows = cell.shifts.map(row)
            if !rows.isEmpty { text += "\n" + TextTable(header: titles, rows: rows).text }
            text += "\n"
        }
        for note in result.notes { text += "note: \(note)\n" }
        return text + result.sentence + "\n"
    }

    /// One metric's cells.
    static func row(_ shift: MetricShift) -> [String] {
        let metric = Metric.named(shift.metric)
        func value(_ number: Double?) -> String {
            guard let number else { return "n/a" }
            return metric.map { HumanUnits.text(number, of: $0) } ?? HumanUnits.number(number)
        }
        return [
            name(of: shift), value(shift.a), value(shift.b), shift.shift.map(ShiftWords.signed) ?? "n/a",
            shift.interval.map { "\(ShiftWords.signed($0.lower)) to \(ShiftWords.signed($0.upper))" } ?? "n/a",
            shift.minimumDetectable.map(ShiftWords.percent) ?? "n/a", shift.noise.map(ShiftWords.percent) ?? "n/a",
            shift.pValue.map(probability) ?? "n/a", shift.verdict.rawValue,
        ]
    }

    /// The metric, after its kind of operation where it is of one.
    static func name(of shift: MetricShift) -> String {
        (shift.operation == OperationRecord.all ? "" : "\(shift.operation).") + shift.metric
    }

    private static func probability(_ value: Double) -> String {
        value < 0.0001 ? "< 0.0001" : HumanUnits.fixed(value, 4)
    }
}
