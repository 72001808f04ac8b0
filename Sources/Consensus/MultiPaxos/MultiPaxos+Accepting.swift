import ProtocolKit

// Phase 2 at the acceptor.
extension MultiPaxos {
    /// A leader's values or heartbeat.
    @inlinable
    mutating func handle(
        _ message: Message.Accept, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard position(of: from) != nil, message.ballot.node == from else { return }
        guard message.ballot >= promised || options.mutation == .acceptBelowPromise else {
            return preempt(from, effects: &effects)
        }
        if message.ballot != throughBallot || leader != from {
            follow(message.ballot, at: now, effects: &effects)
        }
        leader = from
        heardFrom = from
        heardAt = now.monotonic
        quietSince = now.monotonic
        if !message.values.isEmpty { store(message, effects: &effects) }
        owesAccepted = true
        if message.round > roundToAcknowledge { roundToAcknowledge = message.round }
        let known = min(message.decided, through)
        if known > decided {
            decided = known
            applyDecided(effects: &effects)
        }
    }

    /// Turns to a ballot's leader.
    @usableFromInline
    mutating func follow(_ ballot: Ballot, at now: Now, effects: inout Effects<Self>) {
        if ballot > promised { promise(ballot, effects: &effects) }
        // Whoever was outbid waits a short time only, which must not end a lease that it now helps to hold.
        if role == .leader {
            stepDown(at: now, effects: &effects)
        } else {
            restartElectionTimer(at: now, effects: &effects)
        }
        role = .follower
        guard ballot != throughBallot else { return }
        throughBallot = ballot
        through = decided
        extendThrough()
        strays.removeAll()
        roundToAcknowledge = 0
        acknowledgedRound = 0
    }

    /// Accepts values, in whatever order they come.
    @inlinable
    mutating func store(_ message: Message.Accept, effects: inout Effects<Self>) {
        let first = message.values[0].index
        guard first.rawValue == slots.last.rawValue &+ 1, first > decided else {
            return storeScattered(message, effects: &effects)
        }
        guard first.rawValue <= decided.rawValue &+ PaxosLimits.reach else { return }
        for value in message.values {
            slots.append(value, in: message.ballot)
            journal.append(value, in: message.ballot, decided: decided, effects: &effects)
        }
        if first.rawValue == through.rawValue &+ 1 {
            through = slots.last
        } else {
            strays.append(first...slots.last)
        }
    }

    /// The values don't simply follow what was accepted: some were accepted before, or there is a gap.
    @usableFromInline
    mutating func storeScattered(_ message: Message.Accept, effects: inout Effects<Self>) {
        var last = LogIndex.zero
        for value in message.values {
            guard value.index.rawValue <= max(decided, slots.base).rawValue + PaxosLimits.reach else { break }
            last = value.index
            // What is decided has the value already, whatever its ballot.
            guard value.index > decided, slots.ballot(at: value.index) != message.ballot else { continue }
            slots.set(value, in: message.ballot)
            journal.append(value, in: message.ballot, decided: decided, effects: &effects)
        }
        extendThrough()
        if last > through { strays.append(max(message.values[0].index, through.next)...last) }
    }

    /// Moves `through` over what follows it.
    @usableFromInline
    mutating func extendThrough() {
        if through < decided { through = decided }
        guard throughBallot > .zero else { return }
        while slots.ballot(at: through.next) == throughBallot { through = through.next }
    }

    /// Answers the turn's Accepts with one message, which leaves when everything it vouches for is durable.
    ///
    /// Where that would have to wait for a sync and reads wait for rounds, a new round is answered at once: that no higher
    /// ballot is known needs no disk.
    @inlinable
    mutating func acknowledge(effects: inout Effects<Self>) {
        owesAccepted = false
        guard let leader, role == .follower else { return }
        let ticket = options.mutation == .skipSync ? promiseTicket : max(promiseTicket, journal.ticket)
        if options.reads != .log, roundToAcknowledge > acknowledgedRound, ticket > durable.persistedThrough, !isLearner
        {
            effects.send(
                .confirmed(Message.Confirmed(ballot: throughBallot, round: roundToAcknowledge)), to: leader,
                after: promiseTicket)
        }
        acknowledgedRound = roundToAcknowledge
        effects.send(
            .accepted(
                Message.Accepted(
                    ballot: throughBallot, through: through, round: roundToAcknowledge, isVoter: !isLearner)),
            to: leader, after: ticket)
        if !strays.isEmpty { acknowledgeStrays(to: leader, after: ticket, effects: &effects) }
    }

    @usableFromInline
    mutating func acknowledgeStrays(to leader: NodeID, after ticket: Ticket, effects: inout Effects<Self>) {
        for stray in strays where stray.upperBound > through {
            effects.send(
                .accepted(
                    Message.Accepted(
                        ballot: throughBallot, through: through, round: 0, strayFirst: stray.lowerBound,
                        strayLast: stray.upperBound, isVoter: !isLearner)),
                to: leader, after: ticket)
        }
        strays.removeAll(keepingCapacity: true)
    }
}
