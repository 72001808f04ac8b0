/// Reads events from the lines of a log, as Jepsen writes them:
///
///     INFO  jepsen.util - 4	:invoke	:write	0
///     2024-05-01 10:00:00,123 INFO jepsen.util: 2 :ok :cas [1 0]
///
/// A line with a process (a number or a keyword), directly followed by a type, is an event: function and value follow. All
/// other lines are passed over, but an event of an unknown type is an error.
struct LogLines {
    private static let longestLine = 1 << 20
    private let bytes: HistoryBytes

    init(_ bytes: HistoryBytes) {
        self.bytes = bytes
    }

    func read(into history: inout HistoryBuilder) throws(HistoryError) {
        while !history.isFull {
            let line = bytes.line
            guard let text = try bytes.restOfLine(atMost: Self.longestLine) else { return }
            guard let event = try event(text, line) else { continue }
            try history.add(event)
        }
    }

    private func event(_ text: [UInt8], _ line: Int) throws(HistoryError) -> HistoryEvent? {
        let words = text.split { $0 == 32 || $0 == 9 }
        for index in words.indices.dropLast(2) {
            guard let process = Self.process(words[index]), words[index + 1].first == UInt8(ascii: ":"),
                words[index + 2].first == UInt8(ascii: ":")
            else { continue }
            let type = String(decoding: words[index + 1].dropFirst(), as: UTF8.self)
            let function = String(decoding: words[index + 2].dropFirst(), as: UTF8.self)
            return HistoryEvent(
                process: process, type: try HistoryEvent.EventType(parsing: type, line: line), function: function,
                value: try Self.value(Array(text[words[index + 2].endIndex...]), line), line: line)
        }
        return nil
    }

    /// A process, by its number or name; a colon may follow it.
    private static func process(_ word: ArraySlice<UInt8>) -> HistoryEvent.Process? {
        let text = String(decoding: word, as: UTF8.self)
        if let number = Int64(text) { return .number(number) }
        return text == ":nemesis" || text == "nemesis" ? .other : nil
    }

    private static func value(_ text: [UInt8], _ line: Int) throws(HistoryError) -> DataValue {
        var rest = text
        var reader = DataReader(
            HistoryBytes { () throws(HistoryError) -> [UInt8] in
                defer { rest = [] }
                return rest
            }, isJSON: false)
        do {
            return try reader.next() ?? .null
        } catch {
            throw HistoryError(line: line, error.what, remedy: error.remedy)
        }
    }
}
