/// One operation of a key-value history, in 40 bytes.
///
/// Times are nanoseconds on one clock, from the actual send to the receipt of the answer: a wider interval hides
/// violations. Values are identities (``ValueIdentity``), 0 for an absent key. What `argument` and `result` mean follows
/// from `kind`:
///
/// | kind | argument | result when ok |
/// |---|---|---|
/// | get | – | identity that was read |
/// | put | identity that was written | – |
/// | delete | – | 1 removed, 0 nothing was there, ``unreported`` |
/// | compareAndSet | identity to write | identity that was *expected*, whatever the outcome |
/// | increment | delta as `Int64` bits | identity of the integer after it (``ValueIdentity/integer(_:)``), or ``unreported`` |
/// | append | identity of the piece | number of pieces after it, or ``unreported`` |
/// | concatenate | identity of the text (``TextIdentity``) | factor of the text's length, whatever the outcome |
public struct KeyValueOperation: Sendable, Hashable {
    /// What was asked.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable, Codable {
        /// Reads the value.
        case get
        /// Writes a value over whatever is there.
        case put
        /// Removes the value.
        case delete
        /// Writes a value if the current one is the expected one.
        case compareAndSet
        /// Adds to the integer that is there, 0 when absent.
        case increment
        /// Appends a piece to the value that is there, empty when absent.
        case append
        /// Joins a text to the text that is there, empty when absent.
        case concatenate
    }

    /// What is known of the effect.
    public enum Outcome: UInt8, Sendable, Hashable, CaseIterable, Codable {
        /// It happened, with the result recorded.
        case ok
        /// A compare-and-set found another value than the expected one, and changed nothing.
        case mismatch
        /// It certainly had no effect (refused, not sent); nothing is learnt from it.
        case failed
        /// It may have happened, at any time from its invocation on, or never (timeout, lost connection).
        case indeterminate
    }

    /// The result of an operation whose answer was not recorded or does not tell.
    public static let unreported: UInt64 = .max
    /// The return time of an operation that never returned.
    public static let never: UInt64 = .max

    /// When the request was sent, in nanoseconds.
    public var invokedNanoseconds: UInt64
    /// When the answer was received, in nanoseconds; ``never`` when it was not or the outcome is indeterminate.
    public var returnedNanoseconds: UInt64
    /// What was sent; see the table above.
    public var argument: UInt64
    /// What was answered, and for compare-and-set what was expected; see the table above.
    public var result: UInt64
    /// The key. Keys are independent of each other.
    public var key: UInt32
    /// The client that sent it; clients run concurrently, and one client may have many operations in flight.
    public var client: UInt16
    /// What was asked.
    public var kind: Kind
    /// What is known of the effect.
    public var outcome: Outcome

    /// An operation with every field given.
    @inlinable
    public init(
        _ kind: Kind, key: UInt32, client: UInt16, argument: UInt64 = 0, result: UInt64 = 0, outcome: Outcome,
        invokedNanoseconds: UInt64, returnedNanoseconds: UInt64
    ) {
        self.invokedNanoseconds = invokedNanoseconds
        self.returnedNanoseconds = outcome == .indeterminate ? Self.never : returnedNanoseconds
        self.argument = argument
        self.result = result
        self.key = key
        self.client = client
        self.kind = kind
        self.outcome = outcome
    }

    /// Whether the operation answered at a known time. An indeterminate one has not, whatever its return time says.
    @inlinable
    public var hasReturned: Bool { outcome != .indeterminate && returnedNanoseconds != Self.never }

    /// Whether this operation ended before the other began. Equal times count as concurrent.
    @inlinable
    public func precedes(_ other: KeyValueOperation) -> Bool {
        hasReturned && returnedNanoseconds < other.invokedNanoseconds
    }
}

extension KeyValueOperation {
    /// The span from sending to receipt, in nanoseconds; an open end for an operation that never returned.
    public typealias Span = (invoked: UInt64, returned: UInt64)

    /// A read that answered `value`.
    @inlinable
    public static func get(_ key: UInt32, returning value: UInt64, by client: UInt16, _ span: Span) -> Self {
        Self(
            .get, key: key, client: client, result: value, outcome: .ok,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }

    /// A write of `value`.
    @inlinable
    public static func put(
        _ key: UInt32, _ value: UInt64, _ outcome: Outcome = .ok, by client: UInt16, _ span: Span
    ) -> Self {
        Self(
            .put, key: key, client: client, argument: value, outcome: outcome,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }

    /// A removal; `removed` says whether there was something, `nil` that the answer does not tell.
    @inlinable
    public static func delete(
        _ key: UInt32, removed: Bool?, _ outcome: Outcome = .ok, by client: UInt16, _ span: Span
    ) -> Self {
        Self(
            .delete, key: key, client: client, result: removed.map { $0 ? 1 : 0 } ?? unreported, outcome: outcome,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }

    /// A compare-and-set from `expected` to `value`.
    @inlinable
    public static func compareAndSet(
        _ key: UInt32, from expected: UInt64, to value: UInt64, _ outcome: Outcome, by client: UInt16, _ span: Span
    ) -> Self {
        Self(
            .compareAndSet, key: key, client: client, argument: value, result: expected, outcome: outcome,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }

    /// An increment by `delta` (default 1) that answered `result`, `nil` when the answer is not known.
    @inlinable
    public static func increment(
        _ key: UInt32, adding delta: Int64 = 1, returning result: Int64?, _ outcome: Outcome = .ok, by client: UInt16,
        _ span: Span
    ) -> Self {
        Self(
            .increment, key: key, client: client, argument: UInt64(bitPattern: delta),
            result: result.map(ValueIdentity.integer) ?? unreported, outcome: outcome,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }

    /// An append of `piece` that answered the new number of pieces, `nil` when the answer is not known.
    @inlinable
    public static func append(
        _ key: UInt32, _ piece: UInt64, count: UInt64?, _ outcome: Outcome = .ok, by client: UInt16, _ span: Span
    ) -> Self {
        Self(
            .append, key: key, client: client, argument: piece, result: count ?? unreported, outcome: outcome,
            invokedNanoseconds: span.invoked, returnedNanoseconds: span.returned)
    }
}

extension KeyValueOperation {
    /// A text joined to what is there; the answer tells nothing.
    public static func concatenate(
        _ key: UInt32, _ text: some Collection<UInt8>, _ outcome: Outcome = .ok, by client: UInt16, _ span: Span
    ) -> Self {
        Self(
            .concatenate, key: key, client: client, argument: TextIdentity.identity(of: text),
            result: TextIdentity.factor(ofLength: text.count), outcome: outcome, invokedNanoseconds: span.invoked,
            returnedNanoseconds: span.returned)
    }
}

extension KeyValueOperation: CustomStringConvertible {
    /// The operation as counter-examples show it, for example `cas k3 #1→#2 mismatch`.
    public var description: String { HistoryNames.numbers.label(self) }

    /// The operation as an event of a counter-example.
    var event: Counterexample.Event { HistoryNames.numbers.event(self) }
}
