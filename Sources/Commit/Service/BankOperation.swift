/// What a user asks of a bank whose accounts are sharded over participants.
public enum BankOperation: Hashable, Sendable {
    /// Moves an amount from one account to another, or does nothing.
    case transfer(id: UInt64, from: UInt32, to: UInt32, amount: Int64)
    /// Reads all accounts at one instant: the sum of each participant's.
    case audit
    /// Reads a range of accounts at one instant.
    case balances(first: UInt32, count: UInt32)
    /// Opens those accounts of a range that aren't open, each with a balance.
    case open(first: UInt32, count: UInt32, balance: Int64)
}

/// What a user of a bank is answered.
public enum BankResult: Hashable, Sendable {
    /// The transfer or opening has happened.
    case committed
    /// It hasn't and won't.
    case aborted(AbortReason)
    /// The sums by participant, or the balances of a range in order.
    case values([Int64])
}

/// Why a transaction aborted.
public enum AbortReason: UInt8, CaseIterable, Hashable, Sendable {
    /// The account would be overdrawn: a real vote of no.
    case insufficientFunds = 1
    /// An account isn't open.
    case noSuchAccount
    /// Locks conflicted too often.
    case lockConflict
    /// A participant didn't vote in time.
    case unavailable
    /// A reading participant lost its locks before the vote.
    case locksLost

    /// The word after `ABORTED`.
    public var word: StaticString {
        switch self {
        case .insufficientFunds: "insufficient-funds"
        case .noSuchAccount: "no-such-account"
        case .lockConflict: "lock-conflict"
        case .unavailable: "participant-unavailable"
        case .locksLost: "locks-lost"
        }
    }
}
