import ProtocolKit

/// A primary's time in office: entries are tagged with it. Which node may begin an epoch follows from its number.
public typealias ViewEpoch = Term

/// A view's number: the primary's epoch, and within it which change of the membership (Kafka's leader epoch and
/// partition epoch).
public struct ViewNumber: Hashable, Comparable, Sendable {
    /// The epoch, in which there is one primary at most.
    public var epoch: ViewEpoch
    /// Counts the views of an epoch from 1; 0 belongs to the view that every cluster begins with.
    public var change: UInt64

    /// A number of its parts.
    public init(epoch: ViewEpoch, change: UInt64) {
        self.epoch = epoch
        self.change = change
    }

    /// By epoch first.
    public static func < (left: ViewNumber, right: ViewNumber) -> Bool {
        (left.epoch, left.change) < (right.epoch, right.change)
    }
}

extension ViewNumber: CustomStringConvertible {
    /// `4.1`: the first view of epoch 4.
    public var description: String { "\(epoch).\(change)" }
}

/// Who holds every acknowledged entry: a primary, known from the epoch, and its backups.
public struct View: Hashable, Sendable {
    /// Its number: later views have higher ones.
    public var number: ViewNumber
    /// The primary and its backups.
    public var members: MemberSet

    /// A view of its parts.
    public init(number: ViewNumber, members: MemberSet) {
        self.number = number
        self.members = members
    }

    /// What a cluster of so many nodes begins with: all are members, and nobody is primary.
    static func first(of count: Int) -> View {
        View(number: ViewNumber(epoch: .zero, change: 0), members: .all(count))
    }
}

/// Some of a cluster's nodes, by their places in the order of their numbers: 64 at most.
public struct MemberSet: Hashable, Sendable {
    /// A bit for each place.
    public var bits: UInt64

    /// A set of places as bits.
    @inlinable
    public init(bits: UInt64 = 0) {
        self.bits = bits
    }

    /// The first `count` places.
    static func all(_ count: Int) -> MemberSet { MemberSet(bits: count >= 64 ? .max : (1 << UInt64(count)) - 1) }

    /// Number of members.
    @inlinable
    public var count: Int { bits.nonzeroBitCount }

    /// Whether a place is in it.
    @inlinable
    public func contains(_ place: Int) -> Bool { bits >> UInt64(place) & 1 == 1 }

    /// Adds a place.
    @inlinable
    public mutating func insert(_ place: Int) { bits |= 1 << UInt64(place) }

    /// Removes a place.
    @inlinable
    public mutating func remove(_ place: Int) { bits &= ~(1 << UInt64(place)) }

    /// The places in both.
    @inlinable
    public func intersection(_ other: MemberSet) -> MemberSet { MemberSet(bits: bits & other.bits) }

    /// The places in either.
    @inlinable
    public func union(_ other: MemberSet) -> MemberSet { MemberSet(bits: bits | other.bits) }

    /// Whether all places are in the other.
    @inlinable
    public func isSubset(of other: MemberSet) -> Bool { bits & ~other.bits == 0 }
}

extension MemberSet: CustomStringConvertible {
    /// `0,2`.
    public var description: String {
        (0..<64).filter(contains).map(String.init).joined(separator: ",")
    }
}
