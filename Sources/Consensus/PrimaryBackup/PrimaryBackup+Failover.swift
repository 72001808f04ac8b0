import ProtocolKit

// How a silent primary is replaced: first a question that disturbs nobody, then the promises of a majority.
extension PrimaryBackup {
    /// Begins a new timeout, drawn from the shortest up to twice as much.
    mutating func restartFailoverTimer(at now: Now, effects: inout Effects<Self>) {
        quietSince = now.monotonic
        patience = options.timeout + random.below(options.timeout)
        effects.setTimer(PrimaryBackupTimer.failover, at: quietSince + patience)
    }

    /// The timer isn't moved with every message: when it fires, it looks how long it has been quiet.
    mutating func failoverTimerFired(at now: Now, effects: inout Effects<Self>) {
        guard role != .primary else { return }
        let due = quietSince + patience
        guard now.monotonic >= due else { return effects.setTimer(PrimaryBackupTimer.failover, at: due) }
        if isReplacement {
            // It can't replace the primary, but it mustn't send clients to a silent one for ever.
            primary = nil
            return restartFailoverTimer(at: now, effects: &effects)
        }
        ask(at: now, effects: &effects)
    }

    /// Another candidate found that this node has the better log.
    mutating func nominated(at now: Now, effects: inout Effects<Self>) {
        guard role == .backup, !isReplacement, !isLoyal(at: now) else { return }
        ask(at: now, effects: &effects)
    }

    /// Asks who would follow, and with what log: a node that was cut off can't disturb the others that way.
    mutating func ask(at now: Now, effects: inout Effects<Self>) {
        role = .asking
        primary = nil
        requestPromises(at: now, effects: &effects)
        promises[place] = ownPromise(isProbe: true)
        evaluate(at: now, effects: &effects)
    }

    /// Begins an epoch with the promise to itself, and asks for the others'; the own one counts once it is durable.
    private mutating func campaign(at now: Now, effects: inout Effects<Self>) {
        role = .candidate
        primary = nil
        promised = nextEpoch
        highestEpoch = promised
        writeHardState(effects: &effects)
        effects.count(.electionStarted)
        requestPromises(at: now, effects: &effects)
    }

    private mutating func requestPromises(at now: Now, effects: inout Effects<Self>) {
        for place in promises.indices { promises[place] = nil }
        hasNominated = false
        restartFailoverTimer(at: now, effects: &effects)
        let isProbe = role == .asking
        let message = PromiseRequest(epoch: isProbe ? nextEpoch : promised, isProbe: isProbe)
        for peer in peers { effects.send(.promiseRequest(message), to: peer.id, after: hardStateTicket) }
    }

    /// The lowest epoch above all known ones that this node may begin.
    private var nextEpoch: ViewEpoch {
        let count = UInt64(nodes.count)
        let lowest = max(promised, highestEpoch, accepted.number.epoch).rawValue + 1
        return ViewEpoch(lowest + (UInt64(place) + count - lowest % count) % count)
    }

    private func ownPromise(isProbe: Bool) -> ViewPromise {
        ViewPromise(epoch: promised, isProbe: isProbe, promised: promised, view: accepted, end: end)
    }

    /// Where the own log ends.
    var end: LogEnd { LogEnd(epoch: log.lastTerm, index: log.lastIndex) }

    /// Whether this node is the primary, or has heard from a current one within the shortest timeout. One that restarted
    /// counts as having heard at its start, since it may have promised a lease before.
    func isLoyal(at now: Now) -> Bool {
        if role == .primary { return true }
        guard let heardAt else { return false }
        return now.monotonic < heardAt + options.timeout
    }

    /// A candidate's request.
    mutating func handle(_ message: PromiseRequest, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard !isReplacement, owner(of: message.epoch) == from else { return }
        // A lease relies on this. The primary itself may ask at any time.
        guard !isLoyal(at: now) || role != .primary && primary == from else { return }
        if !message.isProbe, message.epoch > promised {
            follow(message.epoch, at: now, effects: &effects)
            restartFailoverTimer(at: now, effects: &effects)
        }
        let answer = ViewPromise(
            epoch: message.epoch, isProbe: message.isProbe, promised: promised, view: accepted, end: end)
        effects.send(.promise(answer), to: from, after: hardStateTicket)
    }

    /// A node's answer.
    mutating func handle(_ message: ViewPromise, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let sender = place(of: from), message.view.members.isSubset(of: .all(nodes.count)) else { return }
        highestEpoch = max(highestEpoch, message.promised)
        switch role {
        case .asking:
            guard message.isProbe else { return }
        case .candidate:
            guard !message.isProbe, message.epoch == promised else { return }
            // Refused: another candidate was quicker. The timer decides who tries again first.
            guard message.promised == promised else { return role = .backup }
        case .primary:
            return welcome(message, sender)
        case .backup: return
        }
        promises[sender] = message
        evaluate(at: now, effects: &effects)
    }

