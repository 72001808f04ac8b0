import ProtocolKit

extension PlannedTrial {
    /// The load in a few words: `16 × 1 closed`, `16 × 4 at 5000/s poisson`.
    public var loadText: String {
        if let population {
            return "\(population.map { "\($0)" }.joined(separator: " + ")), × \(inFlight) closed"
        }
        return switch arrival {
        case .closed(let think):
            "\(clients) × \(inFlight) closed"
                + (think > 0 ? ", think \(thinkLawName)\(Quantity.describe(nanoseconds: think))" : "")
        case .constant(let rate), .poisson(let rate), .burst(_, let rate):
            "\(clients) × \(inFlight) at \(Self.plain(rate))/s \(arrivalName)"
                + (search.map { ", searching for \($0.objective)" } ?? "")
        case .trace(let trace): "\(clients) × \(inFlight) as in \(trace.path)"
        }
    }

    /// `exponential ` or `uniform ` before a drawn think time, nothing before a fixed one.
    public var thinkLawName: String {
        switch thinkLaw {
        case .constant, nil: ""
        case .exponential: "exponential "
        case .uniform: "uniform "
        }
    }

    /// The trial in one line, for progress.
    public var line: String {
        switch subject {
        case .cluster: "\(variant), \(nodes) \(nodes == 1 ? "node" : "nodes"), \(durability.rawValue), \(loadText)"
        case .external: "\(variant) at \(connect.joined(separator: ", ")), \(loadText)"
        case .threads: "\(variant), \(clients) \(clients == 1 ? "thread" : "threads")"
        case .function: "\(variant), \(nodes) nodes, \(workload.keyCount) keys"
        }
    }

    private static func plain(_ rate: Double) -> String {
        rate == rate.rounded() && rate < 1e15 ? "\(Int(rate))" : "\(rate)"
    }
}

extension Plan {
    /// The plan as a table, with its duration.
    public var text: String {
        let header = ["#", "rep", "group", "system", "nodes", "durability", "load", "mix", "window"]
        let rows = trials.map { trial in
            [
                "\(trial.number)", "\(trial.repetition)", trial.group, trial.variant, "\(trial.nodes)",
                trial.subject == .cluster ? trial.durability.rawValue : "-", trial.loadText,
                "\(trial.workload.mix)",
                (trial.requests.map { "\($0) operations or " } ?? "")
                    + Quantity.describe(nanoseconds: trial.windowNanoseconds),
            ]
        }
        let count = "\(trials.count) \(trials.count == 1 ? "trial" : "trials")"
        return (summary.isEmpty ? "" : summary + "\n\n") + TextTable(header: header, rows: rows).text
            + "\n\(count), about \(Quantity.describe(nanoseconds: estimatedNanoseconds))"
    }
}

/// Columns of text, padded with spaces to line up.
public struct TextTable: Sendable {
    /// The headings.
    public var header: [String]
    /// The rows, each as long as the header.
    public var rows: [[String]]

    /// A table of its parts.
    public init(header: [String], rows: [[String]]) {
        self.header = header
        self.rows = rows
    }

    /// The lines, headings first, each ended by a line feed; numbers are set to the right.
    public var text: String {
        let columns = header.indices
        let widths = columns.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        let isNumeric = columns.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].allSatisfy { $0.isNumber || $0 == "." } }
        }
        return ([header] + rows).map { row in
            let cells = columns.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? space + row[column] : row[column] + space
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
