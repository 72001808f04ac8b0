/// What a user asks of a lock service.
public enum LockOperation: Hashable, Sendable {
    /// Waits for a lock and takes it for at most a lease's time.
    case acquire(lock: UInt32, owner: UInt32, leaseMilliseconds: UInt32)
    /// Gives a held lock back.
    case release(lock: UInt32, owner: UInt32, token: UInt64)
    /// Writes to the resource that the lock guards, showing the grant's fencing token.
    case fencedWrite(lock: UInt32, owner: UInt32, token: UInt64)

    /// The lock's number.
    public var lock: UInt32 {
        switch self {
        case .acquire(let lock, _, _), .release(let lock, _, _), .fencedWrite(let lock, _, _): lock
        }
    }
}

/// What a user of a lock service is answered.
public enum LockResult: Hashable, Sendable {
    /// The lock is the owner's until it is released or the lease ends.
    case granted(LockGrant)
    /// The wait ended without a grant.
    case withdrawn
    /// Whether the lock was still the owner's under this token when it was given back.
    case released(Bool)
    /// Whether the resource accepted the write; it refuses a token smaller than the largest it has seen. The number says
    /// in which order the resource has decided.
    case written(Bool, decision: UInt64)
}

/// A grant of a lock.
public struct LockGrant: Hashable, Sendable, BitwiseCopyable {
    /// The fencing token: larger than that of every earlier grant of the same lock (Kleppmann 2016).
    public var token: UInt64
    /// The request's number in the server's order of arrival, by which overtaking can be proved.
    public var arrival: UInt64
    /// How long the request waited at the server, in microseconds, rounded down: the lease lasts at least until sending
    /// plus this plus its length, whatever the messages' delays were.
    public var waitedMicroseconds: UInt64

    /// A grant of its parts.
    public init(token: UInt64, arrival: UInt64, waitedMicroseconds: UInt64) {
        self.token = token
        self.arrival = arrival
        self.waitedMicroseconds = waitedMicroseconds
    }
}
