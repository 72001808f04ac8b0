import ProtocolKit

/// What a read promises.
public enum ZabReads: String, Sendable, CaseIterable {
    /// The node that is asked answers from its own state: sequentially consistent.
    case local
    /// A quorum first confirms the leader, and the node catches up with what was committed by then: linearizable.
    /// ZooKeeper's `sync` asks no quorum.
    case sync
}

/// Which nodes serve clients; the others name one that does.
public enum ZabServing: String, Sendable, CaseIterable {
    /// Every node that is up to date.
    case any
    /// The leader only.
    case leader
    /// Followers only, which leaves the leader its broadcasts (ZooKeeper's `leaderServes=no`).
    case followers
}

/// Rules that can be left out, for tests of the checkers.
public enum ZabMutation: String, Sendable, CaseIterable {
    /// NEWLEADER is acknowledged before the history is durable.
    case acknowledgeNewLeaderEarly = "ack-newleader-early"
    /// The epoch that was accepted counts as the epoch of the history.
    case mergeEpochs = "merge-epochs"
    /// The accepted epoch isn't written to the hard state.
    case forgetAcceptedEpoch = "forget-accepted-epoch"
    /// A follower acknowledges proposals before they are durable.
    case skipSync = "skip-sync-before-ack"
    /// The leader commits what it holds itself.
    case commitWithoutQuorum = "commit-without-quorum"
    /// The highest number wins the election, whatever its history.
    case electByID = "elect-by-id-only"
    /// A follower keeps transactions that its leader's history doesn't have.
    case noTruncate = "no-truncate-on-sync"
    /// A read is answered before the writes that its connection sent before it.
    case readOvertakesWrite = "read-overtakes-write"
    /// A node serves a client that has seen a later state.
    case serveClientAhead = "serve-client-ahead"
    /// The leader broadcasts before a quorum has its history.
    case broadcastEarly = "broadcast-before-sync"
    /// A read with `sync` is answered without asking a quorum.
    case syncWithoutQuorum = "sync-without-quorum"

    /// The rule that is broken.
    var breaks: String {
        switch self {
        case .acknowledgeNewLeaderEarly:
            "a follower acknowledges NEWLEADER once the history is durable (Medeiros 2012, section 3.2, phase 2)"
        case .mergeEpochs: "f.p and f.a are apart: an accepted epoch says nothing of the history (phases 1 and 2)"
        case .forgetAcceptedEpoch: "f.p is durable before ACK-E (phase 1)"
        case .skipSync: "a proposal is durable before it is acknowledged (phase 3)"
        case .commitWithoutQuorum: "a transaction is committed once a quorum has acknowledged it (phase 3)"
        case .electByID: "the new leader's history is the latest of a quorum (phase 1)"
        case .noTruncate: "a follower's history becomes its leader's (phase 2: TRUNC)"
        case .readOvertakesWrite: "a client's operations are done in the order in which it sent them"
        case .serveClientAhead: "a server refuses a client whose last zxid is ahead of it"
        case .broadcastEarly: "a quorum acknowledges NEWLEADER before the leader broadcasts (phase 2)"
        case .syncWithoutQuorum: "a quorum confirms the leader before a read with sync is answered"
        }
    }
}

/// What a Zab node is set to.
public struct ZabOptions: Sendable {
    /// The most proposals in one message.
    public var batchEntries = 1_024
    /// About the most payload bytes in one message; a larger proposal goes alone.
    public var batchBytes = 1 << 20
    /// The most messages with proposals under way to a follower.
    public var window = 16
    /// What reads promise.
    public var reads = ZabReads.local
    /// Which nodes serve clients.
    public var serving = ZabServing.any
    /// Bytes of applied transactions after which a snapshot is taken.
    public var snapshotBytes = 8 << 20
    /// Bytes of a piece in which snapshots are written and sent.
    public var snapshotChunkBytes = 64 << 10
    /// How long a follower waits for word from its leader, and a leader for word from a quorum, in nanoseconds.
    public var electionTimeout = UInt64.milliseconds(300)
    /// The most transactions that a leader holds uncommitted before it refuses requests, and the most writes that a
    /// follower has forwarded without an answer.
    public var maximumUncommittedEntries = 1 << 16
    /// The most payload bytes of them.
    public var maximumUncommittedBytes = 64 << 20
    /// The most reads that wait.
    public var maximumWaitingReads = 1 << 16
    /// A rule left out on purpose.
    public var mutation: ZabMutation?

    /// The defaults.
    public init() {}

    /// Nanoseconds between heartbeats, and between attempts at whatever wasn't answered.
    @inlinable
    public var heartbeatInterval: UInt64 { electionTimeout / 6 }
}
