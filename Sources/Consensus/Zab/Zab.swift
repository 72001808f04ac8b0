import ByteCoding
import ProtocolKit
import Workload

/// What a process is doing (Medeiros 2012, section 3).
public enum ZabRole: UInt8, Sendable {
    /// Looks for a leader and votes.
    case looking
    /// Looks for a leader without a vote: its disk was replaced.
    case observing
    /// Follows, or would like to.
    case following
    /// Leads, or would like to.
    case leading
}

/// The phases of the protocol (section 4 of the paper; phase 0: Medeiros 2012).
public enum ZabPhase: UInt8, Sendable {
    /// Phase 0: the process with the latest history is looked for.
    case election
    /// Phase 1: a quorum accepts a new epoch.
    case discovery
    /// Phase 2: a quorum takes over the leader's history.
    case synchronisation
    /// Phase 3: transactions are broadcast.
    case broadcast
}

/// Zab (Junqueira, Reed & Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011) as ZooKeeper
/// has it (Medeiros, "ZooKeeper's atomic broadcast protocol: Theory and practice", 2012): Fast Leader Election, which
/// lets the process with the latest history lead; discovery and synchronisation with DIFF, TRUNC and SNAP; broadcast;
/// and servers that all serve clients.
///
/// A write at the leader costs 4 message delays (request, PROPOSE, ACK, reply), 3(N−1) messages and 1 sync delay, since
/// leader and followers sync at the same time; through a follower 6 delays and one message more, since it answers when
/// it has applied the write on the leader's COMMIT. Reads are local.
public struct Zab<Machine: StateMachine>: ProtocolNode, Sendable where Machine.Request: PrefixedRequest {
    /// Between processes.
    public typealias Message = ZabMessage
    /// From clients.
    public typealias Request = OrderedRequest<Machine.Request>
    /// To clients.
    public typealias Response = OrderedResponse<Machine.Response>

    // Persistent state (section 4 of the paper).
    /// Who this is.
    public let id: NodeID
    /// f.p: the last epoch that was accepted.
    @usableFromInline var acceptedEpoch = Epoch.zero
    /// Whose epoch that was.
    @usableFromInline var acceptedFrom: NodeID?
    /// f.a: the epoch of the leader whose history this process took over.
    @usableFromInline var currentEpoch = Epoch.zero
    /// h: the accepted transactions.
    @usableFromInline var history = ZabHistory()
    /// Whether the disk was replaced and the process isn't counted for quorums yet.
    @usableFromInline var isReplacement = false

    // Volatile state.
    @usableFromInline var role = ZabRole.looking
    @usableFromInline var phase = ZabPhase.election
    /// The process that is followed; itself when it leads.
    @usableFromInline var leader: NodeID?
    /// The last transaction known to be committed.
    @usableFromInline var commitIndex = LogIndex.zero
    /// The last transaction delivered to the state machine.
    @usableFromInline var lastApplied = LogIndex.zero
    /// Its identifier.
    @usableFromInline var appliedZxid = Zxid.zero
    @usableFromInline var machine = Machine()

    @usableFromInline let options: ZabOptions
    @usableFromInline let quorum: Int
    /// Why the node stopped: it ignores everything from then on.
    @usableFromInline var isHalted = false
    /// The other processes, in the order of their numbers, and what a leader knows of them.
    @usableFromInline var learners: ContiguousArray<Learner>
    @usableFromInline var election: FastElection
    @usableFromInline var introduction: Introduction

    // Persistence.
    /// The ticket of the last hard state written: what an epoch is promised with waits for it.
    @usableFromInline var hardStateTicket = Ticket.none
    @usableFromInline var persistedTicket = Ticket.none
    @usableFromInline var durable = DurableIndex()
    @usableFromInline var snapshots = SnapshotWriter<Machine>()
    @usableFromInline var incoming: ZabIncomingSnapshot<Machine>?
    /// Payload bytes applied since the last snapshot.
    @usableFromInline var bytesSinceSnapshot = 0
    /// Transactions through here are to be dropped from memory, some each turn.
    @usableFromInline var discardTarget = LogIndex.zero

    // Following.
    @usableFromInline var following = Following()
    /// When the leader was last heard, or the attempt to follow it began.
    @usableFromInline var quietSince = UInt64(0)
    /// The last attempt's number: the incarnation and a count.
    @usableFromInline var session = UInt64(0)

    // Leading.
    @usableFromInline var leading = Leading()
    /// The latest epoch that a follower said it had accepted: one that was too late to be counted is outdone next time.
    @usableFromInline var latestHeard = Epoch.zero

