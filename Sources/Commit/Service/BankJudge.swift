import ProtocolKit
import Verification

/// Judges a bank's history: every transfer all or nothing, and no money made or lost.
public struct BankJudge: HistoryJudge {
    private let accounts: Int
    private var isOpened = false
    private var transfers = RunList<TransferRecord>()
    private var audits = RunList<AuditRecord>()
    private var final: [Int64?]
    private var others = 0

    /// A judge of a run.
    public init(options: WorkloadOptions, promise: ConsistencyModel) {
        accounts = BankSource.accounts(options)
        final = Array(repeating: nil, count: accounts)
    }

    /// Number of operations taken down.
    public var count: Int { transfers.count + audits.count + others }

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, note operation: BankOperation, completion: Completion<BankResult>, sent: UInt64,
        received: UInt64
    ) {
        switch (operation, completion) {
        case (.transfer(let id, let from, let to, let amount), _):
            let outcome = Self.outcome(completion)
            transfers.append(
                TransferRecord(
                    transaction: id, from: from, to: to, amount: amount, outcome: outcome,
                    client: UInt16(truncatingIfNeeded: user), invokedNanoseconds: sent,
                    returnedNanoseconds: outcome == .indeterminate ? .max : received))
        case (.audit, .answered(.values(let sums))):
            audits.append(
                AuditRecord(total: sums.reduce(0, &+), invokedNanoseconds: sent, returnedNanoseconds: received))
        case (.balances(let first, _), .answered(.values(let values))):
            others += 1
            for (offset, value) in values.enumerated() where Int(first) + offset < accounts {
                final[Int(first) + offset] = value
            }
        case (.open, .answered(.committed)):
            others += 1
            isOpened = true
        default: others += 1
        }
    }

    private static func outcome(_ completion: Completion<BankResult>) -> TransferRecord.Outcome {
        switch completion {
        case .answered(.committed): .committed
        case .answered(.aborted), .failed: .aborted
        case .answered(.values), .indeterminate: .indeterminate
        }
    }

    /// Takes over what another judge of the same run has taken down.
    public mutating func merge(_ other: BankJudge) {
        isOpened = isOpened || other.isOpened
        transfers += other.transfers
        audits += other.audits
        others += other.others
        for (account, balance) in other.final.enumerated() where balance != nil { final[account] = balance }
    }

    /// `atomic` and `money-conserved`.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let balances = final.compactMap { $0 }
        var atomic = BankHistory(
            initialBalances: Array(repeating: BankSource.openingBalance, count: accounts),
            finalBalances: balances.count == accounts ? balances : nil, transfers: transfers.all)
        let committed = transfers.lazy.filter { $0.outcome == .committed }.count
        let indeterminate = transfers.lazy.filter { $0.outcome == .indeterminate }.count
        let unopened = Verdict.unknown(reason: "the accounts were not opened in this run")
        let start = ContinuousClock.now
        let budget = Duration.nanoseconds(Int64(clamping: budgetNanoseconds))
        let atomicVerdict = isOpened ? AtomicityChecker.check(atomic, deadline: start + budget / 2) : unopened
        atomic.finalBalances = nil
        atomic.audits = audits.all
        let conserved = isOpened ? AtomicityChecker.check(atomic, deadline: start + budget) : unopened
        return [
            JudgedProperty(
                property: "atomic", verdict: atomicVerdict,
                basis: "\(transfers.count) transfers on \(accounts) accounts, \(committed) committed, "
                    + "\(indeterminate) without an answer; \(balances.count) final balances"),
            JudgedProperty(
                property: "money-conserved", verdict: conserved, basis: "\(audits.count) audits of \(accounts) accounts"
            ),
        ]
    }
}
