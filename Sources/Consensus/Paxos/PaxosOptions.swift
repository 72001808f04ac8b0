import ProtocolKit

/// Rules that can be left out, for tests of the checkers.
public enum PaxosMutation: String, Sendable, CaseIterable {
    /// An acceptor accepts in any ballot.
    case acceptBelowPromise = "accept-below-promise"
    /// Promises aren't written to the journal.
    case forgetPromise = "forget-promise"
    /// An acceptor says that it accepted before that is durable.
    case skipSync = "skip-sync-before-accepted"
    /// A proposer proposes its own value whatever phase 1 has found.
    case proposeOwnValue = "propose-own-value"
    /// Ballots carry no incarnation.
    case reuseBallot = "reuse-ballot"
    /// A phase-1 quorum is one acceptor short of meeting every phase-2 quorum.
    case smallPhase1Quorum = "small-phase1-quorum"
    /// An acceptance is counted whatever ballot it is of.
    case countOtherBallot = "count-other-ballot"
    /// A proposer counts one acceptance as a quorum.
    case acknowledgeBeforeQuorum = "ack-before-quorum"
    /// A preempted proposer proposes its decree again under another name.
    case renameDecree = "rename-decree"
    /// A learner takes what it has accepted for what was chosen.
    case learnLowerBallot = "learn-lower-ballot"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .acceptBelowPromise: "an acceptor accepts only in the highest ballot it has promised (P1a, section 2.2)"
        case .forgetPromise: "a promise is durable before it is given (section 2.5)"
        case .skipSync: "an acceptance is durable before it is told (section 2.5)"
        case .proposeOwnValue: "a proposer takes the value of the highest ballot found in phase 1 (P2c, section 2.2)"
        case .reuseBallot: "a proposer never uses a ballot twice, across restarts (section 2.5)"
        case .smallPhase1Quorum: "every phase-1 quorum meets every phase-2 quorum (Howard et al. 2016, section 3)"
        case .countOtherBallot: "a value is chosen when a quorum has accepted it in one ballot (section 2.2)"
        case .acknowledgeBeforeQuorum: "a value is chosen once a quorum has accepted it (section 2.2)"
        case .renameDecree: "a decree keeps its name until another is decided in its slot"
        case .learnLowerBallot: "what was accepted in a lower ballot than the choosing one may not be what was chosen"
        }
    }
}

/// What a Paxos node is set to.
public struct PaxosOptions: Sendable {
    /// The most commands in one decree.
    public var batchCommands = 64
    /// About the most payload bytes in one decree; a larger command goes alone.
    public var batchBytes = 1 << 20
    /// The mean of the first pause after a preemption, in nanoseconds; it doubles with each further one, up
    /// to a second.
    public var backOff = UInt64.microseconds(1_000)
    /// After how many nanoseconds without an answer a message is sent again, and how often a node says what is decided.
    public var resendInterval = UInt64.milliseconds(50)
    /// Acceptors in a phase-1 quorum; zero for what follows from the other, or a majority.
    public var phase1Quorum = 0
    /// Acceptors in a phase-2 quorum; zero for what follows from the other, or a majority.
    public var phase2Quorum = 0
    /// Bytes of applied decrees after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written and sent.
    public var snapshotChunkBytes = 64 << 10
    /// The most requests that wait to be proposed.
    public var maximumWaiting = 1 << 16
    /// A rule left out on purpose.
    public var mutation: PaxosMutation?

    /// The defaults.
    public init() {}
}
