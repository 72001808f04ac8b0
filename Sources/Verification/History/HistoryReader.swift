/// A history as a checker takes it, with the names that its file had for everything.
public struct ReadHistory: Sendable {
    /// What was done, one record for each operation.
    public var operations: [KeyValueOperation] = []
    /// What keys, values and processes are called.
    public var names = HistoryNames()
    /// In which form the file was.
    public var format = HistoryFormat.json
    /// Why no verdict but unknown can be given, whatever the operations say; `nil` where one can.
    public var obstacle: String?
    /// Whether every process has a session of its own; with more than 65,535 processes it has not.
    public var areSessionsTold = true

    /// A history without operations.
    public init() {}
}

/// The forms in which histories are read.
public enum HistoryFormat: String, Sendable, Hashable, CaseIterable {
    /// JSON: one object for each operation, or for each event.
    case json = "JSON"
    /// EDN: one map for each event, as Jepsen writes them.
    case edn = "EDN"
    /// Lines of a log: process, type, function and value, as Jepsen logs them.
    case log = "log lines"
}

/// Reads histories of whatever length in one pass.
///
/// The form is told by the first bytes. An *event* says that a process began an operation (`invoke`) or ended it: `ok`,
/// it happened; `fail`, it certainly did not; `info`, nobody knows. Events are taken in the order of the file; their
/// times, if they have any, must be in the same order. An *operation* says all at once (``OperationRecordReader``).
public struct HistoryReader {
    /// What the end `fail` of a compare-and-set says.
    public enum FailedCompareAndSet: String, Sendable, CaseIterable {
        /// It had no effect, for whatever reason: what Jepsen means by it.
        case nothing
        /// The value was another than the expected one: what Jepsen's tests of etcd in 2014 meant.
        case mismatch
    }

    /// What the operations are done to.
    public var model: HistoryModel
    /// What the end `fail` of a compare-and-set says.
    public var failedCompareAndSet: FailedCompareAndSet
    /// The most operations that are read: past it the history can't be judged.
    public var limit: Int
    /// Whether events are taken in the order of the file whatever times and places they name.
    public var ignoresTimes: Bool

    /// A reader of histories of `model`.
    public init(
        model: HistoryModel, failedCompareAndSet: FailedCompareAndSet = .nothing, limit: Int = 10_000_000,
        ignoresTimes: Bool = false
    ) {
        self.model = model
        self.ignoresTimes = ignoresTimes
        self.failedCompareAndSet = failedCompareAndSet
        self.limit = limit
    }

    /// Reads a history.
    ///
    /// - Parameter source: gives the next bytes, none at the end.
    public func read(_ source: @escaping () throws(HistoryError) -> [UInt8]) throws(HistoryError) -> ReadHistory {
        let bytes = HistoryBytes(source)
        var reader = DataReader(bytes, isJSON: false)
        try reader.skipSpace()
        var history = HistoryBuilder(self)
        let format: HistoryFormat
        switch try bytes.peek() {
        case nil: throw HistoryError(line: 0, "the file is empty", remedy: "a history has at least one operation")
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "#"):
            format = try readMaps(bytes, into: &history)
        default:
            try LogLines(bytes).read(into: &history)
            format = .log
        }
        return try history.finished(format)
    }

    private func readMaps(_ bytes: HistoryBytes, into history: inout HistoryBuilder) throws(HistoryError)
        -> HistoryFormat
    {
        var opening: UInt8?
        if let byte = try bytes.peek(), byte == UInt8(ascii: "[") || byte == UInt8(ascii: "(") {
            opening = byte
            bytes.advance()
        }
        var lookahead = DataReader(bytes, isJSON: false)
        try lookahead.skipSpace()
        // The first map's first key tells EDN, where it is a keyword, from JSON, where it is a text.
        var isFirst = true
        var reader = lookahead
        while true {
            try reader.skipSpace()
            guard let byte = try bytes.peek() else {
                if opening == nil { break }
                throw HistoryError(
                    line: bytes.line, "the file ends before the list that it begins with does",
                    remedy: "it was cut off: copy it again, or close the list behind the last event")
            }
            if opening != nil, byte == UInt8(ascii: "]") || byte == UInt8(ascii: ")") {
                bytes.advance()
                opening = nil
                continue
            }
            if isFirst, byte == UInt8(ascii: "{") {
                isFirst = false
                if try Self.isJSON(bytes) { reader = DataReader(bytes, isJSON: true) }
                let line = bytes.line
                try history.add(.map(try reader.pairsOfOpenMap(line)), line: line)
            } else {
                let line = bytes.line
                guard let value = try reader.next(), value != DataReader.discarded else { continue }
                try history.add(value, line: line)
            }
            if history.isFull { break }
        }
        return reader.isJSON ? .json : .edn
    }

    /// Goes into a map; whether a text is its first key.
    private static func isJSON(_ bytes: HistoryBytes) throws(HistoryError) -> Bool {
        bytes.advance()
        var reader = DataReader(bytes, isJSON: false)
        try reader.skipSpace()
        return try bytes.peek() == UInt8(ascii: "\"")
    }
}
