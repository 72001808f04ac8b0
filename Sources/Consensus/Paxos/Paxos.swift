import ByteCoding
import ProtocolKit
import Workload

/// Paxos (Lamport, "Paxos Made Simple", 2001, section 2) for a sequence of slots, each with both phases: every node is
/// proposer for its own clients, acceptor and learner, and none is special.
///
/// A node gathers its clients' commands into a decree and proposes it for the first slot that it doesn't know to be
/// decided. Where phase 1 finds a value it has that one decided and tries its own decree in the next slot. Proposers that
/// outbid each other pause for a random time that doubles (section 2.4 asks for a distinguished proposer; back-off makes
/// one for a moment). Ballots carry the proposer's durable incarnation, so that none is used twice though none is written
/// before it is used.
///
/// A write costs 6 message delays (request, 1a, 1b, 2a, 2b, reply), 4(N−1) messages and 2 sync delays: acceptors write
/// their promise and then what they accept. Others learn the decision from the proposer's next 1a.
public struct Paxos<Machine: StateMachine>: ProtocolNode, Sendable {
    /// Between nodes.
    public typealias Message = PaxosMessage
    /// From clients.
    public typealias Request = Machine.Request
    /// To clients.
    public typealias Response = Machine.Response

    /// Who this is.
    public let id: NodeID
    let options: PaxosOptions
    let quorums: QuorumSizes
    /// Acceptances by which a value is chosen, by the protocol's rules: what is planted doesn't change it.
    let choosingQuorum: Int
    /// The other nodes, in the order of their numbers.
    let peers: [NodeID]
    var random = SeededGenerator(seed: 0)
    var incarnation = UInt64(0)
    /// It stopped: it ignores everything from then on.
    var isHalted = false

    // Acceptor.
    /// What it has promised for the slots after `decided`.
    var promises = Fifo<Ballot>()
    /// The ticket of the last promise.
    var promiseTicket = Ticket.none
    /// What it has accepted, and for decided slots the decision.
    var slots = AcceptedSlots()
    var journal = AcceptanceJournal()
    var persistedThrough = Ticket.none
    /// It has lost its disk and with it its promises, so that it promises and accepts nothing.
    var isLearner = false

    // Learner.
    /// Every slot through this one is decided.
    var decided = LogIndex.zero
    /// A ballot in which that slot's value is chosen.
    var decidedBallot = Ballot.zero
    /// The last slot applied, and the commands applied so far.
    var applied = LogIndex.zero
    var commandsApplied = UInt64(0)
    var machine = Machine()
    var snapshots: ReplicaSnapshots<Machine>
    /// Slots through here are to be dropped from memory.
    var discardTarget = LogIndex.zero
    /// When decisions were last asked for.
    var askedAt: UInt64?

    // Proposer.
    var waiting = Fifo<Waiting>()
    var decree: OwnDecree?
    var decreesNamed = UInt64(0)
    var proposal: PaxosProposal?
    /// The highest round heard of for the slot that comes next.
    var roundToOutbid = UInt64(0)
    /// Preemptions since the last decree of its own.
    var preemptions = 0
    /// It proposes nothing until then.
    var pausedUntil: UInt64?
    /// When it last promised or accepted for another proposer, and whether it has made room for it.
    var foreignAt: UInt64?
    var hasDeferred = false
    /// The other proposers seen since the last decision, a bit each.
    var contenders = UInt16(0)

    struct Waiting: Sendable {
        let token: RequestToken
        let payload: Bytes
    }

