import ProtocolKit

/// A transaction's number: the coordinator's durable incarnation above a counter, so that none is ever given twice and
/// later transactions have larger numbers.
struct TransactionID: Identifier {
    let rawValue: UInt64
    init(_ rawValue: UInt64) { self.rawValue = rawValue }

    static let zero = TransactionID(0)

    init(incarnation: UInt64, counter: UInt64) { rawValue = incarnation << 40 | counter }
}

/// The participants that a transaction touches, as bits; participant 0 is node 1.
struct ParticipantSet: Hashable, Sendable {
    var bits: UInt16 = 0

    mutating func insert(_ participant: Int) { bits |= 1 << UInt16(participant) }

    func contains(_ participant: Int) -> Bool { bits & 1 << UInt16(participant) != 0 }

    static func all(_ count: Int) -> ParticipantSet { ParticipantSet(bits: UInt16((1 << count) - 1)) }
}

/// Which participant keeps an account, and where.
struct Sharding: Sendable {
    let participants: Int

    func participant(of account: UInt32) -> Int { Int(account) % participants }

    func place(of account: UInt32) -> Int { Int(account) / participants }

    /// The places of a range's accounts at a participant.
    func places(first: UInt32, count: UInt32, at participant: Int) -> Range<Int> {
        // The number of accounts below a bound that the participant keeps.
        func below(_ bound: Int) -> Int { (bound - participant + participants - 1) / participants }
        let lower = below(Int(first))
        return lower..<max(lower, below(Int(first) + Int(count)))
    }

    static func node(of participant: Int) -> NodeID { NodeID(UInt32(participant + 1)) }
}
