/// What keys, values and actors are called where a person reads about them.
public struct HistoryNames: Sendable, Hashable {
    /// Names of keys, by number; a key without one is `k` and its number.
    public var keys: [String]
    /// Names of values, by identity; a value without one is told by ``ValueIdentity/text(_:)``.
    public var values: [UInt64: String]
    /// Names of actors, by the number of their session; an actor without one is `client` and the number.
    public var actors: [String]
    /// What an operation is called in a history of this kind.
    public var wording: Wording

    /// Whether the identities below 2⁶⁰ are the integers that were written, and 2⁶⁰ is 0.
    public var areValuesIntegers = false
    /// What the times of the history count, where it is not nanoseconds.
    public var unit: String?

    /// How operations are worded.
    public enum Wording: String, Sendable, Hashable, CaseIterable {
        /// `get k3`, `put k3 #1`
        case store
        /// `read`, `write #1`: there is one key only, which has no name.
        case register
        /// `acquire`, `release`
        case mutex
    }

    /// Names of a history.
    public init(
        keys: [String] = [], values: [UInt64: String] = [:], actors: [String] = [], wording: Wording = .store
    ) {
        self.keys = keys
        self.values = values
        self.actors = actors
        self.wording = wording
    }

    /// Everything is called by its number.
    public static let numbers = HistoryNames()

    /// The name of a key.
    public func key(_ number: UInt32) -> String { Int(number) < keys.count ? keys[Int(number)] : "k\(number)" }

    /// The name of a value.
    public func value(_ identity: UInt64) -> String {
        if let name = values[identity] { return name }
        guard areValuesIntegers, identity != ValueIdentity.absent, identity <= 1 << 60 else {
            return ValueIdentity.text(identity)
        }
        return "\(identity == 1 << 60 ? 0 : identity)"
    }

    /// The name of an actor.
    public func actor(_ session: UInt16) -> String {
        Int(session) < actors.count ? actors[Int(session)] : "client \(session)"
    }

    /// An operation in a line, for example `cas k3 #1→#2 mismatch`.
    public func label(_ operation: KeyValueOperation) -> String {
        let outcome = operation.outcome == .ok ? "" : "\(operation.outcome)"
        return [verb(operation), wording == .store ? key(operation.key) : "", detail(operation), outcome]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func verb(_ operation: KeyValueOperation) -> String {
        switch (operation.kind, wording) {
        case (.compareAndSet, .mutex): operation.argument == ValueIdentity.absent ? "release" : "acquire"
        case (.get, .register): "read"
        case (.put, .register): "write"
        case (.get, _): "get"
        case (.put, _): "put"
        case (.delete, _): "delete"
        case (.compareAndSet, _): "cas"
        case (.increment, _): "increment"
        case (.append, _), (.concatenate, _): "append"
        }
    }

    private func detail(_ operation: KeyValueOperation) -> String {
        let isAnswered = operation.isTold
        return switch operation.kind {
        case .get: isAnswered ? "→ \(value(operation.result))" : "→ ?"
        case .put, .concatenate: value(operation.argument)
        case .delete: isAnswered ? (operation.result == 0 ? "→ nothing there" : "→ removed") : "→ ?"
        case .compareAndSet: wording == .mutex ? "" : "\(value(operation.result))→\(value(operation.argument))"
        case .increment:
            "by \(Int64(bitPattern: operation.argument)) → \(isAnswered ? value(operation.result) : "?")"
        case .append: "\(value(operation.argument)) → \(isAnswered ? "\(operation.result) pieces" : "?")"
        }
    }

    /// An operation as an event of a counter-example.
    func event(_ operation: KeyValueOperation, isOffender: Bool = false) -> Counterexample.Event {
        Counterexample.Event(
            actor: actor(operation.client), label: label(operation), startNanoseconds: operation.invokedNanoseconds,
            endNanoseconds: operation.hasReturned ? operation.returnedNanoseconds : nil, isOffender: isOffender)
    }
}
