/// One acquisition of a lock, as the client saw it, in 40 bytes.
///
/// The hold lasts from the grant as it arrived at the client to the moment the client gave it up, that is *sent* the
/// release; requests that were never granted are not holds and are not recorded.
public struct LockHold: Sendable, Hashable {
    /// How a hold ended.
    public enum Ending: UInt8, Sendable, Hashable, CaseIterable, Codable {
        /// The holder released it.
        case released
        /// The holder learnt, at the time given, that it had lost it (lease or session expired).
        case lost
        /// The holder never gave it up: it holds to the end of the history, or crashed with it.
        case open
    }

    /// The time of what did not happen.
    public static let never: UInt64 = .max
    /// The largest arrival number.
    public static let largestArrival: UInt32 = 1 << 30 - 1

    /// When the request was sent, in nanoseconds.
    public var requestedNanoseconds: UInt64
    /// When the grant was received, in nanoseconds.
    public var grantedNanoseconds: UInt64
    /// When the release was sent or the loss was learnt, in nanoseconds; ``never`` for an open hold.
    public var releasedNanoseconds: UInt64
    /// The fencing token that came with the grant, 0 for none.
    public var fencingToken: UInt64
    private var arrivalAndEnding: UInt32
    /// The lock.
    public var lock: UInt16
    /// The holder.
    public var client: UInt16

    /// A hold of `lock` by `client`.
    ///
    /// - Parameters:
    ///   - fencingToken: the token granted with it, 0 for none.
    ///   - arrival: the position at which the request reached the lock's queue, counted from 1 per lock; 0: not known.
    ///     At most ``largestArrival``.
    public init(
        lock: UInt16, client: UInt16, requestedNanoseconds: UInt64, grantedNanoseconds: UInt64,
        releasedNanoseconds: UInt64, ending: Ending, fencingToken: UInt64 = 0, arrival: UInt32 = 0
    ) {
        precondition(arrival <= Self.largestArrival, "an arrival number has 30 bits")
        self.requestedNanoseconds = requestedNanoseconds
        self.grantedNanoseconds = grantedNanoseconds
        self.releasedNanoseconds = ending == .open ? Self.never : releasedNanoseconds
        self.fencingToken = fencingToken
        self.lock = lock
        self.client = client
        arrivalAndEnding = arrival << 2 | UInt32(ending.rawValue)
    }

    /// The position at which the request reached the lock's queue, from 1; 0 when it is not known.
    public var arrival: UInt32 { arrivalAndEnding >> 2 }

    /// How the hold ended.
    public var ending: Ending { Ending(rawValue: UInt8(arrivalAndEnding & 3)) ?? .open }

    /// The hold as an event of a counter-example.
    var event: Counterexample.Event {
        var label = "holds lock \(lock)"
        if fencingToken != 0 { label += " token \(fencingToken)" }
        if arrival != 0 { label += " arrival \(arrival)" }
        if ending == .lost { label += " (lost)" }
        return Counterexample.Event(
            actor: "client \(client)", label: label, startNanoseconds: grantedNanoseconds,
            endNanoseconds: ending == .open ? nil : releasedNanoseconds)
    }
}
