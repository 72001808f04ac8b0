/// A transfer between two accounts, as its client saw it.
public struct TransferRecord: Sendable, Hashable {
    /// What the client was told.
    public enum Outcome: UInt8, Sendable, Hashable, CaseIterable, Codable {
        /// The money has moved.
        case committed
        /// Nothing has happened.
        case aborted
        /// No answer: it may have committed or not.
        case indeterminate
    }

    /// The transaction.
    public var transaction: UInt64
    /// The account that pays.
    public var from: UInt32
    /// The account that receives.
    public var to: UInt32
    /// How much.
    public var amount: Int64
    /// What the client was told.
    public var outcome: Outcome
    /// The client.
    public var client: UInt16
    /// When the request was sent, in nanoseconds.
    public var invokedNanoseconds: UInt64
    /// When the answer was received, in nanoseconds; `.max` when it was not.
    public var returnedNanoseconds: UInt64

    /// A transfer with every field given.
    public init(
        transaction: UInt64, from: UInt32, to: UInt32, amount: Int64, outcome: Outcome, client: UInt16,
        invokedNanoseconds: UInt64, returnedNanoseconds: UInt64
    ) {
        self.transaction = transaction
        self.from = from
        self.to = to
        self.amount = amount
        self.outcome = outcome
        self.client = client
        self.invokedNanoseconds = invokedNanoseconds
        self.returnedNanoseconds = returnedNanoseconds
    }

    /// The transfer as an event of a counter-example.
    var event: Counterexample.Event {
        Counterexample.Event(
            actor: "client \(client)", label: "t\(transaction): \(amount) from \(from) to \(to), told \(outcome)",
            startNanoseconds: invokedNanoseconds,
            endNanoseconds: returnedNanoseconds == .max || outcome == .indeterminate ? nil : returnedNanoseconds)
    }
}

/// One durable line of a participant's log.
public struct ParticipantEntry: Sendable, Hashable {
    /// What the participant did.
    public enum Step: UInt8, Sendable, Hashable, CaseIterable, Codable {
        /// Voted yes: it is prepared and can't abort by itself any more.
        case votedYes
        /// Voted no.
        case votedNo
        /// Learnt the decision to commit, and applied it.
        case committed
        /// Learnt the decision to abort, or decided so by itself.
        case aborted
    }

    /// The transaction.
    public var transaction: UInt64
    /// What was done.
    public var step: Step

    /// An entry.
    public init(transaction: UInt64, step: Step) {
        self.transaction = transaction
        self.step = step
    }
}

/// A read of all balances in one transaction.
public struct AuditRecord: Sendable, Hashable {
    /// The sum of the balances that were read.
    public var total: Int64
    /// When the read began, in nanoseconds.
    public var invokedNanoseconds: UInt64
    /// When it was answered, in nanoseconds.
    public var returnedNanoseconds: UInt64

    /// An audit that found `total`.
    public init(total: Int64, invokedNanoseconds: UInt64, returnedNanoseconds: UInt64) {
        self.total = total
        self.invokedNanoseconds = invokedNanoseconds
        self.returnedNanoseconds = returnedNanoseconds
    }

    /// The audit as an event of a counter-example.
    var event: Counterexample.Event {
        Counterexample.Event(
            actor: "audit", label: "total \(total)", startNanoseconds: invokedNanoseconds,
            endNanoseconds: returnedNanoseconds)
    }
}

/// All that is known of a run of the bank workload.
public struct BankHistory: Sendable {
    /// The balance of each account at the start; account numbers are indices.
    public var initialBalances: [Int64]
    /// The balance of each account after all is quiet, or `nil` when it was not read.
    public var finalBalances: [Int64]?
    /// All transfers that were asked for.
    public var transfers: [TransferRecord]
    /// Consistent reads of all accounts.
    public var audits: [AuditRecord]
    /// Each participant's log in its own order, complete from the start of the run; empty when logs are not known.
    public var participantLogs: [[ParticipantEntry]]
    /// For each account the participant that keeps it, an index into `participantLogs`; empty when not known.
    public var homes: [Int]
    /// Whether the logs hold votes. (Where both accounts are kept by one participant, none is needed.)
    public var logsHoldVotes: Bool

    /// A history; whatever is not known is left empty.
    public init(
        initialBalances: [Int64], finalBalances: [Int64]?, transfers: [TransferRecord], audits: [AuditRecord] = [],
        participantLogs: [[ParticipantEntry]] = [], homes: [Int] = [], logsHoldVotes: Bool = false
    ) {
        self.initialBalances = initialBalances
        self.finalBalances = finalBalances
        self.transfers = transfers
        self.audits = audits
        self.participantLogs = participantLogs
        self.homes = homes
        self.logsHoldVotes = logsHoldVotes
    }
}
