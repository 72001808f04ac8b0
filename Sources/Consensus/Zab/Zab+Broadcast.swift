import ByteCoding
import ProtocolKit

// Phase 3 at the leader.
extension Zab {
    /// Gives a transaction the next identifier and appends it to the own history.
    @inlinable
    mutating func propose(_ kind: EntryKind, _ payload: Bytes, effects: inout Effects<Self>) {
        leading.counter &+= 1
        let zxid = Zxid(epoch: currentEpoch, counter: leading.counter)
        let index = LogIndex(history.lastIndex.rawValue &+ 1)
        let record = LogRecord(index: index, tag: zxid.rawValue, kind: kind.rawValue, payload: payload)
        effects.append(record)
        history.append(record)
    }

    /// Whether there is room for another proposal.
    @inlinable
    var hasRoom: Bool {
        history.lastIndex.rawValue &- commitIndex.rawValue < UInt64(options.maximumUncommittedEntries)
            && leading.uncommittedBytes < options.maximumUncommittedBytes && leading.counter < Zxid.largestCounter
    }

    /// Sends every follower the proposals that it lacks, and the commits that can't wait for proposals to ride on.
    @inlinable
    mutating func broadcast(at now: Now, effects: inout Effects<Self>) {
        guard phase != .discovery else { return }
        if phase == .broadcast, reads.isDue { beginRound(effects: &effects) }
        let last = history.lastIndex
        // Followers that are equally far share one array of transactions.
        var first = LogIndex.zero
        var transactions = ContiguousArray<LogRecord>()
        for position in learners.indices where learners[position].stage == .streaming {
            while learners[position].next <= last, !learners[position].inFlight.isFull {
                let next = learners[position].next
                if next != first {
                    guard next > history.base.index else {
                        beginTransfer(to: position, at: now, effects: &effects)
                        break
                    }
                    transactions = history.transactions(
                        from: next, through: last, count: options.batchEntries, bytes: options.batchBytes)
                    first = next
                }
                sendProposals(transactions, to: position, effects: &effects)
            }
            guard learners[position].stage == .streaming else { continue }
            if !learners[position].isNewLeaderSent, learners[position].next > learners[position].newLeader.index {
                tellNewLeader(to: position, effects: &effects)
            }
            if isCommitDue(position) { tellCommit(to: position, effects: &effects) }
        }
        if learners.isEmpty, phase == .broadcast { confirmRounds(effects: &effects) }
    }

    /// A commit goes alone where a client of the follower waits for it, or where nothing follows that it could ride on.
    @inlinable
    func isCommitDue(_ position: Int) -> Bool {
        guard phase == .broadcast, learners[position].hasAcknowledgedNewLeader,
            learners[position].toldCommitted < commitIndex || !learners[position].isToldEstablished
        else { return false }
        return commitIndex == history.lastIndex || learners[position].lastOwn > learners[position].toldCommitted
            || !learners[position].isToldEstablished
    }

    @inlinable
    mutating func tellCommit(to position: Int, effects: inout Effects<Self>) {
        learners[position].toldCommitted = commitIndex
        learners[position].isToldEstablished = true
        effects.send(.commit(bond(position), commitIndex), to: learners[position].id)
    }

    /// The commit that may ride on a message now.
    @inlinable
    var commitToTell: LogIndex? { phase == .broadcast ? commitIndex : nil }

    @inlinable
    mutating func sendProposals(
        _ transactions: ContiguousArray<LogRecord>, to position: Int, effects: inout Effects<Self>
    ) {
        let index = learners[position].next.previous
        guard let zxid = history.zxid(at: index) else { return }
        let message = Propose(
            bond: bond(position), previous: HistoryPoint(index: index, zxid: zxid), committed: commitToTell,
            own: learners[position].own.take(after: index, count: transactions.count), transactions: transactions)
        effects.send(.propose(message), to: learners[position].id, after: hardStateTicket)
        if phase == .broadcast { learners[position].toldCommitted = commitIndex }
        let last = LogIndex(index.rawValue &+ UInt64(transactions.count))
        learners[position].next = last.next
        learners[position].inFlight.append(last)
    }

    /// ACK.
    @inlinable
    mutating func handle(_ message: Acknowledge, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = bound(message.bond, from: from, at: now) else { return }
        acknowledged(position, message.index, effects: &effects)
        // One rewind mends a gap: the messages that were under way find it, too.
        if message.isGap, learners[position].stage == .streaming, learners[position].mended != message.index.next {
            learners[position].mended = message.index.next
            learners[position].rewind()
        }
    }

    /// A follower has the history up to an index, durably.
    @inlinable
    mutating func acknowledged(_ position: Int, _ index: LogIndex, effects: inout Effects<Self>) {
        // Nobody can hold more than was sent: such an answer is another cluster's.
        guard phase != .discovery, index <= history.lastIndex else { return }
        learners[position].isInLine = true
        guard index > learners[position].match else { return }
        learners[position].match = index
        learners[position].inFlight.free(through: index)
        learners[position].own.removeAll(through: index)
        if learners[position].next <= index {
            learners[position].next = index.next
            learners[position].own.rewind(to: index.next)
        }
        advance(effects: &effects)
    }

    /// Commits what a quorum has acknowledged.
    @inlinable
    mutating func advance(effects: inout Effects<Self>) {
        guard phase == .broadcast else { return }
        let index = quorumIndex
        guard index > commitIndex else { return }
        commitIndex = index
        applyCommitted(effects: &effects)
    }

    /// The highest index that a quorum, counting the leader's own durable history, has acknowledged.
    @inlinable
    var quorumIndex: LogIndex {
        if options.mutation == .commitWithoutQuorum { return durable.index }
        var best = isQuorum(at: durable.index) ? durable.index : .zero
        for learner in learners where learner.isFollowing && learner.match > best && isQuorum(at: learner.match) {
            best = learner.match
        }
        return best
    }

    @inlinable
    func isQuorum(at index: LogIndex) -> Bool {
        var count = durable.index >= index ? 1 : 0
        for learner in learners where learner.isFollowing && learner.match >= index { count &+= 1 }
        return count >= quorum
    }

    /// Shows every follower that the leader lives, and says again what wasn't answered.
    mutating func heartbeat(at now: Now, effects: inout Effects<Self>) {
        guard role == .leading else { return }
        guard hasQuorumContact(at: now), leading.counter < Zxid.largestCounter else {
            return abandon(at: now, effects: &effects)
        }
        if phase == .broadcast { tick(at: now, effects: &effects) }
        for position in learners.indices { repeatSynchronisation(position, at: now, effects: &effects) }
        if leading.epoch != nil { pingAll(effects: &effects) }
        effects.setTimer(ZabTimer.heartbeat, at: now.monotonic + options.heartbeatInterval)
    }

    /// Whether a quorum follows, or has had no time to begin with it.
    private func hasQuorumContact(at now: Now) -> Bool {
        if leading.since + options.electionTimeout > now.monotonic { return true }
        let count = learners.count { $0.isCounted && $0.contact + options.electionTimeout > now.monotonic }
        return 1 + count >= quorum
    }

    /// Puts the leader's wall clock into the history when commands have been applied since it was last there: sessions
    /// expire by it, the same on every process. An idle cluster stays silent.
    private mutating func tick(at now: Now, effects: inout Effects<Self>) {
        guard leading.hasCommandsSinceTick, now.monotonic >= leading.lastTickAt + Tick.interval, hasRoom else { return }
        leading.hasCommandsSinceTick = false
        leading.lastTickAt = now.monotonic
        propose(.tick, Tick.payload(at: now), effects: &effects)
    }
}
