/// Reads one operation that is told all at once, a JSON object on a line of its own:
///
///     {"client":3,"op":"put","key":"k7","value":12,"outcome":"ok","invoked":1000,"returned":2400}
///
/// | name | what it says |
/// |---|---|
/// | op | `get`, `put`, `delete`, `cas`, `increment`, `append`, `acquire` or `release` |
/// | client | who did it, a number or a text; one client may do several things at once |
/// | key | a number or a text; left out where there is one only |
/// | value | what was read, written or appended, or what an increment answered; null: nothing |
/// | expected | what a `cas` expected |
/// | delta | what an `increment` added, 1 unless given |
/// | count | how many pieces there were after an `append`, if it was answered |
/// | removed | whether a `delete` removed something, if it was answered |
/// | outcome | `ok`; `mismatch`, a `cas` found another value; `failed`, it had no effect; `indeterminate`, nobody knows |
/// | invoked | when it was sent, in nanoseconds |
/// | returned | when it was answered, in nanoseconds; left out where it never was |
///
/// A value is a number, a text, a list, or an object: `{"integer":5}` is what a counter holds and
/// `{"identity":"c0…"}` the hexadecimal identity of a value of which no more is known (``ValueIdentity``).
struct OperationRecordReader {
    private let fields: [String: DataValue]
    private let line: Int
    private let model: HistoryModel

    init(_ fields: [DataValue.Field], line: Int, model: HistoryModel) {
        var found: [String: DataValue] = [:]
        for field in fields { if let word = field.key.word { found[word] = field.value } }
        self.fields = found
        self.line = line
        self.model = model
    }

    /// Whether the operation names a key.
    var isKeyed: Bool { fields["key"].map { $0 != .null } ?? false }

    func operation(_ vocabulary: inout HistoryVocabulary) throws(HistoryError) -> KeyValueOperation {
        guard let word = fields["op"]?.word else { throw error("an operation's 'op' is no word", "such as \"get\"") }
        let outcome = try outcome()
        let parts = try identities(word, outcome, &vocabulary)
        let client: String
        switch fields["client"] {
        case .integer(let number)?: client = "\(number)"
        case .text(let text)?: client = text
        default: throw error("an operation without 'client'", "it says who did it, by number or name")
        }
        let invoked = try time("invoked")
        let returned = outcome == .indeterminate ? KeyValueOperation.never : try time("returned")
        guard returned >= invoked else {
            throw error("an operation that returned before it was invoked", "compare 'returned' with 'invoked'")
        }
        let key = isKeyed ? fields["key"] : nil
        return KeyValueOperation(
            parts.kind, key: vocabulary.number(ofKey: key), client: vocabulary.session(of: client),
            argument: parts.argument, result: parts.result, outcome: outcome, invokedNanoseconds: invoked,
            returnedNanoseconds: returned)
    }

    private func outcome() throws(HistoryError) -> KeyValueOperation.Outcome {
        let outcomes: [String: KeyValueOperation.Outcome] = [
            "ok": .ok, "mismatch": .mismatch, "failed": .failed, "indeterminate": .indeterminate,
        ]
        guard let given = fields["outcome"], given != .null else {
            return (fields["returned"] ?? .null) == .null ? .indeterminate : .ok
        }
        guard let outcome = given.word.flatMap({ outcomes[$0] }) else {
            throw error("no outcome \(given)", "there are ok, mismatch, failed, indeterminate")
        }
        return outcome
    }

    private func time(_ name: String) throws(HistoryError) -> UInt64 {
        guard case .integer(let nanoseconds)? = fields[name], nanoseconds >= 0 else {
            throw error("an operation without '\(name)'", "it is a time in nanoseconds, from 0")
        }
        return UInt64(nanoseconds)
    }

    private func identities(
        _ word: String, _ outcome: KeyValueOperation.Outcome, _ vocabulary: inout HistoryVocabulary
    ) throws(HistoryError) -> OperationValues.Identities {
        let value = fields["value"] ?? .null
        let isAnswered = outcome == .ok
        if word == "increment" {
            guard model == .kv else { throw error("model \(model.rawValue) has no increment", "--model kv has") }
            return try increment(value, isAnswered)
        }
        let verb = try model.verb(word, line: line)
        if verb == .cas {
            return (
                .compareAndSet, vocabulary.identity(of: value), vocabulary.identity(of: fields["expected"] ?? .null)
            )
        }
        var parts = try OperationValues(model: model, verb: verb, isAnswered: isAnswered).identities(
            sent: value, answer: verb == .delete ? fields["removed"] ?? .null : value, line: line, begunOn: line,
            &vocabulary)
        if parts.kind == .append, isAnswered, case .integer(let count)? = fields["count"], count > 0 {
            parts.result = UInt64(count)
        }
        return parts
    }

    private func increment(_ value: DataValue, _ isAnswered: Bool) throws(HistoryError) -> OperationValues.Identities {
        var delta: Int64 = 1
        if case .integer(let given)? = fields["delta"] { delta = given }
        guard isAnswered, case .integer(let result) = value else {
            return (.increment, UInt64(bitPattern: delta), KeyValueOperation.unreported)
        }
        guard (-(1 << 61)..<1 << 61).contains(result) else {
            throw error("an increment to \(result)", "counters lie within 2^61")
        }
        return (.increment, UInt64(bitPattern: delta), ValueIdentity.integer(result))
    }

    private func error(_ what: String, _ remedy: String) -> HistoryError {
        HistoryError(line: line, what, remedy: remedy)
    }
}
