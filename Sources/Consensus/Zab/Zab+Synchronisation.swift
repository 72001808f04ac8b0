import ProtocolKit

// Phase 2 at the leader: DIFF, TRUNC or SNAP, then NEWLEADER.
extension Zab {
    /// The leader's history is the initial history of its epoch: a quorum takes it over.
    mutating func beginSynchronisation(at now: Now, effects: inout Effects<Self>) {
        guard let epoch = leading.epoch else { return }
        phase = .synchronisation
        currentEpoch = epoch
        writeHardState(effects: &effects)
        leading.initial = history.last
        for position in learners.indices where learners[position].stage == .accepted {
            synchronise(position, at: now, effects: &effects)
        }
        if options.mutation == .broadcastEarly { establish(effects: &effects) }
        establishIfAcknowledged(effects: &effects)
    }

    /// Finds where a follower's history parts from the leader's. Both have a transaction exactly if they agree on
    /// everything up to it, so the leader's last transaction that isn't later than the follower's last is either that
    /// one or a bound behind which the follower's has to end.
    mutating func synchronise(_ position: Int, at now: Now, effects: inout Effects<Self>) {
        learners[position].newLeader = history.last
        learners[position].isNewLeaderSent = false
        guard let point = history.latest(notAfter: learners[position].last.zxid) else {
            return beginTransfer(to: position, at: now, effects: &effects)
        }
        if point == learners[position].last {
            learners[position].stream(from: point)
        } else {
            learners[position].stage = .truncating
            learners[position].common = point
        }
        tellPoint(to: position, effects: &effects)
    }

    /// DIFF or TRUNC.
    private func tellPoint(to position: Int, effects: inout Effects<Self>) {
        let kind = learners[position].stage == .truncating ? Synchronise.Kind.truncate : .diff
        let message = Synchronise(bond: bond(position), kind: kind, point: learners[position].common)
        effects.send(.synchronise(message), to: learners[position].id, after: hardStateTicket)
    }

    /// The bond with a follower of the epoch that is led.
    @inlinable
    func bond(_ position: Int) -> Bond {
        Bond(session: learners[position].session, epoch: leading.epoch ?? .zero)
    }

    /// NEWLEADER, behind the history that it stands for.
    @usableFromInline
    mutating func tellNewLeader(to position: Int, effects: inout Effects<Self>) {
        learners[position].isNewLeaderSent = true
        effects.send(
            .newLeader(bond(position), learners[position].newLeader), to: learners[position].id,
            after: hardStateTicket)
    }

    /// Says again what a follower hasn't answered since the last heartbeat.
    mutating func repeatSynchronisation(_ position: Int, at now: Now, effects: inout Effects<Self>) {
        switch learners[position].stage {
        case .absent, .accepted: break
        case .discovering: proposeEpoch(to: position, effects: &effects)
        case .truncating: tellPoint(to: position, effects: &effects)
        case .transferring: retryTransfer(to: position, at: now, effects: &effects)
        case .streaming:
            if !learners[position].isInLine { tellPoint(to: position, effects: &effects) }
            let isStuck = learners[position].match == learners[position].matchAtHeartbeat
            if isStuck, learners[position].next > max(learners[position].match, learners[position].common.index).next {
                learners[position].rewind()
            }
            if !learners[position].hasAcknowledgedNewLeader { learners[position].isNewLeaderSent = false }
        }
        learners[position].matchAtHeartbeat = learners[position].match
        learners[position].mended = .zero
    }

    /// ACK of NEWLEADER.
    mutating func accepted(
        newLeader bond: Bond, _ index: LogIndex, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard phase != .discovery, let position = bound(bond, from: from, at: now),
            learners[position].stage == .streaming
        else { return }
        learners[position].hasAcknowledgedNewLeader = true
        acknowledged(position, index, effects: &effects)
        establishIfAcknowledged(effects: &effects)
    }

    /// Once a quorum has the history, the leader included, everything in it is committed.
    mutating func establishIfAcknowledged(effects: inout Effects<Self>) {
        guard phase == .synchronisation, hardStateTicket <= persistedTicket,
            1 + learners.count(where: \.isFollowing) >= quorum
        else { return }
        establish(effects: &effects)
    }

    private mutating func establish(effects: inout Effects<Self>) {
        phase = .broadcast
        effects.count(.leaderElected)
        commitIndex = max(commitIndex, leading.initial.index)
        applyCommitted(effects: &effects)
    }

    /// What an epoch is led with is durable.
    @usableFromInline
    mutating func leaderPersisted(at now: Now, effects: inout Effects<Self>) {
        synchroniseIfPromised(at: now, effects: &effects)
        establishIfAcknowledged(effects: &effects)
    }
}

// Phase 2 at a follower.
extension Zab {
    /// DIFF or TRUNC.
    mutating func handle(_ message: Synchronise, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard hears(message.bond, from: from, at: now), incoming?.complete == nil else { return }
        guard !following.isInLine else {
            // A late word of this follower's made the leader begin again: it has to hear where the history ends by now.
            if message.kind == .truncate { tellHistory(effects: &effects) }
            return
        }
        incoming = nil
        switch message.kind {
        case .diff where message.point == history.last: alignHistory(at: message.point)
        case .diff: tellHistory(effects: &effects)
        case .truncate:
            if options.mutation == .noTruncate {
                alignHistory(at: message.point)
                return tellHistory(pretending: message.point, effects: &effects)
            }
            truncate(after: message.point.zxid, effects: &effects)
            tellHistory(effects: &effects)
        }
    }

    /// The history is a prefix of the leader's that ends here.
    mutating func alignHistory(at point: HistoryPoint) {
        following.isInLine = true
        following.inLine = point.index
        following.owesAcknowledgement = true
    }

    /// The planted fault: says that the history ends where it should.
    private func tellHistory(pretending point: HistoryPoint, effects: inout Effects<Self>) {
        guard let leader else { return }
        let message = EpochAccepted(
            bond: following.bond, currentEpoch: currentEpoch, last: point, isPromise: following.isPromise)
        effects.send(.epochAccepted(message), to: leader, after: hardStateTicket)
    }

    /// Removes what is later than an identifier: none of it was ever committed, or the leader's history had it.
    private mutating func truncate(after zxid: Zxid, effects: inout Effects<Self>) {
        guard zxid < history.lastZxid else { return }
        guard let point = history.latest(notAfter: zxid), point.index >= commitIndex else {
            return halt("the leader's history lacks a committed transaction after \(zxid)", effects: &effects)
        }
        history.truncate(from: point.index.next)
        durable.truncate(from: point.index.next)
        effects.truncateSuffix(from: point.index.next)
        effects.count(.conflictTruncated)
    }

    /// NEWLEADER: from now on the history counts as one of the leader's epoch. Acknowledged when that is durable, and
    /// with it everything before it.
    mutating func accept(
        newLeader bond: Bond, _ end: HistoryPoint, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard hears(bond, from: from, at: now), following.isInLine, following.inLine >= end.index else { return }
        if !following.hasAcceptedNewLeader {
            following.hasAcceptedNewLeader = true
            currentEpoch = bond.epoch
            writeHardState(effects: &effects)
            following.newLeaderTicket = hardStateTicket
            effects.count(.followerSynchronised)
        }
        let isEarly = options.mutation == .acknowledgeNewLeaderEarly
        effects.send(
            .newLeaderAccepted(bond, end.index), to: from, after: isEarly ? .none : following.newLeaderTicket)
        if let committed = following.committed { learn(committed: committed, effects: &effects) }
    }
}
