import ProtocolKit

/// What a leader has to know of its own reign.
@usableFromInline
struct Leading: Sendable {
    /// The epoch that it proposes (e' in the paper); nil until a quorum has said what it had accepted.
    @usableFromInline var epoch: Epoch?
    /// The end of its initial history (I_e' in the paper), all of which is committed when the leader is established.
    @usableFromInline var initial = HistoryPoint.start
    /// The number of the last transaction broadcast in the epoch.
    @usableFromInline var counter = UInt64(0)
    @usableFromInline var uncommittedBytes = 0
    /// When it began to lead, or would like to.
    @usableFromInline var since = UInt64(0)
    @usableFromInline var lastTickAt = UInt64(0)
    @usableFromInline var hasCommandsSinceTick = false
    @usableFromInline var transferCount = UInt64(0)

    @usableFromInline
    init() {}
}

/// What a follower has to know of its attempt.
@usableFromInline
struct Following: Sendable {
    /// The bond; of epoch 0 until NEWEPOCH is accepted.
    @usableFromInline var bond = Bond(session: 0, epoch: .zero)
    /// Whether the epoch was promised to this leader.
    @usableFromInline var isPromise = false
    /// Whether the history is known to be a prefix of the leader's, and up to where.
    @usableFromInline var isInLine = false
    @usableFromInline var inLine = LogIndex.zero
    @usableFromInline var hasAcceptedNewLeader = false
    /// The history is the leader's, durably, once this ticket is.
    @usableFromInline var newLeaderTicket = Ticket.none
    /// The last commit that the leader told of; nil before it is established.
    @usableFromInline var committed: LogIndex?
    @usableFromInline var owesAcknowledgement = false
    @usableFromInline var hasGap = false
    /// The local number of the write before the first that is forwarded in this bond.
    @usableFromInline var forwardBase = UInt64(0)
    /// Writes up to this local number are forwarded.
    @usableFromInline var forwarded = UInt64(0)
    /// What was forwarded, and asked, when the last ping came: if it isn't taken when the next one comes, it is lost.
    @usableFromInline var forwardedAtPing = UInt64(0)
    @usableFromInline var askedAtPing = UInt64(0)

    @usableFromInline
    init() {}
}

// Phase 1, and the beginning of following and leading.
extension Zab {
    /// Tries to lead: waits until a quorum follows.
    mutating func lead(at now: Now, effects: inout Effects<Self>) {
        role = .leading
        phase = .discovery
        leader = id
        leading = Leading()
        leading.since = now.monotonic
        leading.lastTickAt = now.monotonic
        for position in learners.indices {
            learners[position] = Learner(id: learners[position].id, window: options.window)
        }
        effects.cancelTimer(ZabTimer.attempt)
        effects.setTimer(ZabTimer.heartbeat, at: now.monotonic + options.heartbeatInterval)
        proposeEpochIfQuorum(effects: &effects)
    }

    /// Tries to follow a process.
    mutating func follow(_ other: NodeID, at now: Now, effects: inout Effects<Self>) {
        role = .following
        phase = .discovery
        leader = other
        session += 1
        following = Following()
        following.bond.session = session
        following.forwardBase = writes.last
        following.forwarded = writes.last
        following.forwardedAtPing = writes.last
        quietSince = now.monotonic
        tellEpoch(effects: &effects)
        effects.setTimer(ZabTimer.attempt, at: now.monotonic + options.heartbeatInterval)
    }

    /// CEPOCH.
    func tellEpoch(effects: inout Effects<Self>) {
        guard let leader else { return }
        let message = FollowerEpoch(
            session: session, acceptedEpoch: acceptedEpoch, acceptedFrom: acceptedFrom, isReplacement: isReplacement)
        effects.send(.followerEpoch(message), to: leader, after: hardStateTicket)
    }

    /// CEPOCH at the leader.
    mutating func handle(_ message: FollowerEpoch, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = position(of: from), message.session >= learners[position].session,
            message.session >= introduction.firstSession[position]
        else { return }
        if message.session > learners[position].session {
            learners[position] = Learner(id: from, window: options.window)
            learners[position].session = message.session
            learners[position].stage = .discovering
            learners[position].isCounted = !message.isReplacement
            learners[position].acceptedEpoch = message.acceptedEpoch
        }
        learners[position].contact = now.monotonic
        latestHeard = max(latestHeard, message.acceptedEpoch)
        guard let epoch = leading.epoch else { return proposeEpochIfQuorum(effects: &effects) }
        // A follower can't go back behind what it has promised another: only a later epoch brings it in.
        let isPromisedElsewhere = message.acceptedEpoch == epoch && message.acceptedFrom != id
        if message.acceptedEpoch > epoch || isPromisedElsewhere && phase != .broadcast {
            return abandon(at: now, effects: &effects)
        }
        proposeEpoch(to: position, effects: &effects)
    }

