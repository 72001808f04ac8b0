/// Why a history is wrong, in a form a person can read: one line, and the few events that show it.
public struct Counterexample: Sendable, Hashable, Codable {
    /// One event of the window: something an actor did between two instants.
    public struct Event: Sendable, Hashable, Codable {
        /// Who did it, for example `client 7`.
        public var actor: String
        /// What was done and answered, for example `get k3 → #12`.
        public var label: String
        /// When it began, in nanoseconds on the history's clock.
        public var startNanoseconds: UInt64
        /// When it ended, in nanoseconds on the history's clock; `nil` when it never did.
        public var endNanoseconds: UInt64?

        /// An event of `actor` from `startNanoseconds` to `endNanoseconds` (`nil`: it never ended).
        public init(actor: String, label: String, startNanoseconds: UInt64, endNanoseconds: UInt64?) {
            self.actor = actor
            self.label = label
            self.startNanoseconds = startNanoseconds
            self.endNanoseconds = endNanoseconds
        }
    }

    /// One line that names the broken property and the place.
    public var summary: String
    /// The events of the smallest window found, in order of their start; may be empty when a line says it all.
    public var events: [Event]
    /// Further lines, for example the balances that do not add up.
    public var notes: [String]

    /// A counter-example; the events are put in order of start, then end, then actor.
    public init(summary: String, events: [Event] = [], notes: [String] = []) {
        self.summary = summary
        self.notes = notes
        self.events = events.sorted {
            ($0.startNanoseconds, $0.endNanoseconds ?? .max, $0.actor, $0.label)
                < ($1.startNanoseconds, $1.endNanoseconds ?? .max, $1.actor, $1.label)
        }
    }

    /// The summary, the events as a table with bars over an ordinal time axis, and the notes.
    ///
    /// The axis is ordinal: one column for each distinct instant, so that order and overlap, which are what matters, show
    /// whatever the durations are. `[` begins, `]` ends, `>` never ended.
    public var text: String {
        ([summary] + EventTable(events: events).lines + notes).joined(separator: "\n")
    }
}

/// Lays out events as lines of plain text.
private struct EventTable {
    var events: [Counterexample.Event]

    var lines: [String] {
        guard let origin = events.map(\.startNanoseconds).min() else { return [] }
        let instants = Set(events.flatMap { [$0.startNanoseconds] + ($0.endNanoseconds.map { [$0] } ?? []) }).sorted()
        let header = ["actor", "operation", "from +ns", "to +ns", "order"]
        var rows = [header]
        for event in events {
            let end = event.endNanoseconds
            let bar = bar(
                from: rank(event.startNanoseconds, in: instants), to: end.map { rank($0, in: instants) }, instants.count
            )
            rows.append([
                event.actor, event.label, String(event.startNanoseconds - origin),
                end.map { String($0 >= origin ? $0 - origin : 0) } ?? "never", bar,
            ])
        }
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = " "
            for column in row.indices {
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                let isNumber = column == 2 || column == 3
                line += " " + (isNumber ? padding + row[column] : row[column] + padding)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func rank(_ instant: UInt64, in instants: [UInt64]) -> Int {
        instants.firstIndex(of: instant) ?? 0
    }

    private func bar(from start: Int, to end: Int?, _ columns: Int) -> String {
        let lead = String(repeating: "  ", count: start)
        guard let end else { return lead + "[" + String(repeating: "-", count: 2 * (columns - start) - 1) + ">" }
        if end <= start { return lead + "|" }
        return lead + "[" + String(repeating: "-", count: 2 * (end - start) - 1) + "]"
    }
}
