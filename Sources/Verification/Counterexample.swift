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
        /// Whether it is the event that can't be explained; nil where none is singled out.
        public var isOffender: Bool?

        /// An event of `actor` from `startNanoseconds` to `endNanoseconds` (`nil`: it never ended).
        public init(
            actor: String, label: String, startNanoseconds: UInt64, endNanoseconds: UInt64?, isOffender: Bool = false
        ) {
            self.actor = actor
            self.label = label
            self.startNanoseconds = startNanoseconds
            self.endNanoseconds = endNanoseconds
            self.isOffender = isOffender ? true : nil
        }
    }

    /// One line that names the broken property and the place.
    public var summary: String
    /// The events of the smallest window found, in order of their start; may be empty when a line says it all.
    public var events: [Event]
    /// Further lines, for example the balances that do not add up.
    public var notes: [String]
    /// What the times count, where it is not nanoseconds.
    public var unit: String?

    /// A counter-example; the events are put in order of start, then end, then actor.
    public init(summary: String, events: [Event] = [], notes: [String] = [], unit: String? = nil) {
        self.summary = summary
        self.unit = unit
        self.notes = notes
        self.events = events.sorted {
            ($0.startNanoseconds, $0.endNanoseconds ?? .max, $0.actor, $0.label)
                < ($1.startNanoseconds, $1.endNanoseconds ?? .max, $1.actor, $1.label)
        }
    }

    /// The summary, the events as a table with bars over an ordinal time axis, and the notes.
    ///
    /// The axis is ordinal: one column for each distinct instant, so that order and overlap, which are what matters, show
    /// whatever the durations are. `[` begins, `]` ends, `>` never ended. The event that can't be explained has an
    /// exclamation mark.
    public var text: String {
        ([summary] + EventTable(events: events, unit: unit ?? "ns").lines + notes).joined(separator: "\n")
    }
}

/// Lays out events as lines of plain text.
private struct EventTable {
    private static let offender = "!"
    var events: [Counterexample.Event]
    var unit: String

    var lines: [String] {
        guard let origin = events.map(\.startNanoseconds).min() else { return [] }
        let instants = Set(events.flatMap { [$0.startNanoseconds] + ($0.endNanoseconds.map { [$0] } ?? []) }).sorted()
        let header = ["actor", "operation", "from +\(unit)", "to +\(unit)", "order"]
        var rows = [header + [""]]
        for event in events {
            let end = event.endNanoseconds
            let bar = bar(
                from: rank(event.startNanoseconds, in: instants), to: end.map { rank($0, in: instants) }, instants.count
            )
            rows.append([
                event.actor, event.label, String(event.startNanoseconds - origin),
                end.map { String($0 >= origin ? $0 - origin : 0) } ?? "never", bar,
                event.isOffender == true ? Self.offender : "",
            ])
        }
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = row.last == Self.offender ? "!" : " "
            for column in header.indices {
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
