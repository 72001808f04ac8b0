import ProtocolKit

/// The rules of two-phase commit that tests of the checkers leave out.
enum TwoPhaseMutation: String, CaseIterable, Sendable {
    case commitOnMissingVote = "commit-on-missing-vote"
    case forgetPrepare = "forget-prepare"
    case presumeCommitOnInquiry = "presume-commit-on-inquiry"
    case releaseBeforeDecision = "release-before-decision"
    case replyBeforeForce = "reply-before-force"

    var breaks: String {
        switch self {
        case .commitOnMissingVote: "the coordinator commits when a vote is overdue"
        case .forgetPrepare: "a participant votes yes before its prepare record is durable"
        case .presumeCommitOnInquiry: "whoever asks about an unknown transaction is told that it committed"
        case .releaseBeforeDecision: "a participant lets its locks go when it votes"
        case .replyBeforeForce: "the client is told before the commit record is durable"
        }
    }
}

/// What two-phase commit is set to; times in nanoseconds.
struct TwoPhaseSettings: Sendable {
    /// Whether an older transaction waits for locks (wait-die) or a conflict is always a vote of no.
    var waits = true
    /// How often a transaction that a lock conflict aborted is tried again, and after how long.
    var retries = 20
    var retryDelay: UInt64 = .milliseconds(2)
    /// How long the coordinator waits for votes.
    var voteTimeout: UInt64 = .milliseconds(1_000)
    /// Log records between checkpoints.
    var checkpointInterval: UInt64 = 10_000
    /// How long an acknowledgement waits for a vote to travel with, and how many wait at most.
    var acknowledgementDelay: UInt64 = .milliseconds(20)
    var acknowledgementBatch = 512
    var transactionLimit = 1 << 16
    var spanLimit = 1 << 20
    var branchLimit = 1 << 17
    var mutation: TwoPhaseMutation?

    /// How long a participant is in doubt before it asks, and an outcome unacknowledged before it is sent again.
    var inquiryInterval: UInt64 { voteTimeout / 4 }
}

/// Two-phase commit with presumed abort over a sharded bank: one coordinator and the participants.
///
/// Costs without conflicts or retries, the client connected to the coordinator, for N participants *touched by the
/// transaction*. Accounts are sharded by number modulo the participants; the bank's transfers touch N = 2 of them (N = 1
/// where there is only one).
/// - `transfer`: request, PREPARE, vote, reply = 4 delays; N PREPARE + N votes + N COMMIT = 3N messages; 2 sync delays
///   (the prepare records, N disks at once, then the coordinator's commit record); N + 1 forced writes before the reply
///   (Gray & Lamport 2006, section 4). COMMIT leaves when the commit record is durable, together with the reply.
/// - Acknowledgements: the participants' commit records (N more syncs) and their acknowledgements lie behind the reply.
///   An acknowledgement travels with the participant's next vote of yes, where it costs no message; only one that finds
///   no vote within 20 ms is sent by itself, many in one message. With a message of its own each it would be 4N.
/// - `audit`: request, READ, values, PREPARE, read-only vote, reply = 6 delays and 4N messages with N = all participants,
///   and no sync: a reading participant writes nothing and has no second phase.
/// - `open`, once before a run: as a transfer, with N = all participants; not audited.
///
/// Reading in one round (4 delays, 2N) would let one participant's locks go before another's are taken, which isn't two
/// phases of locking: an audit could see one half of a transfer.
public struct TwoPhaseCommitSystem: ClusterSystem {
    /// The server side.
    public typealias Node = TwoPhaseCommit
    /// The client side.
    public typealias Client = BankClient
    /// What clients do with it.
    public typealias Offer = BankService

    let settings: TwoPhaseSettings

    /// Name, source, options, planted faults.
    public static let descriptor = SystemDescriptor(
        name: "2pc", family: .commit, summary: "two-phase commit with presumed abort over sharded accounts",
        source: "Gray 1978; Mohan, Lindsay & Obermarck, TODS 11(4), 1986",
        options: [
            OptionSpecification(
                "locking", .choice(["wait-die", "no-wait"]), default: "wait-die",
                help: "what a lock conflict does: an older transaction waits and others abort, or all abort"),
            OptionSpecification(
                "retries", .integer(0...1_000), default: "20",
                help: "how often the coordinator tries a transaction again that a lock conflict aborted"),
            OptionSpecification(
                "vote-timeout", .integer(10...60_000), default: "1000",
                help: "milliseconds the coordinator waits for votes; in-doubt participants ask after a quarter of it"),
            OptionSpecification(
                "checkpoint", .integer(10...10_000_000), default: "10000",
                help: "log records after which a node writes its state and drops the log"),
        ],
        defaultNodes: 4, nodeRange: 2...9,
        mutations: TwoPhaseMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// The system with options and, for tests, a planted fault.
    public init(options: VariantOptions, mutation: String?) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        settings = TwoPhaseSettings(
            waits: resolved.text("locking") == "wait-die", retries: resolved.integer("retries"),
            voteTimeout: .milliseconds(UInt64(resolved.integer("vote-timeout"))),
            checkpointInterval: UInt64(resolved.integer("checkpoint")),
            mutation: mutation.flatMap(TwoPhaseMutation.init))
    }

    /// The coordinator (node 0) or a participant.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> TwoPhaseCommit {
        TwoPhaseCommit(id: id, members: members.count, settings: settings)
    }

    /// A client of the coordinator.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> BankClient {
        BankClient(coordinator: NodeID(0), timeoutNanoseconds: timeoutNanoseconds)
    }

    /// 4, 3N, 2 for a transfer between two participants; 6, 4N, 0 for an audit of all.
    public func costs(nodes: Int) -> [OperationCost] {
        let all = nodes - 1
        let touched = min(2, all)
        return [
            OperationCost(
                kind: "transfer", messageDelays: 4, messages: 3 * touched, syncDelays: 2, syncs: 2 * touched + 1,
                disksBusy: touched),
            OperationCost(kind: "audit", messageDelays: 6, messages: 4 * all, syncDelays: 0, syncs: 0, disksBusy: 0),
        ]
    }

    /// What must hold after every step.
    public static var invariants: [InvariantCheck<TwoPhaseCommit>] {
        [InvariantCheck(OneOutcome()), InvariantCheck(NoOverdraft())]
    }
}
