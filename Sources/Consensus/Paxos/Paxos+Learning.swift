import ByteCoding
import ProtocolKit

// The learner (section 2.3), and the replica that applies what it learns.
extension Paxos {
    /// Takes a value for the slot after `decided` as decided.
    mutating func decide(_ record: LogRecord, in ballot: Ballot, effects: inout Effects<Self>) {
        let slot = record.index
        assert(slot == decided.next, "decisions are learned in the order of the slots")
        if slots.ballot(at: slot) < ballot {
            // It is kept as if accepted in the highest promised ballot: every ballot from the choosing one on has no other
            // value (P2c), and nothing is accepted below a promise.
            store(record, in: max(ballot, promise(for: slot)), effects: &effects)
        }
        decided = slot
        decidedBallot = ballot
        if !promises.isEmpty { promises.removeFirst() }
        if proposal != nil, proposal!.slot <= slot { proposal = nil }
        roundToOutbid = 0
        hasDeferred = false
        apply(slot, effects: &effects)
    }

    private mutating func apply(_ slot: LogIndex, effects: inout Effects<Self>) {
        let record = slots[slot]
        let content: Decree
        do throws(WireError) {
            content = try Decree(decoding: record.payload)
        } catch {
            // Whatever comes from a peer or the disk is checked where it comes in.
            isHalted = true
            return effects.halt("the decree of slot \(slot) can't be read: \(error)")
        }
        machine.advance(toReplicatedMilliseconds: content.milliseconds)
        let isOwn = decree.map { $0.name.rawValue == record.tag } ?? false
        for (position, command) in content.commands.enumerated() {
            commandsApplied += 1
            let response = machine.apply(command, at: LogIndex(commandsApplied))
            if isOwn, let tokens = decree?.tokens, position < tokens.count {
                effects.reply(response, to: tokens[position])
            }
        }
        applied = slot
        snapshots.appliedBytes += record.payload.count + 32
        if isOwn {
            decree = nil
            preemptions = 0
        } else if decree?.proposedFor == slot {
            decree!.proposedFor = nil
        }
    }

    /// Somebody knows slots to be decided.
    mutating func handle(_ notice: Message.Notice, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard notice.decided > decided else { return }
        let held = slots.ballot(at: notice.decided)
        if notice.decided == decided.next, held > .zero,
            held >= notice.ballot || options.mutation == .learnLowerBallot
        {
            return decide(slots[notice.decided], in: notice.ballot, effects: &effects)
        }
        // What is under way may still come by itself; a question that was lost is asked again.
        if let askedAt, now.monotonic < askedAt + options.resendInterval / 5 { return }
        askedAt = now.monotonic
        effects.send(.learn(Message.Learn(first: decided.next)), to: from)
    }

    /// Tells a node the decisions from a slot on, as many as fit.
    func sendDecisions(from first: LogIndex, to peer: NodeID, effects: inout Effects<Self>) {
        guard first <= decided else { return }
        var message = Message.Decisions(base: slots.base, values: [], notice: notice)
        var bytes = 0
        var slot = first
        while slot > slots.base, slot <= decided, message.values.count < 1_024 {
            bytes += slots[slot].payload.count + 32
            if bytes > options.batchBytes, !message.values.isEmpty { break }
            message.values.append(PValue(ballot: slots.ballot(at: slot), record: slots[slot]))
            slot = slot.next
        }
        effects.send(.decisions(message), to: peer)
    }

    /// Decisions have come.
    mutating func handle(_ message: Message.Decisions, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        askedAt = nil
        for value in message.values where value.record.index == decided.next {
            decide(value.record, in: value.ballot, effects: &effects)
        }
        guard message.notice.decided > decided else { return }
        if message.base > decided {
            snapshots.beginFetch(from: from, at: now, effects: &effects)
        } else {
            handle(message.notice, from: from, at: now, effects: &effects)
        }
    }

    /// Puts a durable snapshot in the place of the state; what was accepted beyond it stays.
    mutating func install(_ restored: Machine, _ mark: SnapshotMark, effects: inout Effects<Self>) {
        guard mark.index > decided else { return }
        let passed = Int(mark.index.rawValue - decided.rawValue)
        promises.removeFirst(min(passed, promises.count))
        machine = restored
        decided = mark.index
        // In which ballot its last value was chosen isn't known; that no acceptance is high enough to go by is safe.
        decidedBallot = Ballot(Ballot.limit)
        applied = mark.index
        commandsApplied = mark.tag
        slots.discard(through: mark.index)
        journal.discard(through: mark.index, effects: &effects)
        if proposal != nil, proposal!.slot <= decided { proposal = nil }
        roundToOutbid = 0
        effects.count(.snapshotInstalled)
        // A decree that was proposed for one of these slots may have been decided: its clients can't be told.
        guard let slot = decree?.proposedFor, slot <= decided, let tokens = decree?.tokens else { return }
        decree = nil
        var connections: [ConnectionID] = []
        for token in tokens where !connections.contains(token.connection) { connections.append(token.connection) }
        for connection in connections { effects.disconnect(connection) }
    }
}
