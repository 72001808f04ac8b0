import ProtocolKit
import Workload

/// One user who transfers small amounts between accounts, and now and then audits the bank.
///
/// The two accounts' numbers differ by 1 modulo 840, the least common multiple of 2 to 8. Accounts are sharded by their
/// number modulo the participants, so with 2 to 8 participants every transfer touches exactly two.
public struct BankSource: OperationSource {
    /// What each account begins with.
    public static let openingBalance: Int64 = 1_000
    /// Largest amount of a transfer.
    public static let largestAmount: Int64 = 100
    static let stride = 840

    private let accounts: Int
    private let options: WorkloadOptions
    private var keys: KeySampler
    private var random: SeededGenerator
    private var nextID: UInt64

    /// The source of one user; a bank has at least two accounts.
    ///
    /// - Precondition: the options' keys can be drawn (the plan has checked them).
    public init(user: Int, users: Int, options: WorkloadOptions) {
        accounts = Self.accounts(options)
        do {
            keys = try KeySampler(options.keys, keyCount: accounts, clientIndex: user, clientCount: users)
        } catch {
            preconditionFailure("accounts can't be chosen: \(error)")
        }
        self.options = options
        random = SeededGenerator(seed: options.seed).split(UInt64(user))
        nextID = UInt64(user + 1) << 32
    }

    static func accounts(_ options: WorkloadOptions) -> Int {
        min(max(2, options.keyCount), Int(BankRequest.accountLimit))
    }

    /// The next transfer or audit.
    public mutating func next() -> BankOperation {
        if options.mix.shares[options.mix.next(&random)].kind == "audit" { return .audit }
        let from = keys.next(&random)
        let above = (accounts - 2 - from + Self.stride) / Self.stride
        let below = (from - 1 + Self.stride) / Self.stride
        let goesUp = above > 0 && (below <= 0 || random.chance(0.5))
        let to =
            goesUp ? from + 1 + Self.stride * random.below(above) : from - 1 - Self.stride * random.below(below)
        nextID += 1
        return .transfer(
            id: nextID, from: UInt32(from), to: UInt32(to), amount: 1 + Int64(random.below(Int(Self.largestAmount))))
    }

    /// Nothing: a transfer is one transaction.
    public mutating func followUp(
        _ operation: BankOperation, _ completion: Completion<BankResult>
    ) -> (operation: BankOperation, delayNanoseconds: UInt64)? { nil }

    /// All accounts opened by one transaction.
    public static func prologue(options: WorkloadOptions) -> [BankOperation] {
        [.open(first: 0, count: UInt32(accounts(options)), balance: openingBalance)]
    }

    /// A last audit, then every account's balance.
    public static func epilogue(options: WorkloadOptions) -> [BankOperation] {
        let count = UInt32(accounts(options))
        let ranges = Swift.stride(from: 0, to: count, by: Int(BankRequest.rangeLimit)).map { first in
            BankOperation.balances(first: first, count: min(BankRequest.rangeLimit, count - first))
        }
        return [.audit] + ranges
    }
}
