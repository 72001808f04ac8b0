import ByteCoding
import ProtocolKit

// The proposer (section 2.2).
extension Paxos {
    /// A client's request, read or write, waits for the next decree.
    mutating func accept(_ request: Request, _ token: RequestToken, effects: inout Effects<Self>) {
        guard waiting.count < options.maximumWaiting else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        waiting.append(Waiting(token: token, payload: request.payload))
    }

    /// Proposes a decree for the first slot that isn't known to be decided, where commands wait and nothing is under way.
    mutating func proposeNext(at now: Now, effects: inout Effects<Self>) {
        guard proposal == nil, pausedUntil == nil, decree != nil || !waiting.isEmpty else { return }
        // Another proposer is at work: to outbid it now would cost both a ballot.
        if let foreignAt, !hasDeferred, now.monotonic < foreignAt + options.backOff {
            hasDeferred = true
            return pause(for: options.backOff, at: now, effects: &effects)
        }
        hasDeferred = false
        if decree == nil { gather(at: now) }
        let slot = decided.next
        let carried = options.mutation == .reuseBallot ? 0 : incarnation
        let ballot = Ballot(
            round: max(promise(for: slot).round, roundToOutbid) + 1, incarnation: carried, node: id)
        proposal = PaxosProposal(slot: slot, ballot: ballot, sentAt: now.monotonic)
        effects.count(.ballotStarted)
        sendPrepare(to: peers, effects: &effects)
        if !isLearner {
            promise(ballot, for: slot, effects: &effects)
            if slots.ballot(at: slot) > .zero {
                proposal!.value = PValue(ballot: slots.ballot(at: slot), record: slots[slot])
            }
            proposal!.ownTicket = promiseTicket
            countOwn(at: now, effects: &effects)
        }
    }

    /// Makes a decree of the commands that wait.
    private mutating func gather(at now: Now) {
        var commands: [Bytes] = []
        var tokens: [RequestToken] = []
        var bytes = 0
        while let next = waiting.first, commands.count < options.batchCommands {
            bytes += next.payload.count
            if bytes > options.batchBytes, !commands.isEmpty { break }
            commands.append(next.payload)
            tokens.append(next.token)
            waiting.removeFirst()
        }
        decree = OwnDecree(name: nextName(), payload: Decree.encode(commands, at: now), tokens: tokens)
    }

    private mutating func nextName() -> Ballot {
        decreesNamed += 1
        return Ballot(round: decreesNamed, incarnation: incarnation, node: id)
    }

    private func sendPrepare(to receivers: [NodeID], effects: inout Effects<Self>) {
        guard let proposal else { return }
        let message = Message.Prepare(slot: proposal.slot, ballot: proposal.ballot, notice: notice)
        for peer in receivers { effects.send(.prepare(message), to: peer) }
    }

    private func sendAccept(to receivers: [NodeID], effects: inout Effects<Self>) {
        guard let proposal, let value = proposal.value else { return }
        let message = Message.Accept(ballot: proposal.ballot, record: value.record, notice: notice)
        for peer in receivers { effects.send(.accept(message), to: peer) }
    }

    /// 1b from another acceptor.
    mutating func handle(
        _ message: Message.Promise, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        guard proposal?.phase == .prepare, message.slot == proposal?.slot, message.ballot == proposal?.ballot else {
            return
        }
        if let accepted = message.accepted, accepted.ballot > proposal!.value?.ballot ?? .zero {
            proposal!.value = accepted
        }
        proposal!.answers |= 1 << UInt16(position)
        beginPhase2IfPromised(at: now, effects: &effects)
    }

    /// Counts the own acceptor's answer once it is durable.
    mutating func countOwn(at now: Now, effects: inout Effects<Self>) {
        let own = UInt16(1) << UInt16(peers.count)
        guard !isLearner, let current = proposal, current.answers & own == 0, current.ownTicket <= persistedThrough
        else {
            return
        }
        // Another proposer may have outbid this one meanwhile at the own acceptor.
        if current.phase == .accept, slots.ballot(at: current.slot) != current.ballot { return }
        proposal!.answers |= own
        switch current.phase {
        case .prepare: beginPhase2IfPromised(at: now, effects: &effects)
        case .accept: decideIfAccepted(at: now, effects: &effects)
        }
    }

