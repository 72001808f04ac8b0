import ByteCoding
import ProtocolKit
import Workload

/// What a server is at the moment (section 5.1 of the paper; pre-candidate: section 9.6 of the thesis).
public enum RaftRole: UInt8, Sendable {
    /// Follows a leader, or waits for one.
    case follower
    /// Asks whether it could win an election.
    case preCandidate
    /// Asks for votes.
    case candidate
    /// Leads its term.
    case leader
}

/// Raft (Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014; Ongaro's thesis
/// "Consensus: Bridging Theory and Practice", 2014): a server of figure 2, with the thesis's pre-vote (9.6),
/// check-quorum (6.2), read-index and lease reads (6.4), snapshots (5), batching, pipelining and the leader's write in
/// parallel with the followers' (10.2), membership change by joint consensus (section 6 of the paper) with learners
/// (thesis, 4.2.1), and leadership transfer (3.10).
///
/// A write costs 4 message delays (request, AppendEntries, response, reply), 2(N−1) messages and 1 sync delay: leader
/// and followers sync at the same time. Followers learn the commit index from the next AppendEntries, entries or
/// heartbeat, so that telling them costs nothing.
public struct Raft<Machine: StateMachine>: ProtocolNode, Sendable {
    /// Between servers.
    public typealias Message = RaftMessage
    /// From clients.
    public typealias Request = RaftRequest<Machine.Request>
    /// To clients.
    public typealias Response = Machine.Response

    // Figure 2: persistent state.
    /// Who this is.
    public let id: NodeID
    /// The latest term it has seen.
    @usableFromInline var currentTerm = Term.zero
    /// Whom it voted for in that term.
    @usableFromInline var votedFor: NodeID?
    /// The log in memory.
    @usableFromInline var log = RaftLog()

    // Figure 2: volatile state.
    /// What it is at the moment.
    @usableFromInline var role = RaftRole.follower
    /// The leader of the current term, once known.
    @usableFromInline var leader: NodeID?
    /// The last index known to be committed.
    @usableFromInline var commitIndex = LogIndex.zero
    /// The last index applied to the state machine.
    @usableFromInline var lastApplied = LogIndex.zero
    /// The replicated state machine.
    @usableFromInline var machine = Machine()

    @usableFromInline let options: RaftOptions
    @usableFromInline var random = SeededGenerator(seed: 0)
    /// Why the node stopped: it ignores everything from then on.
    @usableFromInline var isHalted = false

    // Membership.
    /// Which disk this node has.
    @usableFromInline var birth = Birth.first
    @usableFromInline var configurations: ConfigurationHistory
    /// How many make a majority of the configuration in force (of C_new), and of C_old while two overlap, else 0.
    @usableFromInline var incomingQuorum = Int.max
    @usableFromInline var outgoingQuorum = 0
    /// Where this server counts.
    @usableFromInline var ownVoice: Voice = []
    /// Whether this server alone is a quorum.
    @usableFromInline var isOwnQuorum = false
    /// Whether the configuration in force is known to be committed and doesn't overlap with another.
    @usableFromInline var isSettled = true
    /// This server leads a configuration that it is not in, and the configuration is committed.
    @usableFromInline var mustLeave = false
    /// Where the last random change was asked for, in tests.
    @usableFromInline var churnedAt = LogIndex.zero
    /// Who waits for a change of the membership.
    @usableFromInline var changeToken: RequestToken?

    // Elections.
    /// When this server last heard from a current leader, for vote stickiness; nil if never.
    @usableFromInline var heardAt: UInt64?
    /// When the election timeout began to run.
    @usableFromInline var quietSince = UInt64(0)
    @usableFromInline var electionTimeout = UInt64(0)
    /// The votes received in this candidacy, a bit for each position in `peers`.
    @usableFromInline var votes = UInt64(0)
    /// Whether the own vote is durable, before which it doesn't count.
    @usableFromInline var hasDurableVote = false
    /// The leader has asked this server to take over: its candidacy overrides vote stickiness.
    @usableFromInline var isTakingOver = false

    // Persistence.
    /// The ticket of the last hard state written: what is said in a term waits until the term is durable.
    @usableFromInline var hardStateTicket = Ticket.none
    @usableFromInline var durable = DurableIndex()
    @usableFromInline var snapshots = SnapshotWriter<Machine>()
    @usableFromInline var incoming: IncomingSnapshot<Machine>?
    /// Payload bytes applied since the last snapshot.
    @usableFromInline var bytesSinceSnapshot = 0
    /// Entries through here are to be dropped from memory, some each turn.
    @usableFromInline var discardTarget = LogIndex.zero

    // Following.
    /// What the turn's AppendEntries have established: one acknowledgement covers them all.
    @usableFromInline var owesAcknowledgement = false
    @usableFromInline var matchToAcknowledge = LogIndex.zero
    @usableFromInline var roundToAcknowledge = UInt64(0)
    @usableFromInline var acknowledgedRound = UInt64(0)

