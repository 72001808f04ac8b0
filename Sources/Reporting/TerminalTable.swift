import Harness
import ProtocolKit

/// The summary for a terminal, printed when a run ends: a table for each family.
public enum TerminalTable {
    /// The tables, each in at most `width` columns: the least important columns are left out first, then the system's name is
    /// cut. Colours (ANSI) only where asked for: red for `violated` and not valid, yellow for `unknown`, green for
    /// `correct`.
    public static func text(of records: [TrialRecord], width: Int = 120, isColoured: Bool = false) -> String {
        SystemDescriptor.Family.allCases.compactMap { family in
            let members = records.filter { $0.plan.family == family }
            return members.isEmpty ? nil : table(of: members, width: width, isColoured: isColoured)
        }.joined(separator: "\n")
    }

    private static func table(of records: [TrialRecord], width: Int, isColoured: Bool) -> String {
        let table = SummaryTable(records, withIntervals: false)
        var columns = Array(table.titles.indices)
        var widths = columns.map { column in
            ([table.titles[column]] + table.cells.map { $0[column] }).map(\.count).max() ?? 0
        }
        func total() -> Int { columns.reduce(0) { $0 + widths[$1] } + 2 * max(0, columns.count - 1) }
        while total() > width,
            let last = columns.filter({ table.priorities[$0] > 0 })
                .max(by: { table.priorities[$0] < table.priorities[$1] })
        {
            columns.removeAll { $0 == last }
        }
        if total() > width, let first = columns.first {
            widths[first] = max(8, widths[first] - (total() - width))
        }
        func line(_ cells: [String], isHeader: Bool) -> String {
            var text = columns.map { column in
                let cell = shortened(cells[column], widths[column])
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                let shown = isColoured && !isHeader ? coloured(cell, title: table.titles[column]) : cell
                return table.isNumber[column] ? padding + shown : shown + padding
            }.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }
        let rule = String(repeating: "-", count: total())
        let lines = [line(table.titles, isHeader: true), rule] + table.cells.map { line($0, isHeader: false) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func shortened(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    private static func coloured(_ cell: String, title: String) -> String {
        let code =
            switch (title, cell) {
            case ("verdict", "correct"): 32
            case ("verdict", "violated"), ("valid", "no"): 31
            case ("verdict", "unknown"): 33
            default: 0
            }
        return code == 0 ? cell : "\u{1B}[\(code)m\(cell)\u{1B}[0m"
    }
}
