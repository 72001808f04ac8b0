import ProtocolKit

/// A period in which at most one process is the primary (section 2 of the paper); grows from leader to leader.
public struct Epoch: Identifier {
    /// The number.
    public let rawValue: UInt32
    /// Wraps a number.
    @inlinable
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
    /// Before the first leader.
    public static let zero = Epoch(0)
    /// The following epoch.
    @inlinable
    public var next: Epoch { Epoch(rawValue + 1) }
}

/// A transaction's identifier: the epoch in which its primary broadcast it, and its number in that epoch, from 1
/// (section 3 of the paper). The order of identifiers is the order of delivery.
///
/// Coded as one number, 24 bits of epoch above 40 of counter, so that a log record's tag holds it.
public struct Zxid: Identifier {
    /// Epoch and counter in one.
    public let rawValue: UInt64
    /// Wraps the coded form.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// The identifier of a transaction in an epoch.
    @inlinable
    public init(epoch: Epoch, counter: UInt64) {
        rawValue = UInt64(epoch.rawValue) << Self.counterBits | counter
    }

    /// Before the first transaction.
    public static let zero = Zxid(0)
    /// The epoch of the primary.
    @inlinable
    public var epoch: Epoch { Epoch(UInt32(truncatingIfNeeded: rawValue >> Self.counterBits)) }
    /// The transaction's number in its epoch.
    @inlinable
    public var counter: UInt64 { rawValue & Self.largestCounter }
    /// `3.17`: the 17th transaction of epoch 3.
    public var description: String { "\(epoch).\(counter)" }

    @usableFromInline static let counterBits = UInt64(40)
    /// A leader that has numbered so many transactions gives way to one of a new epoch.
    @usableFromInline static let largestCounter = UInt64(1) << counterBits - 1
    /// The largest epoch: identifiers stay positive as signed 64-bit integers, which is what RESP can carry.
    static let largestEpoch = Epoch(1 << 23 - 1)
}
