import ProtocolKit

// Leader election (section 5.2), pre-vote and vote stickiness (thesis, sections 9.6 and 4.2.3).
extension Raft {
    private static var ownVote: UInt64 { 1 << 63 }

    /// Begins a new election timeout, drawn from the shortest up to twice as much.
    mutating func restartElectionTimer(at now: Now, effects: inout Effects<Self>) {
        quietSince = now.monotonic
        electionTimeout = options.electionTimeout + random.below(options.electionTimeout)
        effects.setTimer(RaftTimer.election, at: quietSince + electionTimeout)
    }

    /// The timer isn't moved with every message: when it fires, it looks how long it has been quiet.
    mutating func electionTimerFired(at now: Now, effects: inout Effects<Self>) {
        guard role != .leader else { return }
        let due = quietSince + electionTimeout
        guard now.monotonic >= due else { return effects.setTimer(RaftTimer.election, at: due) }
        if options.hasPreVote, !peers.isEmpty {
            askForPreVotes(at: now, effects: &effects)
        } else {
            campaign(at: now, effects: &effects)
        }
    }

    private mutating func askForPreVotes(at now: Now, effects: inout Effects<Self>) {
        role = .preCandidate
        leader = nil
        votes = Self.ownVote
        restartElectionTimer(at: now, effects: &effects)
        sendVoteRequests(term: currentTerm.next, isPreVote: true, effects: &effects)
    }

    /// Begins a term and asks for votes; the own vote counts once it is durable.
    private mutating func campaign(at now: Now, effects: inout Effects<Self>) {
        role = .candidate
        leader = nil
        votes = 0
        currentTerm = currentTerm.next
        votedFor = id
        writeHardState(effects: &effects)
        effects.count(.electionStarted)
        restartElectionTimer(at: now, effects: &effects)
        sendVoteRequests(term: currentTerm, isPreVote: false, effects: &effects)
    }

    private func sendVoteRequests(term: Term, isPreVote: Bool, effects: inout Effects<Self>) {
        let message = RequestVote(
            term: term, lastLogIndex: log.lastIndex, lastLogTerm: log.lastTerm, isPreVote: isPreVote)
        for peer in peers { effects.send(.requestVote(message), to: peer.id, after: hardStateTicket) }
    }

    /// A candidate's request.
    mutating func handle(_ message: RequestVote, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard position(of: from) != nil else { return }
        // Within the shortest election timeout of hearing from a leader neither term nor vote moves: a lease relies on
        // it, and a server that was cut off can't disturb the others.
        guard !isLoyal(at: now) else { return }
        let isUpToDate =
            (message.lastLogTerm, message.lastLogIndex) >= (log.lastTerm, log.lastIndex)
        if message.isPreVote {
            let isGranted = message.term > currentTerm && isUpToDate
            let response = VoteResponse(
                term: isGranted ? message.term : currentTerm, isGranted: isGranted, isPreVote: true)
            return effects.send(.voteResponse(response), to: from, after: hardStateTicket)
        }
        if message.term > currentTerm { follow(message.term, at: now, effects: &effects) }
        let isGranted =
            message.term == currentTerm && role != .leader && isUpToDate && (votedFor == nil || votedFor == from)
        if isGranted, votedFor == nil {
            votedFor = from
            if options.mutation != .voteTwice { writeHardState(effects: &effects) }
        }
        if isGranted {
            role = .follower
            restartElectionTimer(at: now, effects: &effects)
        }
        let response = VoteResponse(term: currentTerm, isGranted: isGranted, isPreVote: false)
        effects.send(.voteResponse(response), to: from, after: hardStateTicket)
    }

    /// Whether this server leads, or has heard from a current leader within the shortest election timeout. One that
    /// restarted counts as having heard at its start, since it may have promised a lease before.
    private func isLoyal(at now: Now) -> Bool {
        if role == .leader { return true }
        guard let heardAt else { return false }
        return now.monotonic < heardAt + options.electionTimeout
    }

    /// A server's answer.
    mutating func handle(_ message: VoteResponse, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = position(of: from) else { return }
        if message.isPreVote, message.isGranted {
            guard role == .preCandidate, message.term == currentTerm.next else { return }
            votes |= 1 << UInt64(position)
            if votes.nonzeroBitCount >= quorum { campaign(at: now, effects: &effects) }
            return
        }
        if message.term > currentTerm { return follow(message.term, at: now, effects: &effects) }
        guard role == .candidate, message.term == currentTerm, message.isGranted, !message.isPreVote else { return }
        votes |= 1 << UInt64(position)
        if votes.nonzeroBitCount >= quorum { lead(at: now, effects: &effects) }
    }

    @usableFromInline
    mutating func countOwnVote(at now: Now, effects: inout Effects<Self>) {
        votes |= Self.ownVote
        if votes.nonzeroBitCount >= quorum { lead(at: now, effects: &effects) }
    }

    /// Becomes the leader of the current term; an entry without content commits what came before (thesis, 6.4).
    private mutating func lead(at now: Now, effects: inout Effects<Self>) {
        role = .leader
        leader = id
        effects.count(.leaderElected)
        reads = ReadQueue()
        uncommittedBytes = 0
        if incoming?.complete == nil { incoming = nil }
        owesAcknowledgement = false
        lastTickAt = now.monotonic
        for position in peers.indices {
            peers[position] = Progress(id: peers[position].id, window: options.window)
            peers[position].next = log.lastIndex.next
            peers[position].contact = now.monotonic
        }
        if options.mutation == .forgetNoOperation {
            termStart = .zero
        } else {
            termStart = log.lastIndex.next
            appendEntry(.noOperation, .init(), effects: &effects)
        }
        heartbeat(at: now, effects: &effects)
    }

    /// Becomes a follower, of a new term if it is higher; who leads it isn't known yet.
    @usableFromInline
    mutating func follow(_ term: Term, at now: Now, effects: inout Effects<Self>) {
        if term > currentTerm {
            currentTerm = term
            votedFor = nil
            writeHardState(effects: &effects)
        }
        leader = nil
        owesAcknowledgement = false
        matchToAcknowledge = .zero
        roundToAcknowledge = 0
        acknowledgedRound = 0
        // A snapshot that is complete is on its way to the disk and stays good; a part of one is of no more use.
        if incoming?.complete == nil { incoming = nil }
        if role == .leader {
            stepDown(at: now, effects: &effects)
        } else {
            role = .follower
        }
    }

    /// Ceases to lead. Reads are sent away; commands keep waiting, because they may still be committed.
    mutating func stepDown(at now: Now, effects: inout Effects<Self>) {
        role = .follower
        leader = nil
        effects.count(.leaderSteppedDown)
        effects.cancelTimer(RaftTimer.heartbeat)
        refuseReads(effects: &effects)
        for position in peers.indices { peers[position].transfer = nil }
        restartElectionTimer(at: now, effects: &effects)
    }

    /// Term and vote, before anything is said that depends on them.
    mutating func writeHardState(effects: inout Effects<Self>) {
        let state = RaftHardState(
            term: currentTerm, vote: options.mutation == .voteTwice ? nil : votedFor)
        hardStateTicket = effects.writeHardState(state.encoded())
    }
}
