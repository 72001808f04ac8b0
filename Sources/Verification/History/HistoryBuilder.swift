/// Makes operations of events: each process has at most one under way, and an end belongs to it.
struct HistoryBuilder {
    /// What a process has under way.
    private struct Open {
        var verb: HistoryModel.Verb
        var key: UInt32
        /// Whether the value came as `[key value]`.
        var isTuple: Bool
        var value: DataValue
        var time: UInt64
        var line: Int
    }

    private let model: HistoryModel
    private let failedCompareAndSet: HistoryReader.FailedCompareAndSet
    private let limit: Int
    private let ignoresTimes: Bool
    private var vocabulary = HistoryVocabulary()
    private var operations: [KeyValueOperation] = []
    private var open: [Int64: Open] = [:]
    private var isKeyed = false
    private var events = 0
    private var hasTimes = false
    /// The time of the latest event, and what it was as written.
    private var clock: UInt64 = 0
    private var latest: (time: Int64?, index: Int64?, line: Int) = (nil, nil, 0)

    init(_ reader: HistoryReader) {
        model = reader.model
        failedCompareAndSet = reader.failedCompareAndSet
        limit = reader.limit
        ignoresTimes = reader.ignoresTimes
    }

    /// Whether no more operations are taken.
    var isFull: Bool { operations.count + open.count > limit }

    // MARK: Adding

    /// Adds an event or an operation, whichever a map tells.
    mutating func add(_ value: DataValue, line: Int) throws(HistoryError) {
        guard case .map(let fields) = value else {
            throw HistoryError(
                line: line, "\(value.description.prefix(40)) where an event or operation should be",
                remedy: "each is a map in braces, such as {:process 0, :type :invoke, :f :read, :value nil}")
        }
        if fields.contains(where: { $0.key.word == "op" }) {
            let record = OperationRecordReader(fields, line: line, model: model)
            operations.append(try record.operation(&vocabulary))
            events += 1
            hasTimes = true
            isKeyed = isKeyed || record.isKeyed
        } else {
            try add(try HistoryEvent(fields, line: line))
        }
    }

    mutating func add(_ event: HistoryEvent) throws(HistoryError) {
        try advanceClock(event)
        guard case .number(let process) = event.process else { return }
        events += 1
        if event.type == .invoke {
            if let before = open[process] {
                throw HistoryError(
                    line: event.line,
                    "process \(process) begins an operation while the one of line \(before.line) is under way",
                    remedy: "give every concurrent process a number of its own, or end the first with :info")
            }
            open[process] = try begun(event)
            return
        }
        guard let begun = open.removeValue(forKey: process) else {
            throw HistoryError(
                line: event.line, "an :\(event.type.rawValue) of process \(process), which has nothing under way",
                remedy: "every :ok, :fail and :info needs an :invoke of the same process before it")
        }
        guard event.function == begun.verb.rawValue else {
            throw HistoryError(
                line: event.line, "process \(process) ends '\(event.function)' but began '\(begun.verb.rawValue)'",
                remedy: "the events of line \(begun.line) and of this one don't belong together")
        }
        if let operation = try ended(begun, by: event, process) { operations.append(operation) }
    }

    /// Time goes on with every event: by the events' own times, which may be equal, or by one.
    private mutating func advanceClock(_ event: HistoryEvent) throws(HistoryError) {
        if ignoresTimes {
            clock += 1
            return
        }
        if let index = event.index, let before = latest.index, index <= before {
            throw HistoryError(
                line: event.line, "the event's index \(index) comes after \(before) of line \(latest.line)",
                remedy: "sort the events by :index, or take them as they stand with --ignore-times")
        }
        if let time = event.time, let before = latest.time, time < before {
            throw HistoryError(
                line: event.line, "the event's time \(time) comes after \(before) of line \(latest.line)",
                remedy: "sort the events by :time, or take them as they stand with --ignore-times")
        }
        hasTimes = hasTimes || event.time != nil
        clock = max(clock + 1, event.time.map { UInt64(max(0, $0)) } ?? 0)
        latest = (event.time ?? latest.time, event.index ?? latest.index, event.line)
    }

    private mutating func begun(_ event: HistoryEvent) throws(HistoryError) -> Open {
        let verb = try model.verb(event.function, line: event.line)
        var (key, value, isTuple) = (event.key, event.value, false)
        if key == nil, let elements = value.elements, elements.count == 2, Self.isTuple(elements, verb) {
            (key, value, isTuple) = (elements[0], elements[1], true)
        }
        isKeyed = isKeyed || key != nil
        return Open(
            verb: verb, key: vocabulary.number(ofKey: key), isTuple: isTuple, value: value, time: clock,
            line: event.line)
    }

    /// Whether the value of a beginning is `[key value]` and not a value that is a list of two.
    private static func isTuple(_ elements: [DataValue], _ verb: HistoryModel.Verb) -> Bool {
        if case .cas = verb { return elements[1].elements != nil }
        return true
    }

    /// The operation that an end completes; nil for what neither had an effect nor tells anything.
    private mutating func ended(
        _ begun: Open, by event: HistoryEvent, _ process: Int64
    ) throws(HistoryError) -> KeyValueOperation? {
        var value = event.value
        if begun.isTuple, let elements = value.elements, elements.count == 2 { value = elements[1] }
        let outcome: KeyValueOperation.Outcome
        switch event.type {
        case .ok: outcome = .ok
        case .fail where begun.verb == .cas && failedCompareAndSet == .mismatch: outcome = .mismatch
        case .fail: outcome = .failed
        default: outcome = .indeterminate
        }
        if outcome == .indeterminate, begun.verb.kind == .get { return nil }
        return try operation(begun, answering: value, outcome, process, line: event.line)
    }

    private mutating func operation(
        _ begun: Open, answering answer: DataValue, _ outcome: KeyValueOperation.Outcome, _ process: Int64, line: Int
    ) throws(HistoryError) -> KeyValueOperation {
        let values = OperationValues(model: model, verb: begun.verb, isAnswered: outcome == .ok)
        let (kind, argument, result) = try values.identities(
            sent: begun.value, answer: answer, line: line, begunOn: begun.line, &vocabulary)
        return KeyValueOperation(
            kind, key: begun.key, client: vocabulary.session(of: "\(process)"), argument: argument, result: result,
            outcome: outcome, invokedNanoseconds: begun.time, returnedNanoseconds: clock)
    }

    // MARK: Ending

    /// The history, with whatever is still under way as operations of unknown effect.
    mutating func finished(_ format: HistoryFormat) throws(HistoryError) -> ReadHistory {
        guard events > 0 else {
            throw HistoryError(
                line: 0, "no event or operation in it",
                remedy: "a history has lines such as {:process 0, :type :invoke, :f :read, :value nil}")
        }
        var history = ReadHistory()
        history.format = format
        if isFull { history.obstacle = "the history has more than \(limit) operations" }
        for (process, begun) in open.sorted(by: { $0.key < $1.key }) where begun.verb.kind != .get {
            operations.append(try operation(begun, answering: .null, .indeterminate, process, line: begun.line))
        }
        vocabulary.word(as: model.wording(isKeyed: isKeyed))
        history.operations = operations
        history.names = vocabulary.names
        // Without times of their own, events are told apart by their place.
        if !hasTimes { history.names.unit = "events" }
        history.areSessionsTold = !vocabulary.isOutOfSessions
        return history
    }
}