    // Leading.
    /// The other servers, in the order of their numbers.
    @usableFromInline var peers: ContiguousArray<Progress>
    @usableFromInline var pending = PendingReplies()
    @usableFromInline var uncommittedBytes = 0
    /// The first index of the own term: reads wait until it is committed.
    @usableFromInline var termStart = LogIndex.zero
    @usableFromInline var reads = ReadQueue()
    /// The leadership that is being handed over.
    @usableFromInline var handover: Handover?
    /// No leases in this term: somebody was asked to take over, and may heed that late.
    @usableFromInline var isLeaseForbidden = false
    @usableFromInline var transferCount = UInt64(0)
    @usableFromInline var lastTickAt = UInt64(0)
    @usableFromInline var hasCommandsSinceTick = false

    /// A server as it is before its start.
    ///
    /// - Parameter members: all nodes that may ever have a part, this one included; the first `options.voters` of them
    ///   are the voters to begin with.
    public init(id: NodeID, members: [NodeID], options: RaftOptions = RaftOptions()) {
        precondition(members.contains(id), "server \(id) is not among the members")
        precondition(members.count <= RaftLimits.members, "votes are counted in 64 bits")
        self.id = id
        self.options = options
        let voters = members.sorted().prefix(options.voters ?? members.count)
        configurations = ConfigurationHistory(RaftConfiguration(voters: voters.map { Voter($0) }))
        peers = ContiguousArray(
            members.filter { $0 != id }.sorted().map { Progress(id: $0, window: options.window) })
        configurationChanged()
    }

    /// Handles one input.
    @inlinable
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .request(.content(let request), let token): accept(request, token, at: now, effects: &effects)
        case .message(.appendEntries(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .message(.appendResponse(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .turnEnded: endTurn(at: now, effects: &effects)
        case .persisted(let ticket): persisted(through: ticket, at: now, effects: &effects)
        default: stepSeldom(input, at: now, effects: &effects)
        }
    }

    /// The inputs that aren't worth specialising for.
    @usableFromInline
    mutating func stepSeldom(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        switch input {
        case .start(let recovery): start(recovery, at: now, effects: &effects)
        case .request(.administration(let request), let token):
            administer(request, token, at: now, effects: &effects)
        case .message(.requestVote(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .message(.voteResponse(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .message(.installSnapshot(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .message(.snapshotResponse(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .message(.timeoutNow(let message), let from):
            handle(message, from: from, at: now, effects: &effects)
        case .timer(RaftTimer.election): electionTimerFired(at: now, effects: &effects)
        case .timer(RaftTimer.heartbeat): heartbeat(at: now, effects: &effects)
        case .timer(RaftTimer.snapshot):
            snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
            keepWritingSnapshot(at: now, effects: &effects)
        case .timer(RaftTimer.handover): handoverTimerFired(effects: &effects)
        case .timer(RaftTimer.churn): churn(at: now, effects: &effects)
        case .snapshotRead(let part): send(part, at: now, effects: &effects)
        case .linkDown(let peer):
            if role == .leader, let position = position(of: peer), peers[position].mode == .replicate {
                peers[position].probe()
                peers[position].isProbing = true
            }
        case .linkUp(let peer):
            if role == .leader, let position = position(of: peer) { peers[position].isProbing = false }
        default: break
        }
    }

    /// Sends what the turn has collected.
    @inlinable
    mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        if durable.note(log.lastIndex, after: effects.lastTicket), role == .leader {
            advanceCommitIndex(effects: &effects)
        }
        if role == .leader {
            replicate(at: now, effects: &effects)
            if mustLeave { leave(at: now, effects: &effects) }
            if handover != nil { askToTakeOver(effects: &effects) }
        } else if owesAcknowledgement {
            acknowledge(effects: &effects)
        }
        if bytesSinceSnapshot >= snapshotThreshold { beginSnapshot(effects: &effects) }
        if snapshots.isWriting { continueSnapshot(at: now, effects: &effects) }
        if discardTarget > log.baseIndex {
            log.discard(through: min(discardTarget, LogIndex(log.baseIndex.rawValue + 1_024)))
        }
    }

    @inlinable
    mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        if durable.persisted(through: ticket), role == .leader { advanceCommitIndex(effects: &effects) }
        if role == .candidate, !hasDurableVote, hardStateTicket <= ticket {
            ownVotePersisted(at: now, effects: &effects)
        }
        if snapshots.ticket != .none || incoming != nil {
            snapshotPersisted(through: ticket, effects: &effects)
        }
    }

    /// The place of a server in `peers`; nil for a stranger.
    @inlinable
    func position(of peer: NodeID) -> Int? {
        for position in peers.indices where peers[position].id == peer { return position }
        return nil
    }

    /// Stops for a reason that people read.
    @usableFromInline
    mutating func halt(_ reason: String, effects: inout Effects<Self>) {
        isHalted = true
        effects.halt(reason)
    }
}

/// The timers of a server.
enum RaftTimer {
    /// No word from a leader for too long.
    static let election = TimerID(1)
    /// The leader shows that it lives.
    static let heartbeat = TimerID(2)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(3)
    /// Whoever was asked to take over has had time enough.
    static let handover = TimerID(4)
    /// The next random change of the membership, in tests.
    static let churn = TimerID(5)
}
