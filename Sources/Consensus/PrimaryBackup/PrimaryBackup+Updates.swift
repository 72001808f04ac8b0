import ProtocolKit

// The primary's side: entries to the backups, and to the nodes that are to become backups.
extension PrimaryBackup {
    /// Sends every node what it lacks and may be sent now, and the current round to whoever hasn't got it.
    @inlinable
    mutating func ship(at now: Now, effects: inout Effects<Self>) {
        if reads.isRoundDue, isCaughtUp { beginRound(at: now, effects: &effects) }
        // An asynchronous primary ships what it has answered; a synchronous one writes in parallel with its backups.
        let last = options.isSynchronous ? log.lastIndex : durable.index
        // Nodes that are equally far share one array of entries.
        var first = LogIndex.zero
        var entries = ContiguousArray<LogRecord>()
        for position in peers.indices {
            while isReady(position), peers[position].next <= last {
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
                sendUpdate(entries, to: position, effects: &effects)
            }
            if peers[position].sentRound < reads.round { sendUpdate([], to: position, effects: &effects) }
        }
        if peers.isEmpty { confirmRounds(at: now, effects: &effects) }
    }

    /// Whether entries may be sent to a node now.
    @inlinable
    func isReady(_ position: Int) -> Bool {
        guard !options.isSynchronous, peers[position].mode == .replicate else { return peers[position].isReady }
        return shippedEntries(position) < UInt64(options.maximumShippedEntries)
    }

    /// Entries that have left for a node and aren't known to be there.
    @inlinable
    func shippedEntries(_ position: Int) -> UInt64 {
        peers[position].next.rawValue &- peers[position].match.rawValue &- 1
    }

    @inlinable
    mutating func sendUpdate(
        _ entries: ContiguousArray<LogRecord>, to position: Int, effects: inout Effects<Self>
    ) {
        let previous = peers[position].previous
        // An empty message to a node whose next entry is compacted away claims nothing about its log.
        let known = log.term(at: previous)
        let message = Update(
            epoch: promised, previousIndex: known == nil ? .zero : previous, previousEpoch: known ?? .zero,
            commitIndex: commitIndex, round: reads.round, wantsAnswer: wantsAnswer(position), entries: entries)
        effects.send(.update(message), to: peers[position].id, after: hardStateTicket)
        peers[position].sentRound = reads.round
        guard !entries.isEmpty else { return }
        let last = LogIndex(previous.rawValue &+ UInt64(entries.count))
        if !options.isSynchronous, peers[position].mode == .replicate {
            peers[position].next = last.next
        } else {
            peers[position].sent(through: last)
        }
    }

    /// An asynchronous primary hears of its backups by the heartbeats, unless much is under way.
    @inlinable
    func wantsAnswer(_ position: Int) -> Bool {
        options.isSynchronous || peers[position].mode != .replicate || peers[position].sentRound < reads.round
            || shippedEntries(position) > UInt64(options.maximumShippedEntries / 2)
    }

    /// A node's answer.
    @inlinable
    mutating func handle(
        _ message: UpdateAnswer, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .primary, message.epoch == promised, let position = position(of: from) else { return }
        if message.isEligible {
            // From before it lost its disk: it doesn't hold that any more.
            guard !standings[position].isReplacement else { return }
            peers[position].contact = now.monotonic
            standings[position].isEligible = true
        } else if !standings[position].isReplacement {
            replaced(position)
        }
        switch message.outcome {
        case .matched(let match): matched(position, match, at: now, effects: &effects)
        case .conflict(let previous, let epoch, let index):
            standings[position].progressAt = now.monotonic
            // It has lost its disk once more, while it was being put together.
            if !message.isEligible, index <= peers[position].match { return replaced(position) }
            backtrack(position, previous, epoch, index, at: now, effects: &effects)
        }
        if message.isEligible, message.round > peers[position].acknowledgedRound {
            peers[position].acknowledgedRound = min(message.round, reads.round)
            confirmRounds(at: now, effects: &effects)
        }
    }