    private mutating func beginPhase2IfPromised(at now: Now, effects: inout Effects<Self>) {
        guard let current = proposal, current.answers.nonzeroBitCount >= quorums.phase1 else { return }
        proposal!.phase = .accept
        proposal!.answers = 0
        proposal!.sentAt = now.monotonic
        if current.value == nil || options.mutation == .proposeOwnValue, let own = decree {
            let record = LogRecord(
                index: current.slot, tag: own.name.rawValue, kind: EntryKind.command.rawValue, payload: own.payload)
            proposal!.value = PValue(ballot: current.ballot, record: record)
            decree!.proposedFor = current.slot
        }
        sendAccept(to: peers, effects: &effects)
        let isOutbid = promise(for: current.slot) > current.ballot && options.mutation != .acceptBelowPromise
        guard let value = proposal!.value, !isLearner, !isOutbid else {
            return proposal!.ownTicket = Ticket(.max)
        }
        store(value.record, in: current.ballot, effects: &effects)
        proposal!.ownTicket = journal.ticket
        countOwn(at: now, effects: &effects)
    }

    /// 2b from another acceptor.
    mutating func handle(
        _ message: Message.Accepted, from position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        guard proposal?.phase == .accept, message.slot == proposal?.slot,
            message.ballot == proposal?.ballot || options.mutation == .countOtherBallot
        else { return }
        proposal!.answers |= 1 << UInt16(position)
        decideIfAccepted(at: now, effects: &effects)
    }

    private mutating func decideIfAccepted(at now: Now, effects: inout Effects<Self>) {
        guard let current = proposal, let value = current.value,
            current.answers.nonzeroBitCount >= quorums.phase2
        else { return }
        decide(value.record, in: current.ballot, effects: &effects)
        tellContenders(effects: &effects)
    }

    /// Who has tried for the same slot goes on sooner when it hears that it is decided.
    private mutating func tellContenders(effects: inout Effects<Self>) {
        for (position, peer) in peers.enumerated() where contenders & 1 << UInt16(position) != 0 {
            effects.send(.notice(notice), to: peer)
        }
        contenders = 0
    }

    /// An acceptor has promised a higher ballot: gives way for a random time.
    mutating func handle(_ message: Message.Preempted, at now: Now, effects: inout Effects<Self>) {
        guard message.slot == decided.next else { return }
        roundToOutbid = max(roundToOutbid, message.promised.round)
        guard let current = proposal, message.slot == current.slot, message.promised > current.ballot else { return }
        effects.count(.ballotPreempted)
        proposal = nil
        if options.mutation == .renameDecree, decree != nil { decree!.name = nextName() }
        preemptions += 1
        pause(for: meanBackOff, at: now, effects: &effects)
    }

    /// Doubles with each preemption up to a second: however slow disks and links are, the pauses come to be longer than a
    /// ballot, so that one gets through.
    private var meanBackOff: UInt64 {
        max(options.backOff, min(options.backOff << UInt64(min(preemptions - 1, 20)), .seconds(1)))
    }

    /// Proposes nothing for a random time of this mean.
    private mutating func pause(for mean: UInt64, at now: Now, effects: inout Effects<Self>) {
        let end = now.monotonic + 1 + random.below(2 * mean)
        pausedUntil = end
        effects.setTimer(PaxosTimer.pause, at: end)
    }

    /// Sends again what isn't answered, and says what is decided.
    mutating func tick(at now: Now, effects: inout Effects<Self>) {
        for peer in peers { effects.send(.notice(notice), to: peer) }
        if let current = proposal, now.monotonic >= current.sentAt + options.resendInterval {
            proposal!.sentAt = now.monotonic
            let silent = peers.indices.filter { current.answers & 1 << UInt16($0) == 0 }.map { peers[$0] }
            switch current.phase {
            case .prepare: sendPrepare(to: silent, effects: &effects)
            case .accept: sendAccept(to: silent, effects: &effects)
            }
        }
        effects.setTimer(PaxosTimer.tick, at: now.monotonic + options.resendInterval)
    }
}
