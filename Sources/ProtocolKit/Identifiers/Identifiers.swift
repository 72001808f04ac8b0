/// An integer that means one thing only: a term can't be passed where an index is wanted.
public protocol Identifier: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
    associatedtype RawValue: FixedWidthInteger & UnsignedInteger & Sendable
    /// The integer itself.
    var rawValue: RawValue { get }
    /// Wraps an integer.
    init(_ rawValue: RawValue)
}

extension Identifier {
    /// The order of the integers.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The integer in decimal.
    public var description: String { String(rawValue) }
}

/// A member of a cluster: 0, 1, 2 ...
public struct NodeID: Identifier {
    /// The number.
    public let rawValue: UInt32
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A client's connection to a node, never used twice by one node process.
public struct ConnectionID: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A position in a replicated log; the first entry is 1, 0 means none.
public struct LogIndex: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Before the first entry.
    public static let zero = LogIndex(0)
    /// The position after this one.
    @inlinable
    public var next: LogIndex { LogIndex(rawValue + 1) }
    /// The position before this one; of zero, zero.
    @inlinable
    public var previous: LogIndex { LogIndex(rawValue == 0 ? 0 : rawValue - 1) }
}

/// A logical time in which there is at most one leader (Raft's term).
public struct Term: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Before any election.
    public static let zero = Term(0)
    /// The following term.
    @inlinable
    public var next: Term { Term(rawValue + 1) }
}

/// A persisting effect's place in the order in which a node's disk completes them; 0 is "nothing to wait for".
public struct Ticket: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Nothing to wait for.
    public static let none = Ticket(0)
}

/// A timer that a node or client names itself; setting it again replaces it.
public struct TimerID: Identifier {
    /// The number.
    public let rawValue: UInt32
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A client's registered session with a replicated state machine; 0 is "no session".
public struct SessionID: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// No session: a retried command may be applied twice.
    public static let none = SessionID(0)
}

/// An operation that a load generator or simulated user started at a client.
public struct OperationID: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A request that a client sent; unique within the client.
public struct RequestID: Identifier {
    /// The number.
    public let rawValue: UInt64
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Where the answer to a request goes: the connection it came by and its place in that connection's order.
public struct RequestToken: Hashable, Sendable, BitwiseCopyable {
    /// The connection that the request came by.
    public let connection: ConnectionID
    /// The request's place in the connection's order, from 0.
    public let sequence: UInt64
    /// A token of its parts.
    @inlinable
    public init(connection: ConnectionID, sequence: UInt64) {
        self.connection = connection
        self.sequence = sequence
    }
}

/// The two times that a step may use, sampled after its input was received.
public struct Now: Hashable, Sendable, BitwiseCopyable {
    /// Nanoseconds on a clock that never jumps: time-outs, leases.
    public let monotonic: UInt64
    /// Nanoseconds since 1970 on a clock that may jump: what algorithms that trust wall clocks use.
    public let wall: UInt64
    /// Both times.
    @inlinable
    public init(monotonic: UInt64, wall: UInt64) {
        self.monotonic = monotonic
        self.wall = wall
    }
}

extension UInt64 {
    /// Whole microseconds in nanoseconds.
    @inlinable
    public static func microseconds(_ count: UInt64) -> UInt64 { count * 1_000 }
    /// Whole milliseconds in nanoseconds.
    @inlinable
    public static func milliseconds(_ count: UInt64) -> UInt64 { count * 1_000_000 }
    /// Whole seconds in nanoseconds.
    @inlinable
    public static func seconds(_ count: UInt64) -> UInt64 { count * 1_000_000_000 }
}