    /// A node has lost its disk: what it was known to hold it holds no longer, and its word doesn't count.
    @usableFromInline
    mutating func replaced(_ position: Int) {
        standings[position].isReplacement = true
        standings[position].isEligible = false
        peers[position] = BackupProgress(id: peers[position].id, window: options.window)
        peers[position].next = log.lastIndex.next
        peers[position].sentRound = reads.round
    }

    /// A node's log agrees through an index, durably.
    @inlinable
    mutating func matched(_ position: Int, _ match: LogIndex, at now: Now, effects: inout Effects<Self>) {
        // Nobody can hold more than was sent: such an answer is another cluster's.
        guard match <= log.lastIndex else { return }
        if match > peers[position].match {
            peers[position].match = match
            peers[position].inFlight.free(through: match)
            if peers[position].next <= match { peers[position].next = match.next }
            if peers[position].mode == .probe { peers[position].replicate() }
            standings[position].progressAt = now.monotonic
            standings[position].isGivenUp = false
            advance(effects: &effects)
            if view == nil, proposed == nil { reviewMembership(at: now, effects: &effects) }
        } else if match == peers[position].match {
            if match == log.lastIndex { standings[position].progressAt = now.monotonic }
            if peers[position].mode == .probe, match == peers[position].previous { peers[position].replicate() }
        }
    }

    /// Conflict back-tracking by whole epochs: the next probe starts after the primary's last entry of the conflicting
    /// epoch, or at the other's first.
    @usableFromInline
    mutating func backtrack(
        _ position: Int, _ previous: LogIndex, _ conflictEpoch: ViewEpoch, _ conflictIndex: LogIndex, at now: Now,
        effects: inout Effects<Self>
    ) {
        let peer = peers[position]
        // An answer to a message that later ones have overtaken says nothing new.
        guard peer.mode != .snapshot, previous > peer.match, previous <= log.lastIndex else { return }
        guard peer.mode == .replicate || previous == peer.previous else { return }
        var guess = conflictIndex
        if conflictEpoch != .zero, let last = log.lastIndex(ofTerm: conflictEpoch) { guess = last.next }
        peers[position].probe(from: min(guess, previous))
        if peers[position].next <= log.baseIndex, log.term(at: peers[position].previous) == nil {
            beginTransfer(to: position, at: now, effects: &effects)
        }
    }

    /// Shows every node that the primary lives; the round that this begins renews the lease.
    mutating func heartbeat(at now: Now, effects: inout Effects<Self>) {
        guard role == .primary else { return }
        guard hasMajorityContact(at: now) else { return stepDown(at: now, effects: &effects) }
        tick(at: now, effects: &effects)
        beginRound(at: now, effects: &effects)
        for position in peers.indices {
            peers[position].isProbing = false
            // All that is under way to it may be lost, and no answer can say so: what precedes it is compacted away.
            if peers[position].mode == .replicate, peers[position].next <= log.baseIndex {
                beginTransfer(to: position, at: now, effects: &effects)
            }
            if options.mutation == .dropWithoutViewChange {
                standings[position].isGivenUp = standings[position].progressAt + options.timeout / 2 <= now.monotonic
            }
            retryTransfer(to: position, at: now, effects: &effects)
        }
        reviewMembership(at: now, effects: &effects)
        advance(effects: &effects)
        ship(at: now, effects: &effects)
        effects.setTimer(PrimaryBackupTimer.heartbeat, at: now.monotonic + options.heartbeatInterval)
    }

    /// Whether a majority has been heard from within a timeout: a primary that was cut off stops serving.
    private func hasMajorityContact(at now: Now) -> Bool {
        var count = 1
        for peer in peers where peer.contact + options.timeout > now.monotonic { count += 1 }
        return count >= majority
    }
}
