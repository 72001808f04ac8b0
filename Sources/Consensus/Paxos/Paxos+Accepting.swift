import ProtocolKit

// The acceptor (section 2.2).
extension Paxos {
    /// The highest ballot promised for a slot, by a promise or by accepting in it.
    func promise(for slot: LogIndex) -> Ballot {
        let accepted = slots.ballot(at: slot)
        guard slot > decided, slot.rawValue - decided.rawValue <= UInt64(promises.count) else { return accepted }
        return max(accepted, promises[Int(slot.rawValue - decided.rawValue) - 1])
    }

    /// Promises a ballot for a slot after `decided`.
    mutating func promise(_ ballot: Ballot, for slot: LogIndex, effects: inout Effects<Self>) {
        recall(ballot, for: slot)
        guard options.mutation != .forgetPromise else { return }
        promiseTicket = journal.promise(ballot, for: slot, decided: decided, effects: &effects)
    }

    /// Keeps a promise in memory.
    mutating func recall(_ ballot: Ballot, for slot: LogIndex) {
        let place = Int(slot.rawValue - decided.rawValue) - 1
        while promises.count <= place { promises.append(.zero) }
        promises[place] = max(promises[place], ballot)
    }

    /// Accepts a value in a ballot.
    mutating func store(_ record: LogRecord, in ballot: Ballot, effects: inout Effects<Self>) {
        slots.set(record, in: ballot)
        journal.append(record, in: ballot, decided: decided, effects: &effects)
    }

    /// Whether a proposal for a slot is to be looked at; who asks for a decided slot is told the decision.
    private mutating func isOpen(
        _ slot: LogIndex, _ ballot: Ballot, _ notice: Message.Notice, from position: Int, at now: Now,
        effects: inout Effects<Self>
    ) -> Bool {
        handle(notice, from: peers[position], at: now, effects: &effects)
        guard slot > decided else {
            sendDecisions(from: slot, to: peers[position], effects: &effects)
            return false
        }
        // It keeps a place for each slot in between; one that is further behind catches up first.
        guard !isLearner, ballot.node == peers[position], slot.rawValue - decided.rawValue < PaxosLimits.reach else {
            return false
        }
        contenders |= 1 << UInt16(position)
        return true
    }

    /// 1a: promises the ballot unless it has promised a higher one.
    mutating func handle(
        _ message: Message.Prepare, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        guard
            isOpen(message.slot, message.ballot, message.notice, from: position, at: now, effects: &effects)
        else { return }
        let promised = promise(for: message.slot)
        guard message.ballot >= promised else {
            return preempt(message.slot, promised, position, effects: &effects)
        }
        if message.ballot > promised { promise(message.ballot, for: message.slot, effects: &effects) }
        foreignAt = now.monotonic
        let accepted = slots.ballot(at: message.slot)
        let value = accepted > .zero ? PValue(ballot: accepted, record: slots[message.slot]) : nil
        let answer = Message.Promise(slot: message.slot, ballot: message.ballot, accepted: value)
        effects.send(.promise(answer), to: peers[position], after: promiseTicket)
    }

    /// 2a: accepts the value unless it has promised a higher ballot.
    mutating func handle(
        _ message: Message.Accept, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        let slot = message.record.index
        guard isOpen(slot, message.ballot, message.notice, from: position, at: now, effects: &effects) else { return }
        let promised = promise(for: slot)
        guard message.ballot >= promised || options.mutation == .acceptBelowPromise else {
            return preempt(slot, promised, position, effects: &effects)
        }
        foreignAt = now.monotonic
        if slots.ballot(at: slot) != message.ballot { store(message.record, in: message.ballot, effects: &effects) }
        let answer = Message.Accepted(slot: slot, ballot: message.ballot)
        let ticket = options.mutation == .skipSync ? Ticket.none : journal.ticket
        effects.send(.accepted(answer), to: peers[position], after: ticket)
    }

    private func preempt(_ slot: LogIndex, _ promised: Ballot, _ position: Int, effects: inout Effects<Self>) {
        let answer = Message.Preempted(slot: slot, promised: promised)
        effects.send(.preempted(answer), to: peers[position], after: max(promiseTicket, journal.ticket))
    }
}
