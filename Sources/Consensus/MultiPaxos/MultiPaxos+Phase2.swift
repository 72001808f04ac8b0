import ByteCoding
import ProtocolKit

// Phase 2 at the leader: commanders for ranges of slots.
extension MultiPaxos {
    /// Proposes a value in the next slot; the leader's own acceptor takes it at once.
    @inlinable
    mutating func proposeNext(_ kind: EntryKind, _ payload: Bytes, effects: inout Effects<Self>) {
        let slot = LogIndex(slots.last.rawValue &+ 1)
        let record = LogRecord(index: slot, tag: ballot.rawValue, kind: kind.rawValue, payload: payload)
        slots.append(record, in: ballot)
        journal.append(record, in: ballot, decided: decided, effects: &effects)
        tally.open()
    }

    /// Sends every acceptor what it wasn't sent and may be sent now, and the current round to whoever hasn't got it.
    @inlinable
    mutating func propose(at now: Now, effects: inout Effects<Self>) {
        if reads.isRoundDue, hasDecidedInherited { beginRound(at: now, effects: &effects) }
        let last = min(options.isParallel ? slots.last : max(durable.index, decided), proposalLimit)
        // Acceptors that are equally far share one array of values.
        var first = LogIndex.zero
        var values = ContiguousArray<LogRecord>()
        for position in peers.indices {
            while peers[position].next <= last, !peers[position].inFlight.isFull, !peers[position].needsSnapshot {
                let next = peers[position].next
                if next != first {
                    guard next > slots.base else {
                        offerSnapshot(to: position, effects: &effects)
                        break
                    }
                    values = slots.values(
                        from: next, through: last, count: options.batchValues, bytes: options.batchBytes)
                    first = next
                }
                send(values, to: position, effects: &effects)
            }
            if peers[position].sentRound < reads.round { send([], to: position, effects: &effects) }
        }
        if peers.isEmpty { confirmRounds(at: now, effects: &effects) }
    }

    @inlinable
    mutating func send(_ values: ContiguousArray<LogRecord>, to position: Int, effects: inout Effects<Self>) {
        let message = Message.Accept(ballot: ballot, decided: decided, round: reads.round, values: values)
        effects.send(.accept(message), to: peers[position].id)
        peers[position].sent(round: reads.round, through: values.last?.index)
    }

    /// An acceptor's answer.
    @inlinable
    mutating func handle(
        _ message: Message.Accepted, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .leader, let position = position(of: from) else { return }
        guard message.ballot == ballot || options.mutation == .countOtherBallot else { return }
        // Nobody can have accepted more than was proposed: such an answer is another cluster's.
        guard message.through <= slots.last, message.strayLast <= slots.last else { return }
        peers[position].contact = now.monotonic
        peers[position].isVoter = message.isVoter
        let through = message.through
        if through > peers[position].counted {
            if message.isVoter { tally.count(position, from: peers[position].counted.next, through: through) }
            peers[position].counted = through
        }
        // Not only where it counts: one that has lost its disk is behind what was counted for it.
        peers[position].inFlight.free(through: through)
        if peers[position].next <= through { peers[position].next = through.next }
        if message.strayFirst > .zero, message.isVoter {
            tally.count(position, from: message.strayFirst, through: message.strayLast)
        }
        if peers[position].needsSnapshot, through >= slots.base {
            peers[position].needsSnapshot = false
            peers[position].rewind(after: through)
        }
        decide(effects: &effects)
        if message.round > peers[position].acknowledgedRound {
            peers[position].acknowledged(round: min(message.round, reads.round), through: through)
            confirmRounds(at: now, effects: &effects)
        }
    }

    /// Counts the leader's own acceptances that are durable.
    @inlinable
    mutating func countOwn(effects: inout Effects<Self>) {
        tally.count(peers.count, from: LogIndex(tally.base.rawValue &+ 1), through: durable.index)
        decide(effects: &effects)
    }

    /// Shows every acceptor that the leader lives, and finds out what has been lost.
    mutating func heartbeat(at now: Now, effects: inout Effects<Self>) {
        guard role == .leader else { return }
        guard hasQuorumContact(at: now) else { return stepDown(at: now, effects: &effects) }
        tick(at: now, effects: &effects)
        beginRound(at: now, effects: &effects)
        for position in peers.indices where peers[position].needsSnapshot {
            offerSnapshot(to: position, effects: &effects)
        }
        propose(at: now, effects: &effects)
        effects.setTimer(MultiPaxosTimer.heartbeat, at: now.monotonic + options.heartbeatInterval)
    }

    /// Whether a phase-2 quorum has been heard from within an election timeout: without one nothing is decided, and
    /// clients are better served elsewhere.
    private func hasQuorumContact(at now: Now) -> Bool {
        var count = 1
        for peer in peers where peer.isVoter && peer.contact + options.electionTimeout > now.monotonic { count += 1 }
        return count >= quorums.phase2
    }
}
