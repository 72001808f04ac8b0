/// Gives the values, keys and processes of a history their numbers, and remembers names to show, up to a bound.
///
/// Integers from 1 below 2⁶⁰ are their own identities (0 has 2⁶⁰), and those of texts follow from the texts
/// (``TextIdentity``); so does that of any other value, by the text that EDN would write for it. So no table grows with
/// the number of values.
struct HistoryVocabulary {
    private static let mostNames = 100_000
    private static let longestName = 40

    private(set) var names = HistoryNames()
    private var keys: [String: UInt32] = [:]
    private var sessions: [String: UInt16] = [:]
    /// Whether there were more processes than sessions have numbers.
    private(set) var isOutOfSessions = false

    init() { names.areValuesIntegers = true }

    // MARK: Values

    /// The identity of a value; what is absent is ``ValueIdentity/absent``.
    mutating func identity(of value: DataValue) -> UInt64 {
        switch value {
        case .null: return ValueIdentity.absent
        case .integer(let number) where number >= 0 && number < 1 << 60:
            return number == 0 ? 1 << 60 : UInt64(number)
        case .text(let text): return named(TextIdentity.identity(of: text.utf8)) { "\"\(text)\"" }
        default:
            if let plain = Self.plainIdentity(value) { return plain }
            let text = value.description
            // A byte that no text has in front, so that the number -5 and the text "-5" differ.
            return named(TextIdentity.identity(of: [0xff] + Array(text.utf8))) { text }
        }
    }

    /// The identity that an object names, or `nil`.
    private static func plainIdentity(_ value: DataValue) -> UInt64? {
        guard case .map(let pairs) = value, pairs.count == 1 else { return nil }
        switch (pairs[0].key.word, pairs[0].value) {
        case ("integer"?, .integer(let number)) where (-(1 << 61)..<1 << 61).contains(number):
            return ValueIdentity.integer(number)
        case ("identity"?, .text(let text)): return UInt64(text, radix: 16)
        default: return nil
        }
    }

    /// The identity of a list that was read.
    mutating func identity(ofList pieces: [DataValue]) -> UInt64 {
        let whole = ValueIdentity.list(pieces.map { identity(of: $0) })
        return pieces.count > 1 ? named(whole) { DataValue.list(pieces).description } : whole
    }

    private mutating func named(_ identity: UInt64, _ name: () -> String) -> UInt64 {
        let isKnown = identity == ValueIdentity.absent || names.values[identity] != nil
        guard !isKnown, names.values.count < Self.mostNames else { return identity }
        let full = name()
        names.values[identity] = full.count > Self.longestName ? "\(full.prefix(Self.longestName))…" : full
        return identity
    }

    // MARK: Keys and processes

    /// The number of a key; `nil` stands for the only key of a history without keys.
    mutating func number(ofKey key: DataValue?) -> UInt32 {
        let name = key.map { if case .text(let text) = $0 { text } else { $0.description } } ?? ""
        if let number = keys[name] { return number }
        let number = UInt32(truncatingIfNeeded: keys.count)
        keys[name] = number
        names.keys.append(name)
        return number
    }

    /// The number of a process's session; all beyond the last number share it.
    mutating func session(of process: String) -> UInt16 {
        if let number = sessions[process] { return number }
        guard let number = UInt16(exactly: sessions.count), number < .max else {
            isOutOfSessions = true
            return .max
        }
        sessions[process] = number
        names.actors.append("process \(process)")
        return number
    }

    mutating func word(as wording: HistoryNames.Wording) { names.wording = wording }
}
