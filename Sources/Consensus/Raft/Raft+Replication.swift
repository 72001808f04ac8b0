import ProtocolKit

// The leader's side of AppendEntries (section 5.3; thesis, section 10.2).
extension Raft {
    /// Sends every follower what it lacks and may be sent now, and the current round to whoever hasn't got it.
    @inlinable
    mutating func replicate(at now: Now, effects: inout Effects<Self>) {
        if reads.isRoundDue, hasCommittedInTerm { beginRound(at: now, effects: &effects) }
        let last = options.isParallel ? log.lastIndex : durable.index
        // Followers that are equally far share one array of entries.
        var first = LogIndex.zero
        var entries = ContiguousArray<LogRecord>()
        for position in peers.indices where peers[position].isFollowing {
            while peers[position].isReady, peers[position].next <= last {
                let next = peers[position].next
                if next != first {
                    guard next > log.baseIndex else {
                        beginTransfer(to: position, at: now, effects: &effects)
                        break
                    }
                    entries = log.entries(
                        from: next, through: last, count: options.batchEntries, bytes: options.batchBytes)
                    first = next
                }
                sendEntries(entries, to: position, effects: &effects)
            }
            if peers[position].sentRound < reads.round { sendEntries([], to: position, effects: &effects) }
        }
        if isOwnQuorum { confirmRounds(at: now, effects: &effects) }
    }

    @inlinable
    mutating func sendEntries(
        _ entries: ContiguousArray<LogRecord>, to position: Int, effects: inout Effects<Self>
    ) {
        let previous = peers[position].previous
        // An empty message to a follower whose next entry is compacted away claims nothing about its log.
        let known = log.term(at: previous)
        let message = AppendEntries(
            term: currentTerm, previousIndex: known == nil ? .zero : previous, previousTerm: known ?? .zero,
            commitIndex: commitIndex, round: reads.round, entries: entries)
        effects.send(.appendEntries(message), to: peers[position].id, after: hardStateTicket)
        peers[position].sentRound = reads.round
        if !entries.isEmpty {
            peers[position].sent(through: LogIndex(previous.rawValue &+ UInt64(entries.count)))
        }
    }

    /// A follower's answer.
    @inlinable
    mutating func handle(
        _ message: AppendResponse, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard message.term <= currentTerm else { return follow(message.term, at: now, effects: &effects) }
        guard role == .leader, message.term == currentTerm, let position = position(of: from),
            isCurrent(message.birth, of: position)
        else { return }
        peers[position].contact = now.monotonic
        switch message.outcome {
        case .matched(let match):
            // Nobody can hold more than was sent: such an answer is another cluster's.
            guard match <= log.lastIndex else { return }
            if match > peers[position].match {
                peers[position].match = match
                peers[position].inFlight.free(through: match)
                if peers[position].next <= match { peers[position].next = match.next }
                if peers[position].mode == .probe { peers[position].replicate() }
                advanceCommitIndex(effects: &effects)
            } else if peers[position].mode == .probe, match == peers[position].match, match == peers[position].previous
            {
                peers[position].replicate()
            }
            if peers[position].isDeparting { bidFarewell(to: position, effects: &effects) }
        case .conflict(let previous, let term, let index):
            backtrack(position, previous, term, index, at: now, effects: &effects)
        }
        if message.round > peers[position].acknowledgedRound {
            peers[position].acknowledgedRound = min(message.round, reads.round)
            confirmRounds(at: now, effects: &effects)
        }
    }

    /// One that has left is told once more, when it has the configuration without it and that is committed: from then on it
    /// knows that it isn't needed.
    @usableFromInline
    mutating func bidFarewell(to position: Int, effects: inout Effects<Self>) {
        let last = configurations.latestIndex
        guard peers[position].match >= last, commitIndex >= last else { return }
        sendEntries([], to: position, effects: &effects)
        peers[position].isDeparting = false
    }

    /// Conflict back-tracking by whole terms (end of section 5.3): the next probe starts after the leader's last entry
    /// of the conflicting term, or at the follower's first.
    @usableFromInline
    mutating func backtrack(
        _ position: Int, _ previous: LogIndex, _ conflictTerm: Term, _ conflictIndex: LogIndex, at now: Now,
        effects: inout Effects<Self>
    ) {
        let peer = peers[position]
        // An answer to a message that later ones have overtaken says nothing new.
        guard peer.mode != .snapshot, previous > peer.match, previous <= log.lastIndex else { return }
        guard peer.mode == .replicate || previous == peer.previous else { return }
        var guess = conflictIndex
        if conflictTerm != .zero, let last = log.lastIndex(ofTerm: conflictTerm) { guess = last.next }
        peers[position].probe(from: min(guess, previous))
        if peers[position].next <= log.baseIndex, log.term(at: peers[position].previous) == nil {
            beginTransfer(to: position, at: now, effects: &effects)
        }
    }

    /// Shows every follower that the leader lives; the round that this begins renews the lease.
    mutating func heartbeat(at now: Now, effects: inout Effects<Self>) {
        guard role == .leader else { return }
        if options.checksQuorum, !hasQuorumContact(at: now) {
            return stepDown(at: now, effects: &effects)
        }
        tick(at: now, effects: &effects)
        beginRound(at: now, effects: &effects)
        for position in peers.indices {
            peers[position].isProbing = false
            // All that is under way to it may be lost, and no answer can say so: what precedes it is compacted away.
            if peers[position].isFollowing, peers[position].mode == .replicate, peers[position].next <= log.baseIndex {
                beginTransfer(to: position, at: now, effects: &effects)
            }
            retryTransfer(to: position, at: now, effects: &effects)
        }
        tendMembership(at: now, effects: &effects)
        handover?.isAsked = false
        replicate(at: now, effects: &effects)
        effects.setTimer(RaftTimer.heartbeat, at: now.monotonic + options.heartbeatInterval)
    }

    /// Whether a quorum has been heard from within an election timeout (thesis, section 6.2).
    private func hasQuorumContact(at now: Now) -> Bool {
        isQuorum(withSelf: true) { peers[$0].contact + options.electionTimeout > now.monotonic }
    }
}
