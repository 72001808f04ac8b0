/// A history that breaks a model, and the few operations that show it.
public struct ConsistencyViolation: Sendable, Hashable {
    /// The model.
    public var model: ConsistencyModel
    /// The key, where one key alone shows it.
    public var key: UInt32?
    /// What is wrong, in a line.
    public var reason: String
    /// The operations that show it, once each: none can be left out, as far as the budget allowed to try.
    public var operations: [KeyValueOperation]
    /// The one that can't be explained: the first to answer what no order allows any more; `nil` where none is singled
    /// out.
    public var offender: KeyValueOperation?
    /// Whether the operations are a part that is wrong whatever the key held before them; else it held nothing.
    public var isWhateverCameBefore: Bool

    /// A violation of its parts; operations that come twice are kept once.
    public init(
        model: ConsistencyModel, key: UInt32?, reason: String, operations: [KeyValueOperation],
        offender: KeyValueOperation? = nil, isWhateverCameBefore: Bool = false
    ) {
        var seen: Set<KeyValueOperation> = []
        self.model = model
        self.key = key
        self.reason = reason
        self.operations = operations.filter { seen.insert($0).inserted }
        self.offender = offender
        self.isWhateverCameBefore = isWhateverCameBefore
    }

    /// The most events that are shown.
    private static let shown = 24

    /// The violation for people, with the names of the history; the middle of a long window is left out.
    public func counterexample(names: HistoryNames = .numbers) -> Counterexample {
        let shown =
            operations.count <= Self.shown
            ? operations : Array(operations.prefix(Self.shown / 2) + operations.suffix(Self.shown / 2))
        var notes: [String] = []
        if isWhateverCameBefore { notes.append("  whatever the key held before") }
        if operations.count > shown.count {
            notes.append("  ... and \(operations.count - shown.count) more between them")
        }
        let place = names.wording == .store ? key.map { "key \(names.keyText($0)): " } ?? "" : ""
        return Counterexample(
            summary: "\(model.broken): \(place)\(reason)",
            events: shown.map { names.event($0, isOffender: $0 == offender) }, notes: notes, unit: names.unit)
    }
}

extension HistoryNames {
    /// The name of a key after the word "key".
    func keyText(_ number: UInt32) -> String { Int(number) < keys.count ? keys[Int(number)] : "\(number)" }
}

extension ConsistencyModel {
    /// The model's absence as the beginning of a sentence.
    var broken: String {
        switch self {
        case .linearizable: "not linearizable"
        case .sequential: "not sequentially consistent"
        case .regular: "not regular"
        case .session: "session guarantees broken"
        case .eventual: "not even eventually consistent"
        }
    }
}

/// What a checker found out about a history.
public enum ConsistencyFinding: Sendable, Hashable {
    /// The history keeps the model.
    case correct
    /// It doesn't.
    case violated(ConsistencyViolation)
    /// Nothing is proved either way.
    case unknown(reason: String)

    /// The finding as a verdict, with the names of the history.
    public func verdict(names: HistoryNames = .numbers) -> Verdict {
        switch self {
        case .correct: .correct
        case .violated(let violation): .violated(violation.counterexample(names: names))
        case .unknown(let reason): .unknown(reason: reason)
        }
    }
}
