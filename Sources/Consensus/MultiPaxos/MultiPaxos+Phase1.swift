import ProtocolKit

// Who leads: failure detection by silence, and phase 1 at the node that wants to take over.
extension MultiPaxos {
    /// Begins a new election timeout, drawn from the shortest up to twice as much.
    mutating func restartElectionTimer(at now: Now, effects: inout Effects<Self>) {
        wait(options.electionTimeout + random.below(options.electionTimeout), at: now, effects: &effects)
    }

    /// Wants to lead after so many nanoseconds of silence.
    private mutating func wait(_ duration: UInt64, at now: Now, effects: inout Effects<Self>) {
        quietSince = now.monotonic
        electionTimeout = duration
        effects.setTimer(MultiPaxosTimer.election, at: quietSince + electionTimeout)
    }

    /// The timer isn't moved with every message: when it fires, it looks how long it has been quiet.
    mutating func electionTimerFired(at now: Now, effects: inout Effects<Self>) {
        guard role != .leader, !isLearner else { return }
        let due = quietSince + electionTimeout
        guard now.monotonic >= due else { return effects.setTimer(MultiPaxosTimer.election, at: due) }
        campaign(at: now, effects: &effects)
    }

    /// Begins phase 1 of a ballot of its own, for every slot that isn't known to be decided.
    ///
    /// The node itself promises last, when the others' promises make a quorum with its own: so a node that is cut off, or
    /// that the others don't want while they hear from a leader, promises nothing that would shut it out from that
    /// leader. Until then nothing is proposed in the ballot, so that to begin it again is only to ask again, even after a
    /// crash; and from then on the durable promise keeps it from being begun again.
    mutating func campaign(at now: Now, effects: inout Effects<Self>) {
        role = .candidate
        leader = nil
        let outbid = max(promised, highest)
        let isReused =
            options.mutation == .reuseBallot && promised == highest && promised.node == id && promised > .zero
        ballot = isReused ? promised : Ballot(round: outbid.round + 1, node: id)
        scout = Scout(ballot: ballot, decided: decided, peers: peers.count)
        effects.count(.electionStarted)
        effects.count(.ballotStarted)
        restartElectionTimer(at: now, effects: &effects)
        for peer in peers {
            effects.send(.prepare(Message.Prepare(ballot: ballot, first: scout.first)), to: peer.id)
        }
        promiseOwnIfEnough(at: now, effects: &effects)
    }

    /// An acceptor's answer.
    mutating func handle(
        _ message: Message.Promise, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .candidate, message.ballot == scout.ballot, scout.expected[position] > .zero,
            message.first == scout.expected[position]
        else { return }
        guard message.base < message.first else {
            // The slots are compacted away there: they have to come as a snapshot, then phase 1 is begun again.
            return snapshots.beginFetch(from: peers[position].id, at: now, effects: &effects)
        }
        if options.mutation != .proposeOwnValue {
            for value in message.values { scout.adopt(value) }
        }
        scout.known[position] = message.decided
        scout.expected[position] = message.next
        guard message.next == .zero else {
            // However many parts there are: to begin again while they come would never end.
            quietSince = now.monotonic
            let prepare = Message.Prepare(ballot: ballot, first: message.next)
            return effects.send(.prepare(prepare), to: peers[position].id)
        }
        scout.decided = max(scout.decided, message.decided)
        promiseOwnIfEnough(at: now, effects: &effects)
    }

    private mutating func promiseOwnIfEnough(at now: Now, effects: inout Effects<Self>) {
        guard scout.promises + 1 >= quorums.phase1, !scout.isOwnPromiseAsked else { return }
        scout.isOwnPromiseAsked = true
        promise(ballot, effects: &effects)
        if promiseTicket <= durable.persistedThrough { lead(at: now, effects: &effects) }
    }

    /// Takes over: proposes again what phase 1 has found, and no-ops where it has found nothing.
    @usableFromInline
    mutating func lead(at now: Now, effects: inout Effects<Self>) {
        role = .leader
        leader = id
        effects.count(.leaderElected)
        snapshots.abandonFetch()
        owesAccepted = false
        strays.removeAll()
        reads = ReadQueue()
        undecidedBytes = 0
        lastTickAt = now.monotonic
        proposalLimit = LogIndex(.max)
        inherited = max(scout.adopted.last, slots.last, decided)
        reproposeInherited(effects: &effects)
        throughBallot = ballot
        through = inherited
        durable.reset(to: decided)
        tally.reset(after: decided, through: inherited)
        for position in peers.indices {
            let (id, isVoter) = (peers[position].id, peers[position].isVoter)
            peers[position] = AcceptorProgress(id: id, window: options.window)
            peers[position].isVoter = isVoter
            // One that hasn't promised is taken to be as far, until it says how far it is.
            let known = scout.expected[position] == .zero ? scout.known[position] : decided
            peers[position].next = min(known, decided).next
            peers[position].contact = now.monotonic
        }
        decideWhatOthersKnow(effects: &effects)
        heartbeat(at: now, effects: &effects)
    }

