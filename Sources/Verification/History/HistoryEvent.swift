/// The beginning or end of an operation, as a history tells it.
struct HistoryEvent {
    /// Who did it.
    enum Process: Equatable {
        case number(Int64)
        /// No client, for example the nemesis.
        case other
    }

    /// What happened.
    enum EventType: String, CaseIterable {
        case invoke, ok, fail, info

        init(parsing text: String, line: Int) throws(HistoryError) {
            guard let type = EventType(rawValue: text) else {
                throw HistoryError(
                    line: line, "no type of event '\(text)'",
                    remedy: "there are \(EventType.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            self = type
        }
    }

    var process: Process
    var type: EventType
    var function: String
    var value: DataValue
    var key: DataValue?
    /// Nanoseconds, if the event has a time.
    var time: Int64?
    /// The event's place among all, if it tells.
    var index: Int64?
    var line: Int
}

extension HistoryEvent {
    /// An event from a map with the keys `process`, `type`, `f`, `value` and, if need be, `key`, `time`, `index`.
    init(_ fields: [DataValue.Field], line: Int) throws(HistoryError) {
        var found: [String: DataValue] = [:]
        for field in fields { if let word = field.key.word { found[word] = field.value } }
        guard let type = found["type"]?.word else { throw Self.missing("type", "invoke, ok, fail or info", line) }
        guard let function = found["f"]?.word else { throw Self.missing("f", "what was done, such as read", line) }
        switch found["process"] {
        case .integer(let number)?: process = .number(number)
        case .text?, .symbol?: process = .other
        default: throw Self.missing("process", "the number of who did it", line)
        }
        self.type = try EventType(parsing: type, line: line)
        self.function = function
        value = found["value"] ?? .null
        key = found["key"]
        if case .integer(let number)? = found["time"] { time = number }
        if case .integer(let number)? = found["index"] { index = number }
        self.line = line
    }

    private static func missing(_ name: String, _ what: String, _ line: Int) -> HistoryError {
        HistoryError(line: line, "an event without '\(name)'", remedy: "it says \(what)")
    }
}
