import ProtocolKit

/// A bank: transfers between accounts on different participants, and audits that must always find the same sum.
public enum BankService: Service {
    /// What users ask.
    public typealias Operation = BankOperation
    /// What users get.
    public typealias Result = BankResult
    /// Makes the load.
    public typealias Source = BankSource
    /// Judges the history.
    public typealias Judge = BankJudge

    /// `bank`.
    public static let name = "bank"
    /// Transfers, reading transactions, and the opening of accounts before a run.
    public static let kinds = ["transfer", "audit", "open"]
    /// One audit in a hundred operations.
    public static let defaultMix = "transfer=99,audit=1"

    /// The position in ``kinds``.
    public static func kind(of operation: BankOperation) -> Int {
        switch operation {
        case .transfer: 0
        case .audit, .balances: 1
        case .open: 2
        }
    }
}
