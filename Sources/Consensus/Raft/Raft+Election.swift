import ProtocolKit

// Leader election (section 5.2), pre-vote and vote stickiness (thesis, sections 9.6 and 4.2.3).
extension Raft {
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
        // A voter that isn't in the latest configuration campaigns, too, until it knows that to be committed: perhaps nobody
        // else has it in the log, and then nobody else can win (thesis, section 4.2.2).
        guard configurations.hasVoter(id, birth: birth) else {
            // Who has no vote waits to be told that it has got one. Whom it last heard from may have left like itself:
            // clients aren't sent there for ever. And a learner may have been removed by a leader that fell before it
            // said so: it asks, and the answer is what it lacks of the log.
            leader = nil
            restartElectionTimer(at: now, effects: &effects)
            guard configurations.latest.contains(id) else { return }
            return sendVoteRequests(term: currentTerm.next, isPreVote: true, toAll: true, effects: &effects)
        }
        if options.hasPreVote, !isOwnQuorum {
            askForPreVotes(at: now, effects: &effects)
        } else {
            campaign(at: now, effects: &effects)
        }
    }

    private mutating func askForPreVotes(at now: Now, effects: inout Effects<Self>) {
        let isAgain = role == .preCandidate
        role = .preCandidate
        leader = nil
        votes = 0
        restartElectionTimer(at: now, effects: &effects)
        sendVoteRequests(term: currentTerm.next, isPreVote: true, toAll: isAgain, effects: &effects)
    }

    /// Begins a term and asks for votes; the own vote counts once it is durable.
    mutating func campaign(at now: Now, isTakingOver: Bool = false, effects: inout Effects<Self>) {
        let isAgain = role == .candidate
        role = .candidate
        self.isTakingOver = isTakingOver
        leader = nil
        votes = 0
        hasDurableVote = false
        currentTerm = currentTerm.next
        votedFor = id
        writeHardState(effects: &effects)
        effects.count(.electionStarted)
        restartElectionTimer(at: now, effects: &effects)
        sendVoteRequests(term: currentTerm, isPreVote: false, toAll: isAgain, effects: &effects)
    }

    /// Asks the voters; all servers if those didn't answer, for the configuration known here may be one that nobody is
    /// in any more, and then the leader must hear of it.
    private func sendVoteRequests(term: Term, isPreVote: Bool, toAll: Bool, effects: inout Effects<Self>) {
        let message = RequestVote(
            term: term, lastLogIndex: log.lastIndex, lastLogTerm: log.lastTerm, isPreVote: isPreVote,
            isTakingOver: isTakingOver && !isPreVote)
        for peer in peers where toAll || !peer.voice.isEmpty {
            effects.send(.requestVote(message), to: peer.id, after: hardStateTicket)
        }
    }

    /// A candidate's request.
    mutating func handle(_ message: RequestVote, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = position(of: from) else { return }
        // One that has left the cluster and wasn't told: the log says so.
        if role == .leader, !peers[position].isMember { peers[position].isDeparting = true }
        // Within the shortest election timeout of hearing from a leader neither term nor vote moves: a lease relies on
        // it, and a server that was cut off can't disturb the others. A leader that hands over gives its lease up.
        guard message.isTakingOver || !isLoyal(at: now) else { return }
        let isUpToDate =
            (message.lastLogTerm, message.lastLogIndex) >= (log.lastTerm, log.lastIndex)
        if message.isPreVote {
            let isGranted = message.term > currentTerm && isUpToDate
            let response = VoteResponse(
                term: isGranted ? message.term : currentTerm, isGranted: isGranted, isPreVote: true, birth: birth)
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
        let response = VoteResponse(term: currentTerm, isGranted: isGranted, isPreVote: false, birth: birth)
        effects.send(.voteResponse(response), to: from, after: hardStateTicket)
    }

    /// Whether this server leads, or has heard from a current leader within the shortest election timeout. One that
    /// restarted counts as having heard at its start, since it may have promised a lease before.
    ///
    /// Without check-quorum nobody is loyal, as in the paper, unless leases need it: a leader that is heard and can't hear
    /// would never step down, and the others would be loyal to it for ever.
    private func isLoyal(at now: Now) -> Bool {
        guard options.checksQuorum || options.reads == .lease else { return false }
        if role == .leader { return true }
        guard let heardAt, options.mutation != .voteWithoutStickiness else { return false }
        return now.monotonic < heardAt + options.electionTimeout
    }

    /// A server's answer.
    mutating func handle(_ message: VoteResponse, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = position(of: from), isCurrent(message.birth, of: position) else { return }
        if message.isPreVote, message.isGranted {
            guard role == .preCandidate, message.term == currentTerm.next else { return }
            votes |= 1 << UInt64(position)
            if hasVotes { campaign(at: now, effects: &effects) }
            return
        }
        if message.term > currentTerm { return follow(message.term, at: now, effects: &effects) }
        guard role == .candidate, message.term == currentTerm, message.isGranted, !message.isPreVote else { return }
        votes |= 1 << UInt64(position)
        if hasVotes { lead(at: now, effects: &effects) }
    }

    /// Whether a quorum has voted for this server, its own vote counted once it is durable.
    private var hasVotes: Bool {
        isQuorum(withSelf: hasDurableVote || role == .preCandidate) { votes & 1 << UInt64($0) != 0 }
    }

    @usableFromInline
    mutating func ownVotePersisted(at now: Now, effects: inout Effects<Self>) {
        hasDurableVote = true
        if hasVotes { lead(at: now, effects: &effects) }
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
        isLeaseForbidden = false
        mustLeave = false
        settleHandover(effects: &effects)
        for position in peers.indices { peers[position].begin(after: log.lastIndex, at: now.monotonic) }
        if options.mutation == .forgetNoOperation {
            termStart = .zero
        } else {
            termStart = log.lastIndex.next
            appendEntry(.noOperation, .init(), effects: &effects)
        }
        beginChurn(at: now, effects: &effects)
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
        abandonChange(effects: &effects)
        for position in peers.indices { peers[position].transfer = nil }
        restartElectionTimer(at: now, effects: &effects)
    }

    /// Term and vote, before anything is said that depends on them.
    mutating func writeHardState(effects: inout Effects<Self>) {
        let state = RaftHardState(
            term: currentTerm, vote: options.mutation == .voteTwice ? nil : votedFor, birth: birth)
        hardStateTicket = effects.writeHardState(state.encoded())
    }
}