    private mutating func reproposeInherited(effects: inout Effects<Self>) {
        var slot = decided.next
        while slot <= inherited {
            let own = slots.ballot(at: slot)
            let found = scout.adopted.ballot(at: slot)
            var record = AcceptedSlots.vacant(slot)
            if max(own, found) > .zero {
                record = own >= found ? slots[slot] : scout.adopted[slot]
            } else {
                record = LogRecord(index: slot, tag: ballot.rawValue, kind: record.kind, payload: record.payload)
                if options.mutation == .leaveGaps, proposalLimit > slot { proposalLimit = slot.previous }
            }
            slots.set(record, in: ballot)
            journal.append(record, in: ballot, decided: decided, effects: &effects)
            slot = slot.next
        }
        scout.adopted = AcceptedSlots()
    }

    /// What some acceptor of the quorum knows to be decided is: the value found for it is the decided one, since it is of
    /// the highest ballot (P2c).
    private mutating func decideWhatOthersKnow(effects: inout Effects<Self>) {
        let known = options.mutation == .adoptAsDecided ? inherited : min(scout.decided, inherited)
        guard known > decided else { return }
        tally.skip(through: known)
        decided = known
        applyDecided(effects: &effects)
    }

    /// Somebody has promised a higher ballot. A leader tries again soon in a higher one: whoever outbid it without being
    /// able to lead is outbid, and one that does lead is heard of first, since who hears from a leader promises nobody
    /// else.
    mutating func handle(_ message: Message.Preempted, at now: Now, effects: inout Effects<Self>) {
        highest = max(highest, message.promised)
        guard message.promised > ballot else { return }
        effects.count(.ballotPreempted)
        guard role == .leader else { return }
        stepDown(at: now, effects: &effects)
        wait(1 + random.below(options.heartbeatInterval), at: now, effects: &effects)
    }

    /// Ceases to lead. Reads are sent away; commands keep waiting, because they may still be decided.
    mutating func stepDown(at now: Now, effects: inout Effects<Self>) {
        role = .follower
        leader = nil
        effects.count(.leaderSteppedDown)
        effects.cancelTimer(MultiPaxosTimer.heartbeat)
        refuseReads(effects: &effects)
        restartElectionTimer(at: now, effects: &effects)
    }
}

// Phase 1 at the acceptor.
extension MultiPaxos {
    /// Promises a ballot, durably before anything is said on the strength of it.
    @usableFromInline
    mutating func promise(_ ballot: Ballot, effects: inout Effects<Self>) {
        promised = ballot
        highest = max(highest, ballot)
        guard options.mutation != .forgetPromise else { return }
        promiseTicket = effects.writeHardState(
            MultiPaxosHardState(promised: promised, isLearner: isLearner).encoded())
    }

    /// Somebody wants to lead.
    mutating func handle(
        _ message: Message.Prepare, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard message.ballot.node == from, !isLearner else { return }
        // Within the shortest election timeout of hearing from a leader nobody else is promised anything: a lease relies
        // on it, and a node that was cut off can't disturb the others.
        guard !isLoyal(against: from, at: now) else { return }
        guard message.ballot >= promised else { return preempt(from, effects: &effects) }
        if message.ballot > promised {
            giveWay(to: message.ballot, at: now, effects: &effects)
        }
        quietSince = now.monotonic
        sendPromise(message, to: from, effects: &effects)
    }

    private mutating func giveWay(to ballot: Ballot, at now: Now, effects: inout Effects<Self>) {
        promise(ballot, effects: &effects)
        leader = nil
        owesAccepted = false
        role = .follower
        restartElectionTimer(at: now, effects: &effects)
    }

    /// Whether this node leads, or has heard from another leader than `candidate` within the shortest election timeout.
    /// Where leases are given, one that restarted counts as having heard at its start, since it may have promised one.
    private func isLoyal(against candidate: NodeID, at now: Now) -> Bool {
        if role == .leader { return true }
        guard let heardAt, heardFrom != candidate else { return false }
        return now.monotonic < heardAt + options.electionTimeout
    }

    private func sendPromise(_ message: Message.Prepare, to candidate: NodeID, effects: inout Effects<Self>) {
        var promise = Message.Promise(
            ballot: message.ballot, first: message.first, base: slots.base, decided: decided, values: [], next: .zero)
        if slots.base < message.first {
            let first = options.mutation == .promiseWithoutDecided ? max(message.first, decided.next) : message.first
            (promise.values, promise.next) = slots.pvalues(
                from: first, count: max(options.batchValues, PaxosLimits.promiseValues), bytes: options.batchBytes)
        }
        effects.send(.promise(promise), to: candidate, after: promiseTicket)
    }

    /// Tells who asks in too low a ballot.
    @usableFromInline
    func preempt(_ proposer: NodeID, effects: inout Effects<Self>) {
        effects.send(.preempted(Message.Preempted(promised: promised)), to: proposer, after: promiseTicket)
    }
}