    // Clients.
    @usableFromInline var writes = LocalWrites()
    @usableFromInline var connections = ClientOrder()
    @usableFromInline var reads = SynchronisedReads()

    /// A process as it is before its start.
    ///
    /// - Parameter members: all processes, this one included.
    public init(id: NodeID, members: [NodeID], options: ZabOptions = ZabOptions()) {
        precondition(members.contains(id), "process \(id) is not among the members")
        self.id = id
        self.options = options
        quorum = members.count / 2 + 1
        let others = members.filter { $0 != id }.sorted()
        learners = ContiguousArray(others.map { Learner(id: $0, window: options.window) })
        election = FastElection(others: others.count)
        introduction = Introduction(others: others.count)
    }

    /// Handles one input.
    @inlinable
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .request(let request, let token): accept(request, token, at: now, effects: &effects)
        case .message(.propose(let message), let from): handle(message, from: from, at: now, effects: &effects)
        case .message(.acknowledge(let message), let from): handle(message, from: from, at: now, effects: &effects)
        case .message(.commit(let bond, let index), let from):
            guard hears(bond, from: from, at: now) else { return }
            learn(committed: index, effects: &effects)
        case .message(.forward(let message), let from): handle(message, from: from, at: now, effects: &effects)
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
        case .message(.notification(let message), let from): handle(message, from: from, at: now, effects: &effects)
        case .message(.introduce(let first), let from): introduced(first, from: from, effects: &effects)
        case .message(.introduced(let first, let epoch), let from):
            noteIntroduction(first, epoch, from: from, at: now, effects: &effects)
        case .message(let message, let from):
            switch role {
            case .leading: leaderStep(message, from: from, at: now, effects: &effects)
            case .following: followerStep(message, from: from, at: now, effects: &effects)
            case .looking, .observing: break
            }
        case .timer(ZabTimer.attempt): attemptAgain(at: now, effects: &effects)
        case .timer(ZabTimer.decision): decide(at: now, effects: &effects)
        case .timer(ZabTimer.heartbeat): heartbeat(at: now, effects: &effects)
        case .timer(ZabTimer.snapshot):
            snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
            keepWritingSnapshot(at: now, effects: &effects)
        case .snapshotRead(let part): send(part, at: now, effects: &effects)
        case .linkUp(let peer):
            if role == .leading, let position = position(of: peer), learners[position].stage == .streaming {
                learners[position].rewind()
            }
        case .linkDown(let peer): if role == .following, peer == leader { losePatience(at: now, effects: &effects) }
        case .clientGone(let connection): connections.forget(connection)
        default: break
        }
    }

    /// Sends what the turn has collected.
    @inlinable
    mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        let isMoreDurable = durable.note(history.lastIndex, after: effects.lastTicket)
        switch role {
        case .leading:
            if isMoreDurable { advance(effects: &effects) }
            broadcast(at: now, effects: &effects)
        case .following: followerTurnEnded(at: now, effects: &effects)
        case .looking, .observing: break
        }
        if bytesSinceSnapshot >= options.snapshotBytes { beginSnapshot(effects: &effects) }
        if snapshots.isWriting { continueSnapshot(at: now, effects: &effects) }
        if discardTarget > history.base.index {
            history.discard(through: min(discardTarget, LogIndex(history.base.index.rawValue + 1_024)))
        }
    }

    @inlinable
    mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        persistedTicket = max(persistedTicket, ticket)
        let isMoreDurable = durable.persisted(through: ticket)
        if role == .leading {
            if phase != .broadcast {
                leaderPersisted(at: now, effects: &effects)
            } else if isMoreDurable {
                advance(effects: &effects)
            }
        }
        if snapshots.ticket != .none || incoming != nil {
            snapshotPersisted(through: ticket, at: now, effects: &effects)
        }
    }

    /// The place of a process in `learners`; nil for a stranger.
    @inlinable
    func position(of peer: NodeID) -> Int? {
        for position in learners.indices where learners[position].id == peer { return position }
        return nil
    }

    /// Stops for a reason that people read.
    @usableFromInline
    mutating func halt(_ reason: String, effects: inout Effects<Self>) {
        isHalted = true
        effects.halt(reason)
    }
}

/// The timers of a process.
enum ZabTimer {
    /// Whatever a process that doesn't lead is waiting for hasn't come: it says again what it has to say, or gives up.
    static let attempt = TimerID(1)
    /// No better vote has come for a while.
    static let decision = TimerID(2)
    /// The leader shows that it lives.
    static let heartbeat = TimerID(3)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(4)
}
