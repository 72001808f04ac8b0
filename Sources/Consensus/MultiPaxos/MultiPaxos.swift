import ByteCoding
import ProtocolKit
import Workload

/// What a node is beside acceptor and replica, which it always is.
public enum MultiPaxosRole: UInt8, Sendable {
    /// Accepts what a leader proposes, or waits for one.
    case follower
    /// Runs phase 1 of a ballot.
    case candidate
    /// Has a ballot and runs phase 2.
    case leader
}

/// Multi-Paxos (Lamport, "Paxos Made Simple", 2001, section 3; van Renesse & Altinbuken, "Paxos Made Moderately Complex",
/// 2015), its roles collapsed into one node: replica, acceptor and, in turn, leader with its scout and commanders.
///
/// Phase 1 is run once for the whole log, when a leader is to take over: it fails to be heard from for a randomised time,
/// another node picks a higher ballot, asks the others for promises and, when enough have promised, promises itself. It
/// proposes again what phase 1 has found, fills gaps with no-ops, and from then on runs phase 2 alone, for ranges of
/// slots, many under way at once.
///
/// A write costs 4 message delays (request, 2a, 2b, reply), 2(N−1) messages and 1 sync delay: all acceptors, the leader's
/// own among them, write at the same time. The others learn what is decided from the next Accept, values or heartbeat, so
/// that telling them costs nothing.
public struct MultiPaxos<Machine: StateMachine>: ProtocolNode, Sendable {
    /// Between nodes.
    public typealias Message = MultiPaxosMessage
    /// From clients.
    public typealias Request = Machine.Request
    /// To clients.
    public typealias Response = Machine.Response

    /// Who this is.
    public let id: NodeID
    @usableFromInline let options: MultiPaxosOptions
    @usableFromInline let quorums: QuorumSizes
    /// Acceptances by which a value is chosen, by the protocol's rules: what is planted doesn't change it.
    let choosingQuorum: Int
    @usableFromInline var random = SeededGenerator(seed: 0)
    /// It stopped: it ignores everything from then on.
    @usableFromInline var isHalted = false

    // Acceptor.
    /// The highest ballot it has promised: it accepts in no lower one.
    @usableFromInline var promised = Ballot.zero
    /// The ticket of that promise: what is said on its strength waits for it.
    @usableFromInline var promiseTicket = Ticket.none
    /// What it has accepted.
    @usableFromInline var slots = AcceptedSlots()
    @usableFromInline var journal = AcceptanceJournal()
    /// It has lost its disk and with it its promises, so that it only learns.
    @usableFromInline var isLearner = false
    /// The ballot that `through` is about.
    @usableFromInline var throughBallot = Ballot.zero
    /// Every slot through this one is accepted in `throughBallot` or known to be decided.
    @usableFromInline var through = LogIndex.zero
    /// What the turn's Accepts have brought: one answer covers them all.
    @usableFromInline var owesAccepted = false
    @usableFromInline var roundToAcknowledge = UInt64(0)
    @usableFromInline var acknowledgedRound = UInt64(0)
    @usableFromInline var strays: ContiguousArray<ClosedRange<LogIndex>> = []

    // Replica.
    /// Every slot through this one is decided.
    @usableFromInline var decided = LogIndex.zero
    /// The last slot applied to the state machine.
    @usableFromInline var applied = LogIndex.zero
    @usableFromInline var machine = Machine()
    @usableFromInline var awaited = AwaitedCommands()
    @usableFromInline var snapshots: ReplicaSnapshots<Machine>
    /// Slots through here are to be dropped from memory, some each turn.
    @usableFromInline var discardTarget = LogIndex.zero

    // Elections.
    @usableFromInline var role = MultiPaxosRole.follower
    @usableFromInline var leader: NodeID?
    /// The ballot it leads, or tries to.
    @usableFromInline var ballot = Ballot.zero
    /// The highest ballot it has heard of.
    @usableFromInline var highest = Ballot.zero
    /// When it last heard from a leader, nil if never, and from whom.
    @usableFromInline var heardAt: UInt64?
    @usableFromInline var heardFrom: NodeID?
    /// When the election timeout began to run.
    @usableFromInline var quietSince = UInt64(0)
    @usableFromInline var electionTimeout = UInt64(0)
    @usableFromInline var scout: Scout

    // Leader.
    /// The other nodes, in the order of their numbers.
    @usableFromInline var peers: ContiguousArray<AcceptorProgress>
    @usableFromInline var tally = Tally()
    /// How far its own acceptances are durable.
    @usableFromInline var durable = DurableIndex()
    @usableFromInline var undecidedBytes = 0
    /// The last slot of what phase 1 had found: reads outside the log wait until it is decided.
    @usableFromInline var inherited = LogIndex.zero
    /// Nothing is proposed beyond this slot.
    @usableFromInline var proposalLimit = LogIndex(.max)
    @usableFromInline var reads = ReadQueue()
    @usableFromInline var lastTickAt = UInt64(0)
    @usableFromInline var hasCommandsSinceTick = false