    /// Once a majority has answered: goes on if no better candidate is among them, or else tells the better one.
    mutating func evaluate(at now: Now, effects: inout Effects<Self>) {
        guard promises[place] != nil, promises.count(where: { $0 != nil }) >= majority else { return }
        guard let best = bestCandidate() else { return }
        guard best != place else {
            return role == .asking ? campaign(at: now, effects: &effects) : takeOffice(at: now, effects: &effects)
        }
        guard !hasNominated else { return }
        hasNominated = true
        effects.send(.nomination, to: nodes[best])
    }

    /// Of the members of the newest view that anyone has accepted, the one whose log is ahead; this node if none is
    /// ahead of it; nil when no member has answered.
    private func bestCandidate() -> Int? {
        let members = newestView.members
        var best: Int?
        var bestEnd = LogEnd(epoch: .zero, index: .zero)
        func consider(_ candidate: Int) {
            guard let promise = promises[candidate] else { return }
            guard members.contains(candidate) || options.mutation == .staleCandidate else { return }
            let isAhead = options.mutation == .shortestLogWins ? promise.end < bestEnd : promise.end > bestEnd
            if best == nil || isAhead { (best, bestEnd) = (candidate, promise.end) }
        }
        consider(place)
        for candidate in nodes.indices where candidate != place { consider(candidate) }
        return best
    }

    private var newestView: View {
        var newest = accepted
        for promise in promises {
            if let view = promise?.view, view.number > newest.number { newest = view }
        }
        return newest
    }

    /// Becomes the primary of the promised epoch. An entry without content brings the others' logs into line.
    private mutating func takeOffice(at now: Now, effects: inout Effects<Self>) {
        let last = newestView
        predecessor = last.number.epoch == .zero ? nil : owner(of: last.number.epoch)
        complete = MemberSet()
        for candidate in nodes.indices where promises[candidate] != nil && last.members.contains(candidate) {
            complete.insert(candidate)
        }
        complete.insert(place)
        role = .primary
        primary = id
        view = nil
        proposed = nil
        reads = ReadQueue()
        unansweredBytes = 0
        if incoming?.complete == nil { incoming = nil }
        owesAnswer = false
        lastTickAt = now.monotonic
        for position in peers.indices {
            peers[position] = BackupProgress(id: peers[position].id, window: options.window)
            peers[position].next = log.lastIndex.next
            peers[position].contact = now.monotonic
            standings[position] = Standing()
            standings[position].progressAt = now.monotonic
            standings[position].isEligible = promises[place(ofPeer: position)] != nil
        }
        epochStart = log.lastIndex.next
        appendEntry(.noOperation, .init(), effects: &effects)
        heartbeat(at: now, effects: &effects)
    }

    /// A promise that came after office was taken: the node is complete all the same if it was in the last view. Which
    /// view that was is known from the majority's answers.
    private mutating func welcome(_ message: ViewPromise, _ sender: Int) {
        guard !message.isProbe, message.epoch == promised, message.promised == promised else { return }
        guard view == nil, proposed == nil, newestView.members.contains(sender) else { return }
        complete.insert(sender)
        if let position = position(of: nodes[sender]) { standings[position].isEligible = true }
    }

    /// Follows an epoch that is later than the promised one; who its primary is isn't known to hold office yet.
    @usableFromInline
    mutating func follow(_ epoch: ViewEpoch, at now: Now, effects: inout Effects<Self>) {
        promised = epoch
        highestEpoch = max(highestEpoch, epoch)
        writeHardState(effects: &effects)
        primary = nil
        owesAnswer = false
        matchToAnswer = .zero
        roundToAnswer = 0
        answeredRound = 0
        // A snapshot that is complete is on its way to the disk and stays good; a part of one is of no more use.
        if incoming?.complete == nil { incoming = nil }
        if role == .primary {
            stepDown(at: now, effects: &effects)
        } else {
            role = .backup
        }
    }

    /// Another epoch is promised somewhere: this primary's is over there. It stands again at once, in a later epoch.
    mutating func outbid(by epoch: ViewEpoch, at now: Now, effects: inout Effects<Self>) {
        guard epoch > promised else { return }
        highestEpoch = max(highestEpoch, epoch)
        if role == .candidate { role = .backup }
        guard role == .primary else { return }
        stepDown(at: now, effects: &effects)
        ask(at: now, effects: &effects)
    }

    /// Ceases to be primary. Reads are sent away; commands keep waiting, because they may still be committed.
    mutating func stepDown(at now: Now, effects: inout Effects<Self>) {
        role = .backup
        primary = nil
        view = nil
        proposed = nil
        effects.count(.leaderSteppedDown)
        effects.cancelTimer(PrimaryBackupTimer.heartbeat)
        refuseReads(effects: &effects)
        for position in peers.indices { peers[position].transfer = nil }
        restartFailoverTimer(at: now, effects: &effects)
    }
}
