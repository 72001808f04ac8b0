import ByteCoding
import ProtocolKit

/// A ballot number (Lamport 2001, section 2.2): numbers are totally ordered, and no two proposers share one, because each
/// ends with its proposer.
///
/// From the top: the round, the proposer's durable incarnation where a protocol wants it in there, the proposer.
public struct Ballot: Identifier {
    /// All parts in one number, in the order in which they count.
    public let rawValue: UInt64

    private static var nodeBits: UInt64 { 8 }
    private static var incarnationBits: UInt64 { 23 }
    /// The highest number that is accepted from outside: rounds above it would overflow.
    static var limit: UInt64 { 1 << 63 }

    /// Takes the number over.
    @inlinable
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// A proposer's ballot.
    ///
    /// - Parameter incarnation: the proposer's durable incarnation; zero where a ballot is made durable before it is used.
    public init(round: UInt64, incarnation: UInt64 = 0, node: NodeID) {
        precondition(node.rawValue < 1 << Self.nodeBits, "a ballot has room for nodes 0 to 255")
        precondition(incarnation < 1 << Self.incarnationBits, "a ballot has room for 2^23 incarnations")
        let place = round << Self.incarnationBits | incarnation
        rawValue = place << Self.nodeBits | UInt64(node.rawValue)
    }

    /// Before all ballots.
    @inlinable
    public static var zero: Ballot { Ballot(0) }

    /// The part that proposers raise to outbid each other.
    public var round: UInt64 { rawValue >> (Self.nodeBits + Self.incarnationBits) }
    /// The proposer's incarnation; zero where ballots carry none.
    public var incarnation: UInt64 { rawValue >> Self.nodeBits & (1 << Self.incarnationBits - 1) }
    /// The proposer.
    public var node: NodeID { NodeID(UInt32(rawValue & (1 << Self.nodeBits - 1))) }
}

extension Ballot: CustomStringConvertible {
    /// Round, incarnation where there is one, node: `7.2`, `7.3.2`.
    public var description: String { incarnation == 0 ? "\(round).\(node)" : "\(round).\(incarnation).\(node)" }
}

extension ByteReader {
    /// Reads a ballot within its bound.
    mutating func readBallot() throws(WireError) -> Ballot {
        let number = try read(UInt64.self)
        guard number <= Ballot.limit else { throw .tooLarge(what: "ballot", value: number, limit: Ballot.limit) }
        return Ballot(number)
    }

    /// Reads a slot, or another number that must not overflow, within its bound.
    mutating func readSlot() throws(WireError) -> LogIndex { LogIndex(try readNumber("slot")) }
}

/// Bounds on what a peer may send.
@usableFromInline
enum PaxosLimits {
    /// Values in a part of a promise at least, where there are so many: each part costs a candidate a round trip.
    static let promiseValues = 16
    /// How far beyond what it knows to be decided an acceptor accepts: it keeps a place for each slot in between.
    @usableFromInline static let reach = UInt64(1) << 17
}