    /// Once a quorum has said what it had accepted, proposes an epoch later than all of it.
    private mutating func proposeEpochIfQuorum(effects: inout Effects<Self>) {
        guard 1 + learners.count(where: { $0.stage != .absent && $0.isCounted }) >= quorum else { return }
        var latest = max(acceptedEpoch, latestHeard)
        for learner in learners where learner.stage != .absent { latest = max(latest, learner.acceptedEpoch) }
        guard latest < Zxid.largestEpoch else { return halt("all epochs are used up", effects: &effects) }
        acceptedEpoch = latest.next
        acceptedFrom = id
        writeHardState(effects: &effects)
        leading.epoch = acceptedEpoch
        for position in learners.indices { proposeEpoch(to: position, effects: &effects) }
    }

    /// NEWEPOCH, once the leader itself can't forget it: no other leadership of this process has the same epoch.
    func proposeEpoch(to position: Int, effects: inout Effects<Self>) {
        guard learners[position].stage == .discovering, let epoch = leading.epoch else { return }
        let bond = Bond(session: learners[position].session, epoch: epoch)
        effects.send(.newEpoch(bond), to: learners[position].id, after: hardStateTicket)
    }

    /// NEWEPOCH at a follower: it is accepted if it is later than what was, and never after a later one.
    mutating func accept(newEpoch bond: Bond, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard from == leader, bond.session == session else { return }
        if phase == .discovery {
            guard bond.epoch >= acceptedEpoch else { return }
            following.isPromise = bond.epoch > acceptedEpoch || acceptedFrom == from
            if bond.epoch > acceptedEpoch {
                acceptedEpoch = bond.epoch
                acceptedFrom = from
                writeHardState(effects: &effects)
            }
            following.bond = bond
            phase = .synchronisation
        }
        guard hears(bond, from: from, at: now) else { return }
        tellHistory(effects: &effects)
    }

    /// ACK-E.
    func tellHistory(effects: inout Effects<Self>) {
        guard let leader else { return }
        let message = EpochAccepted(
            bond: following.bond, currentEpoch: options.mutation == .mergeEpochs ? acceptedEpoch : currentEpoch,
            last: history.last, isPromise: following.isPromise)
        effects.send(.epochAccepted(message), to: leader, after: hardStateTicket)
    }

    /// ACK-E at the leader.
    mutating func handle(_ message: EpochAccepted, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = bound(message.bond, from: from, at: now) else { return }
        learners[position].last = message.last
        if phase == .discovery {
            if learners[position].stage == .discovering { learners[position].stage = .accepted }
            guard message.isPromise, learners[position].isCounted else { return }
            // The election should have found the latest history; if it hasn't, its owner must lead.
            let isLater = (message.currentEpoch, message.last.zxid) > (currentEpoch, history.lastZxid)
            if isLater, options.mutation != .electByID, options.mutation != .mergeEpochs {
                return abandon(at: now, effects: &effects)
            }
            learners[position].hasPromised = true
            return synchroniseIfPromised(at: now, effects: &effects)
        }
        switch learners[position].stage {
        case .discovering, .accepted, .truncating: synchronise(position, at: now, effects: &effects)
        case .streaming where !learners[position].isInLine: synchronise(position, at: now, effects: &effects)
        default: break
        }
    }

    /// Once a quorum, the leader included, has promised the epoch, the leader's history is chosen.
    mutating func synchroniseIfPromised(at now: Now, effects: inout Effects<Self>) {
        guard phase == .discovery, leading.epoch != nil, hardStateTicket <= persistedTicket,
            1 + learners.count(where: { $0.hasPromised && $0.isCounted }) >= quorum
        else { return }
        beginSynchronisation(at: now, effects: &effects)
    }

    /// The place of a follower whose bond is this one; notes that it was heard.
    @inlinable
    mutating func bound(_ bond: Bond, from: NodeID, at now: Now) -> Int? {
        guard role == .leading, bond.epoch == leading.epoch, let position = position(of: from),
            learners[position].session == bond.session, learners[position].stage != .absent
        else { return nil }
        learners[position].contact = now.monotonic
        return position
    }

    /// Whether a message comes from the leader in the present attempt; notes that it was heard.
    @inlinable
    mutating func hears(_ bond: Bond, from: NodeID, at now: Now) -> Bool {
        guard role == .following, from == leader, bond == following.bond, bond.epoch != .zero else { return false }
        quietSince = now.monotonic
        return true
    }
}
