import ByteCoding

/// What users ask of a replicated key-value store.
public enum KeyValueCommand: Hashable, Sendable {
    /// Reads a key's value.
    case get(key: Bytes)
    /// Writes a value.
    case put(key: Bytes, value: Bytes)
    /// Removes a key.
    case delete(key: Bytes)
    /// Writes `value` if the key holds `expected` (nil: if it is absent).
    case compareAndSet(key: Bytes, expected: Bytes?, value: Bytes)
    /// Adds to the decimal integer that the key holds, 0 when absent.
    case increment(key: Bytes, by: Int64)
    /// Appends to the value, empty when absent.
    case append(key: Bytes, value: Bytes)
    /// Registers a session, whose commands are applied once however often they are sent (Ongaro's thesis, section 6.3).
    case openSession
}

/// A command's place in its session.
public struct SessionStamp: Hashable, Sendable, BitwiseCopyable {
    /// The session.
    public let session: SessionID
    /// The command's number in the session, from 1; a retry has the same.
    public let sequence: UInt64
    /// The client has the answers to all commands below this number and won't ask for them again.
    public let acknowledgedBelow: UInt64
    /// A stamp of its parts.
    public init(session: SessionID, sequence: UInt64, acknowledgedBelow: UInt64) {
        self.session = session
        self.sequence = sequence
        self.acknowledgedBelow = acknowledgedBelow
    }
}

/// What users of a key-value store get.
public enum KeyValueResponse: Hashable, Sendable {
    /// A write was done.
    case done
    /// A key's value.
    case value(Bytes)
    /// The key is absent.
    case absent
    /// A number: after an increment the integer, after an append the length, after a delete or compare-and-set whether
    /// it changed anything (1 or 0), after opening a session its identifier.
    case integer(Int64)
    /// The node didn't serve the request.
    case refused(Refusal)
}

/// The binary form of commands: an operation byte (its top bit set when a stamp follows), the stamp, the key after its
/// length, the rest.
@usableFromInline
enum CommandTag {
    @usableFromInline static let get: UInt8 = 1
    @usableFromInline static let put: UInt8 = 2
    @usableFromInline static let delete: UInt8 = 3
    @usableFromInline static let compareAndSet: UInt8 = 4
    @usableFromInline static let putIfAbsent: UInt8 = 5
    @usableFromInline static let increment: UInt8 = 6
    @usableFromInline static let append: UInt8 = 7
    @usableFromInline static let openSession: UInt8 = 8
    @usableFromInline static let stamped: UInt8 = 0x80
    @usableFromInline static let stampBytes = 24
}

/// Bounds of the key-value service.
public enum KeyValueLimits {
    /// Longest key in bytes.
    public static let keyBytes = 64 << 10
    /// Longest value in bytes.
    public static let valueBytes = 8 << 20
}