    /// A node as it is before its start.
    ///
    /// - Parameter members: all nodes, this one included.
    public init(id: NodeID, members: [NodeID], options: PaxosOptions = PaxosOptions()) {
        precondition(members.contains(id), "node \(id) is not among the members")
        precondition(members.count <= 16, "answers are counted in 16 bits")
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
        quorums =
            switch options.mutation {
            case .smallPhase1Quorum: QuorumSizes(unchecked: sizes.phase1 - 1, sizes.phase2)
            case .acknowledgeBeforeQuorum: QuorumSizes(unchecked: sizes.phase1, 1)
            default: sizes
            }
        peers = members.filter { $0 != id }.sorted()
        snapshots = ReplicaSnapshots(
            dueBytes: options.snapshotBytes, chunkBytes: options.snapshotChunkBytes,
            patience: 2 * options.resendInterval, writeTimer: PaxosTimer.snapshot, fetchTimer: PaxosTimer.fetch)
    }

    /// Handles one input.
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .start(let recovery): start(recovery, at: now, effects: &effects)
        case .request(let request, let token): accept(request, token, effects: &effects)
        case .message(let message, let from): handle(message, from: from, at: now, effects: &effects)
        case .timer(PaxosTimer.tick): tick(at: now, effects: &effects)
        case .timer(PaxosTimer.fetch): snapshots.retryFetch(at: now, effects: &effects)
        case .timer(PaxosTimer.snapshot): snapshots.continueWriting(at: now, effects: &effects)
        case .timer(PaxosTimer.pause): pausedUntil = nil
        case .persisted(let ticket): persisted(through: ticket, at: now, effects: &effects)
        case .snapshotRead(let part): snapshots.send(part, effects: &effects)
        case .turnEnded: endTurn(at: now, effects: &effects)
        case .linkUp(let peer): effects.send(.learn(Message.Learn(first: decided.next)), to: peer)
        case .linkDown, .clientGone, .timer: break
        }
    }

    private mutating func handle(_ message: Message, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = peers.firstIndex(of: from) else { return }
        switch message {
        case .prepare(let message): handle(message, from: position, at: now, effects: &effects)
        case .promise(let message): handle(message, from: position, at: now, effects: &effects)
        case .accept(let message): handle(message, from: position, at: now, effects: &effects)
        case .accepted(let message): handle(message, from: position, at: now, effects: &effects)
        case .preempted(let message): handle(message, at: now, effects: &effects)
        case .notice(let notice): handle(notice, from: from, at: now, effects: &effects)
        case .learn(let message): sendDecisions(from: message.first, to: from, effects: &effects)
        case .decisions(let message): handle(message, from: from, at: now, effects: &effects)
        case .snapshotRequest(let message): snapshots.serve(message, to: from, at: now, effects: &effects)
        case .snapshotPart(let part):
            snapshots.take(part, from: from, decided: decided, at: now, effects: &effects)
        }
    }

    private mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        proposeNext(at: now, effects: &effects)
        if snapshots.isDue {
            let mark = SnapshotMark(index: applied, tag: commandsApplied)
            snapshots.begin(machine, at: mark, now: now, effects: &effects)
        }
        if snapshots.writer.isWriting { snapshots.continueWriting(at: now, effects: &effects) }
        if discardTarget > slots.base {
            slots.discard(through: min(discardTarget, LogIndex(slots.base.rawValue + 1_024)))
        }
    }

    private mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        persistedThrough = max(persistedThrough, ticket)
        countOwn(at: now, effects: &effects)
        guard snapshots.isPending else { return }
        switch snapshots.persisted(through: ticket) {
        case .none: break
        case .taken(let mark):
            effects.count(.snapshotTaken)
            journal.discard(through: mark.index, effects: &effects)
            discardTarget = max(discardTarget, snapshots.keptTail(slots, through: mark.index))
        case .fetched(let mark, let machine): install(machine, mark, effects: &effects)
        }
    }

    /// What this node knows to be decided.
    var notice: Message.Notice { Message.Notice(decided: decided, ballot: decidedBallot) }
}

/// The timers of a node.
enum PaxosTimer {
    /// Something may have to be sent again, and decisions be made known.
    static let tick = TimerID(1)
    /// A pause after a preemption is over.
    static let pause = TimerID(2)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(3)
    /// The peer that a snapshot is fetched from may have to be asked again.
    static let fetch = TimerID(4)
}
