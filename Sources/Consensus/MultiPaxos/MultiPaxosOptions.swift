import ProtocolKit

/// How reads are made linearizable.
public enum MultiPaxosReads: String, Sendable, CaseIterable {
    /// Through the log, as a write.
    case log
    /// A phase-2 quorum confirms that it knows of no higher ballot, for all reads that wait: any later leader's phase-1
    /// quorum meets it. (Raft's read-index, Ongaro's thesis, section 6.4.)
    case readIndex = "read-index"
    /// The leader answers alone while a phase-2 quorum has promised to promise nobody else (the master leases of Chandra,
    /// Griesemer & Redstone 2007, section 5.2).
    case lease
}

/// Rules that can be left out, for tests of the checkers.
public enum MultiPaxosMutation: String, Sendable, CaseIterable {
    /// An acceptor accepts in any ballot.
    case acceptBelowPromise = "accept-below-promise"
    /// The promised ballot isn't written to the hard state.
    case forgetPromise = "forget-promise"
    /// An acceptor says that it accepted before that is durable.
    case skipSync = "skip-sync-before-accepted"
    /// A new leader passes over what the acceptors of its phase-1 quorum report.
    case proposeOwnValue = "propose-own-value"
    /// A restarted leader goes on in the ballot that it led before.
    case reuseBallot = "reuse-ballot"
    /// A phase-1 quorum is one acceptor short of meeting every phase-2 quorum.
    case smallPhase1Quorum = "small-phase1-quorum"
    /// An acceptance is counted whatever ballot it is of.
    case countOtherBallot = "count-other-ballot"
    /// The leader counts its own acceptance as a quorum.
    case acknowledgeBeforeQuorum = "ack-before-quorum"
    /// What phase 1 has found is taken for decided, without a phase 2.
    case adoptAsDecided = "adopt-as-decided"
    /// A new leader leaves the slots open in which phase 1 has found nothing.
    case leaveGaps = "leave-gaps"
    /// An acceptor leaves out of its promise what it knows to be decided.
    case promiseWithoutDecided = "promise-without-decided"
    /// A snapshot is said to contain what was accepted and not yet applied.
    case snapshotAhead = "snapshot-ahead"
    /// Whoever takes itself for the leader answers reads at once.
    case readWithoutQuorum = "read-without-quorum"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .acceptBelowPromise: "an acceptor accepts only in the highest ballot it has promised (P1a, section 2.2)"
        case .forgetPromise: "a promise is durable before it is given (section 2.5)"
        case .skipSync: "an acceptance is durable before it is told (section 2.5)"
        case .proposeOwnValue: "a leader proposes the value of the highest ballot found in phase 1 (P2c, section 2.2)"
        case .reuseBallot: "a proposer never uses a ballot twice, across restarts (section 2.5)"
        case .smallPhase1Quorum: "every phase-1 quorum meets every phase-2 quorum (Howard et al. 2016, section 3)"
        case .countOtherBallot: "a value is chosen when a quorum has accepted it in one ballot (section 2.2)"
        case .acknowledgeBeforeQuorum: "a value is chosen once a phase-2 quorum has accepted it (section 2.2)"
        case .adoptAsDecided: "what phase 1 finds was accepted, not chosen: phase 2 is run for it again (section 3)"
        case .leaveGaps: "a new leader fills gaps with no-ops (section 3)"
        case .promiseWithoutDecided: "a promise tells of every accepted value, decided ones too (section 2.2)"
        case .snapshotAhead: "a snapshot stands for the slots that were applied, and for no more"
        case .readWithoutQuorum: "leadership is confirmed before a read is answered outside the log"
        }
    }
}

/// What a multi-paxos node is set to.
public struct MultiPaxosOptions: Sendable {
    /// The most values in one Accept.
    public var batchValues = 1_024
    /// About the most payload bytes in one Accept; a larger value goes alone.
    public var batchBytes = 1 << 20
    /// The most Accepts with values under way to an acceptor.
    public var window = 16
    /// Whether the acceptors write in parallel with the leader.
    public var isParallel = true
    /// Acceptors in a phase-1 quorum; zero for what follows from the other, or a majority.
    public var phase1Quorum = 0
    /// Acceptors in a phase-2 quorum; zero for what follows from the other, or a majority.
    public var phase2Quorum = 0
    /// How reads are made linearizable.
    public var reads = MultiPaxosReads.log
    /// Bytes of applied values after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written and sent.
    public var snapshotChunkBytes = 64 << 10
    /// The shortest election timeout in nanoseconds; timeouts are drawn from it up to twice as much.
    public var electionTimeout = UInt64.milliseconds(300)
    /// The most values that a leader holds undecided before it refuses requests.
    public var maximumUndecidedValues = 1 << 16
    /// The most payload bytes that a leader holds undecided before it refuses requests.
    public var maximumUndecidedBytes = 64 << 20
    /// The most reads that wait for a round.
    public var maximumWaitingReads = 1 << 16
    /// A rule left out on purpose.
    public var mutation: MultiPaxosMutation?

    /// The defaults.
    public init() {}

    /// Nanoseconds between heartbeats.
    @inlinable
    public var heartbeatInterval: UInt64 { electionTimeout / 6 }

    /// How long a lease lasts: what the shortest election timeout leaves after clocks that differ by a tenth.
    @inlinable
    public var leaseDuration: UInt64 { electionTimeout - electionTimeout / 10 }
}
