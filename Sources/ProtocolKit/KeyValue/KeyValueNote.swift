import ByteCoding
import Verification

/// What judging and later operations need of a key-value operation, without its key and value: keeping one until its answer
/// comes costs no reference.
public struct KeyValueNote: Sendable, Hashable {
    /// What was asked; nil for the opening of a session.
    var kind: KeyValueOperation.Kind?
    /// The number under which histories know the key; nil for a key that no load has named.
    var key: UInt32?
    /// The identity of the value written or appended, or what is added.
    var argument: UInt64 = 0
    /// The identity of the value expected.
    var expected: UInt64 = 0

    /// Whether the operation is the opening of a session, which is none of the history.
    public var opensSession: Bool { kind == nil }

    /// A note of the opening of a session: nothing.
    private init() {}

    /// A note of an operation on a key of a load.
    init(
        _ kind: KeyValueOperation.Kind, _ space: KeyValueNaming.Space, _ number: Int, argument: UInt64 = 0,
        expected: UInt64 = 0
    ) {
        self.kind = kind
        key = KeyValueNaming.number(space, number)
        self.argument = argument
        self.expected = expected
    }

    private init(
        _ kind: KeyValueOperation.Kind, _ key: Bytes, argument: UInt64 = 0, expected: UInt64 = 0
    ) {
        self.kind = kind
        self.key = KeyValueNaming.number(of: key)
        self.argument = argument
        self.expected = expected
    }

    /// The note of a command, whoever made it.
    public init(_ command: KeyValueCommand) {
        func identity(_ value: Bytes) -> UInt64 { KeyValueNaming.identity(ofWritten: value) }
        switch command {
        case .get(let key): self.init(.get, key)
        case .put(let key, let value): self.init(.put, key, argument: identity(value))
        case .delete(let key): self.init(.delete, key)
        case .compareAndSet(let key, let expected, let value):
            self.init(
                .compareAndSet, key, argument: identity(value),
                expected: expected.map(identity) ?? ValueIdentity.absent)
        case .increment(let key, let delta): self.init(.increment, key, argument: UInt64(bitPattern: delta))
        case .append(let key, let value): self.init(.append, key, argument: identity(value))
        case .openSession: self.init()
        }
    }
}
