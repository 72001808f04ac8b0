import ProtocolKit

extension PrimaryBackup {
    /// Handles one input.
    @inlinable
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        switch input {
        case .request(let request, let token): accept(request, token, at: now, effects: &effects)
        case .message(.update(let message), let from): handle(message, from: from, at: now, effects: &effects)
        case .message(.updateAnswer(let message), let from): handle(message, from: from, at: now, effects: &effects)
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
        case .message(let message, let from):
            guard place(of: from) != nil, from != id else { return }
            stepSeldom(message, from: from, at: now, effects: &effects)
        case .timer(PrimaryBackupTimer.failover): failoverTimerFired(at: now, effects: &effects)
        case .timer(PrimaryBackupTimer.heartbeat): heartbeat(at: now, effects: &effects)
        case .timer(PrimaryBackupTimer.snapshot): continueSnapshot(at: now, effects: &effects)
        case .snapshotRead(let part):
            if rebuilding?.transfer == part.transfer {
                rebuild(from: part, effects: &effects)
            } else {
                send(part, at: now, effects: &effects)
            }
        case .linkDown(let peer):
            if role == .primary, let position = position(of: peer), peers[position].mode == .replicate {
                peers[position].probe()
                peers[position].isProbing = true
            }
        case .linkUp(let peer):
            if role == .primary, let position = position(of: peer) { peers[position].isProbing = false }
        default: break
        }
    }

    private mutating func stepSeldom(
        _ message: Message, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        switch message {
        case .promiseRequest(let message): handle(message, from: from, at: now, effects: &effects)
        case .promise(let message): handle(message, from: from, at: now, effects: &effects)
        case .nomination: nominated(at: now, effects: &effects)
        case .viewProposal(let view): accept(view, from: from, at: now, effects: &effects)
        case .viewAcceptance(let number): accepted(number, by: from, effects: &effects)
        case .outbid(let epoch): outbid(by: epoch, at: now, effects: &effects)
        case .snapshotPart(let message): handle(message, from: from, at: now, effects: &effects)
        case .snapshotAnswer(let message): handle(message, from: from, at: now, effects: &effects)
        case .update, .updateAnswer: break
        }
    }

    /// Sends what the turn has collected.
    @inlinable
    mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        if durable.note(log.lastIndex, after: effects.lastTicket), role == .primary { advance(effects: &effects) }
        if role == .primary {
            ship(at: now, effects: &effects)
        } else if owesAnswer {
            answer(effects: &effects)
        }
        if bytesSinceSnapshot >= options.snapshotBytes || frozen != nil { beginSnapshot(effects: &effects) }
        if snapshots.isWriting { continueSnapshot(at: now, effects: &effects) }
        if discardTarget > log.baseIndex {
            log.discard(through: min(discardTarget, LogIndex(log.baseIndex.rawValue + 1_024)))
        }
    }

    @inlinable
    mutating func persisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        if durable.persisted(through: ticket), role == .primary { advance(effects: &effects) }
        if awaitsHardState, hardStateTicket <= ticket { hardStatePersisted(at: now, effects: &effects) }
        if snapshots.ticket != .none || incoming != nil { snapshotPersisted(through: ticket, effects: &effects) }
    }

    /// The place of a node in the order of all; nil for a stranger.
    @inlinable
    func place(of node: NodeID) -> Int? {
        for place in nodes.indices where nodes[place] == node { return place }
        return nil
    }

    /// The position of another node in `peers`; nil for a stranger.
    @inlinable
    func position(of peer: NodeID) -> Int? {
        for position in peers.indices where peers[position].id == peer { return position }
        return nil
    }

    /// The place of a peer in the order of all nodes.
    @inlinable
    func place(ofPeer position: Int) -> Int { position < place ? position : position &+ 1 }

    /// How many nodes are a majority of all.
    @inlinable
    var majority: Int { nodes.count / 2 + 1 }

    /// Which node may begin an epoch.
    @inlinable
    func owner(of epoch: ViewEpoch) -> NodeID {
        nodes[Int(truncatingIfNeeded: epoch.rawValue % UInt64(nodes.count))]
    }

    /// Stops for a reason that people read.
    @usableFromInline
    mutating func halt(_ reason: String, effects: inout Effects<Self>) {
        isHalted = true
        effects.halt(reason)
    }
}

/// The timers of a node.
enum PrimaryBackupTimer {
    /// No word from a primary for too long.
    static let failover = TimerID(1)
    /// The primary shows that it lives.
    static let heartbeat = TimerID(2)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(3)
}

/// How a node stands towards the views of a primary.
@usableFromInline
struct Standing: Sendable {
    /// When it last held all that was there, or more than before.
    @usableFromInline var progressAt = UInt64(0)
    /// Whether its word counts; not known before it has answered.
    @usableFromInline var isEligible = false
    /// Whether it has lost its disk since the epoch began, or before.
    @usableFromInline var isReplacement = false
    /// Whether the primary waits for it no more, against the rules.
    @usableFromInline var isGivenUp = false
    /// The latest view of the epoch that it is known to have accepted.
    @usableFromInline var acceptedChange = UInt64(0)

    @inlinable
    init() {}
}