    /// A node as it is before its start.
    ///
    /// - Parameter members: all nodes, this one included.
    public init(id: NodeID, members: [NodeID], options: MultiPaxosOptions = MultiPaxosOptions()) {
        precondition(members.contains(id), "node \(id) is not among the members")
        precondition(members.count <= 16, "acceptances are counted in 16 bits")
        let sizes: QuorumSizes
        do throws(OptionError) {
            sizes = try QuorumSizes(
                phase1: options.phase1Quorum, phase2: options.phase2Quorum, acceptors: members.count)
        } catch {
            preconditionFailure("the quorums are to be checked against the number of nodes: \(error)")
        }
        self.id = id
        self.options = options
        choosingQuorum = sizes.phase2
        quorums = sizes.mutated(by: options.mutation)
        peers = ContiguousArray(
            members.filter { $0 != id }.sorted().map { AcceptorProgress(id: $0, window: options.window) })
        snapshots = ReplicaSnapshots(
            dueBytes: options.snapshotBytes, chunkBytes: options.snapshotChunkBytes,
            patience: options.electionTimeout / 2, writeTimer: MultiPaxosTimer.snapshot,
            fetchTimer: MultiPaxosTimer.fetch)
        scout = Scout(ballot: .zero, decided: .zero, peers: members.count - 1)
    }

    /// Handles one input.
    @inlinable
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .request(let request, let token): accept(request, token, at: now, effects: &effects)
        case .message(.accept(let message), let from): handle(message, from: from, at: now, effects: &effects)
        case .message(.accepted(let message), let from): handle(message, from: from, at: now, effects: &effects)
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
        case .message(let message, let from): handleSeldom(message, from: from, at: now, effects: &effects)
        case .timer(MultiPaxosTimer.election): electionTimerFired(at: now, effects: &effects)
        case .timer(MultiPaxosTimer.heartbeat): heartbeat(at: now, effects: &effects)
        case .timer(MultiPaxosTimer.fetch): snapshots.retryFetch(at: now, effects: &effects)
        case .timer(MultiPaxosTimer.snapshot): snapshots.continueWriting(at: now, effects: &effects)
        case .snapshotRead(let part): snapshots.send(part, effects: &effects)
        case .linkUp(let peer):
            if role == .leader, let position = position(of: peer) {
                beginRound(at: now, effects: &effects)
                peers[position].inFlight.removeAll()
            }
        default: break
        }
    }

    private mutating func handleSeldom(
        _ message: Message, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard let position = position(of: from) else { return }
        switch message {
        case .accept, .accepted: break
        case .prepare(let message): handle(message, from: from, at: now, effects: &effects)
        case .promise(let message): handle(message, from: position, at: now, effects: &effects)
        case .confirmed(let message): handle(message, from: position, at: now, effects: &effects)
        case .preempted(let message): handle(message, at: now, effects: &effects)
        case .snapshotOffer(let message): handle(message, from: from, at: now, effects: &effects)
        case .snapshotRequest(let message): snapshots.serve(message, to: from, at: now, effects: &effects)
        case .snapshotPart(let part):
            snapshots.take(part, from: from, decided: decided, at: now, effects: &effects)
        }
    }

    /// Sends what the turn has collected.
    @inlinable
    mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        if role == .leader {
            if durable.note(slots.last, after: journal.ticket) { countOwn(effects: &effects) }
            propose(at: now, effects: &effects)
        } else if owesAccepted {
            acknowledge(effects: &effects)
        }
        if snapshots.isDue { beginSnapshot(at: now, effects: &effects) }
        if snapshots.writer.isWriting { snapshots.continueWriting(at: now, effects: &effects) }
        if discardTarget > slots.base {
            slots.discard(through: min(discardTarget, LogIndex(slots.base.rawValue + 1_024)))
        }
    }

    @inlinable
    mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        if durable.persisted(through: ticket), role == .leader { countOwn(effects: &effects) }
        if role == .candidate, scout.isOwnPromiseAsked, promiseTicket <= ticket { lead(at: now, effects: &effects) }
        if snapshots.isPending { snapshotPersisted(through: ticket, at: now, effects: &effects) }
    }

    /// The place of a node in `peers`; nil for a stranger.
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

extension QuorumSizes {
    /// The sizes with a planted fault in them.
    fileprivate func mutated(by mutation: MultiPaxosMutation?) -> QuorumSizes {
        switch mutation {
        case .smallPhase1Quorum: QuorumSizes(unchecked: phase1 - 1, phase2)
        case .acknowledgeBeforeQuorum: QuorumSizes(unchecked: phase1, 1)
        default: self
        }
    }
}

/// The timers of a node.
enum MultiPaxosTimer {
    /// No word from a leader for too long.
    static let election = TimerID(1)
    /// The leader shows that it lives.
    static let heartbeat = TimerID(2)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(3)
    /// The peer that a snapshot is fetched from may have to be asked again.
    static let fetch = TimerID(4)
}
