import ProtocolKit

/// Fast Leader Election (Medeiros 2012, section 4.1): the votes of one round.
@usableFromInline
struct FastElection: Sendable {
    /// The round of elections; rounds are compared, never counted on.
    @usableFromInline var round = UInt64(0)
    /// The best vote seen in the round, which is the own one.
    @usableFromInline var vote = Vote(epoch: .zero, zxid: .zero, candidate: NodeID(0))
    /// The others' votes of the round, in the order of their numbers.
    @usableFromInline var votes: ContiguousArray<Vote?>
    /// Whom the others follow, or that they lead, by their last word in the round.
    var settled: ContiguousArray<NodeID?>
    /// How long until the vote is told again.
    @usableFromInline var interval = UInt64(0)

    @usableFromInline
    init(others: Int) {
        votes = ContiguousArray(repeating: nil, count: others)
        settled = ContiguousArray(repeating: nil, count: others)
    }

    /// How many have the same vote, this process included.
    var supporters: Int { 1 + votes.count { $0 == vote } }

    mutating func clear() {
        for position in votes.indices { votes[position] = nil }
    }
}

// Phase 0.
extension Zab {
    /// The vote for this process: the epoch and the end of its history.
    private var ownVote: Vote {
        Vote(
            epoch: options.mutation == .mergeEpochs ? acceptedEpoch : currentEpoch, zxid: history.lastZxid,
            candidate: id)
    }

    private func better(_ vote: Vote) -> Bool {
        options.mutation == .electByID
            ? vote.candidate > election.vote.candidate : vote > election.vote
    }

    /// Begins to look for a leader.
    mutating func look(at now: Now, effects: inout Effects<Self>) {
        role = isReplacement ? .observing : .looking
        phase = .election
        leader = nil
        // A snapshot that is complete on disk is taken over first: the vote is for what the disk holds.
        guard incoming == nil else { return }
        effects.count(.electionStarted)
        election.round += 1
        election.vote = ownVote
        election.clear()
        election.interval = options.heartbeatInterval
        for position in election.settled.indices { election.settled[position] = nil }
        tellVote(effects: &effects)
        effects.setTimer(ZabTimer.attempt, at: now.monotonic + election.interval)
        countVotes(at: now, effects: &effects)
    }

    private var notification: ZabMessage {
        .notification(Notification(round: election.round, role: role, vote: election.vote))
    }

    private func tellVote(effects: inout Effects<Self>) {
        for learner in learners { effects.send(notification, to: learner.id) }
    }

    /// Tells the vote again, ever more slowly: notifications can be lost.
    mutating func tellVoteAgain(at now: Now, effects: inout Effects<Self>) {
        guard incoming == nil else { return }
        tellVote(effects: &effects)
        election.interval = min(2 * election.interval, options.electionTimeout)
        effects.setTimer(ZabTimer.attempt, at: now.monotonic + election.interval)
        if role == .observing { introduce(effects: &effects) }
    }

    /// Another process's vote, or whom it follows.
    mutating func handle(_ message: Notification, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = position(of: from) else { return }
        let isAsking = message.role == .looking || message.role == .observing
        guard role == .looking || role == .observing else {
            if isAsking { effects.send(notification, to: from) }
            return
        }
        guard incoming == nil else { return }
        if isAsking {
            if role == .looking, message.role == .looking {
                weigh(message, position, at: now, effects: &effects)
            }
            return
        }
        election.settled[position] = message.vote.candidate
        joinIfSettled(message, at: now, effects: &effects)
    }

    private mutating func weigh(
        _ message: Notification, _ position: Int, at now: Now, effects: inout Effects<Self>
    ) {
        if message.round < election.round {
            return effects.send(notification, to: learners[position].id)
        }
        if message.round > election.round {
            election.round = message.round
            election.clear()
            election.vote = ownVote
            if better(message.vote) { election.vote = message.vote }
            tellVote(effects: &effects)
        } else if better(message.vote) {
            election.vote = message.vote
            tellVote(effects: &effects)
        }
        // A vote only rises in a round: one that was overtaken on the way says nothing.
        let known = election.votes[position]
        if known.map({ message.vote > $0 }) ?? true || options.mutation == .electByID {
            election.votes[position] = message.vote
        }
        countVotes(at: now, effects: &effects)
    }

    /// A leader that a quorum follows, or would like to, is joined; its own word must be among theirs. In which round
    /// each of them came to it says nothing: they needn't all have been in the same.
    private mutating func joinIfSettled(_ message: Notification, at now: Now, effects: inout Effects<Self>) {
        let leader = message.vote.candidate
        guard leader != id, let place = position(of: leader), election.settled[place] == leader,
            election.settled.count(where: { $0 == leader }) >= quorum
        else { return }
        election.round = message.round
        election.vote = message.vote
        follow(leader, at: now, effects: &effects)
    }

    /// All agree: that is it. A quorum agrees: a better vote may still be on its way.
    private mutating func countVotes(at now: Now, effects: inout Effects<Self>) {
        guard role == .looking else { return }
        let supporters = election.supporters
        if supporters == learners.count + 1 { return settle(at: now, effects: &effects) }
        if supporters >= quorum {
            effects.setTimer(ZabTimer.decision, at: now.monotonic + options.heartbeatInterval)
        } else {
            effects.cancelTimer(ZabTimer.decision)
        }
    }

    /// No better vote has come.
    mutating func decide(at now: Now, effects: inout Effects<Self>) {
        guard role == .looking, incoming == nil, election.supporters >= quorum else { return }
        settle(at: now, effects: &effects)
    }

    private mutating func settle(at now: Now, effects: inout Effects<Self>) {
        effects.cancelTimer(ZabTimer.decision)
        if election.vote.candidate == id {
            lead(at: now, effects: &effects)
        } else {
            follow(election.vote.candidate, at: now, effects: &effects)
        }
    }

    /// Gives up following or leading and looks for a leader again.
    @usableFromInline
    mutating func abandon(at now: Now, effects: inout Effects<Self>) {
        stopServing(effects: &effects)
        if role == .leading {
            if phase == .broadcast { effects.count(.leaderSteppedDown) }
            effects.cancelTimer(ZabTimer.heartbeat)
            for position in learners.indices { learners[position].stage = .absent }
        }
        if incoming?.complete == nil { incoming = nil }
        look(at: now, effects: &effects)
    }

    /// The time of a process that doesn't lead is up.
    mutating func attemptAgain(at now: Now, effects: inout Effects<Self>) {
        switch role {
        case .leading: break
        case .looking, .observing: tellVoteAgain(at: now, effects: &effects)
        case .following:
            let due = quietSince + options.electionTimeout
            if now.monotonic >= due { return abandon(at: now, effects: &effects) }
            if phase == .discovery {
                tellEpoch(effects: &effects)
                effects.setTimer(ZabTimer.attempt, at: min(due, now.monotonic + options.heartbeatInterval))
            } else {
                effects.setTimer(ZabTimer.attempt, at: due)
            }
        }
    }

    /// The connection to the leader is gone: it gets two heartbeats' time to come back.
    mutating func losePatience(at now: Now, effects: inout Effects<Self>) {
        let due = now.monotonic + 2 * options.heartbeatInterval
        guard due < quietSince + options.electionTimeout else { return }
        quietSince = due - options.electionTimeout
        effects.setTimer(ZabTimer.attempt, at: due)
    }
}
