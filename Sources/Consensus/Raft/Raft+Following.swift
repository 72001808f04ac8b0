import ProtocolKit

// The receiver's side of AppendEntries (figure 2).
extension Raft {
    /// A leader's entries or heartbeat.
    @inlinable
    mutating func handle(
        _ message: AppendEntries, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard position(of: from) != nil else { return }
        guard message.term >= currentTerm else { return refuse(from, effects: &effects) }
        if message.term > currentTerm || role != .follower {
            // There is one leader a term (section 5.2): a second one isn't listened to.
            guard role != .leader || message.term > currentTerm else { return }
            follow(message.term, at: now, effects: &effects)
        }
        if leader != from { learn(leader: from, effects: &effects) }
        heardAt = now.monotonic
        quietSince = now.monotonic
        guard let match = merge(message, from: from, effects: &effects) else { return }
        if match > matchToAcknowledge { matchToAcknowledge = match }
        if message.round > roundToAcknowledge { roundToAcknowledge = message.round }
        owesAcknowledgement = true
        let committed = min(message.commitIndex, match)
        if committed > commitIndex {
            commitIndex = committed
            applyCommitted(effects: &effects)
        }
    }

    /// Brings the log in line with the leader's. Returns the index through which they agree, nil if they don't.
    @inlinable
    mutating func merge(_ message: AppendEntries, from: NodeID, effects: inout Effects<Self>) -> LogIndex? {
        let match = LogIndex(message.previousIndex.rawValue &+ UInt64(message.entries.count))
        guard message.previousIndex == log.lastIndex, message.previousTerm == log.lastTerm else {
            return mergeOverlapping(message, from: from, effects: &effects)
        }
        for entry in message.entries { take(entry, effects: &effects) }
        return match
    }

    @inlinable
    @inline(__always)
    mutating func take(_ entry: LogRecord, effects: inout Effects<Self>) {
        effects.append(entry)
        log.append(entry)
        if entry.kind == EntryKind.configuration.rawValue { adopt(entry) }
    }

    /// The entries don't simply continue the log: some are there already, some conflict, or there is a gap.
    @usableFromInline
    mutating func mergeOverlapping(
        _ message: AppendEntries, from: NodeID, effects: inout Effects<Self>
    ) -> LogIndex? {
        let match = LogIndex(message.previousIndex.rawValue + UInt64(message.entries.count))
        // What is compacted away was committed and applied, so the leader has the same.
        guard match > log.baseIndex else { return match }
        if message.previousIndex >= log.baseIndex {
            guard log.term(at: message.previousIndex) == message.previousTerm else {
                reject(message, from: from, effects: &effects)
                return nil
            }
        }
        for entry in message.entries where entry.index > log.baseIndex {
            if let term = log.term(at: entry.index) {
                // Only a real conflict truncates: an old message must not remove what a newer one has brought.
                if term.rawValue == entry.tag, options.mutation != .truncateAlways || entry.index <= commitIndex {
                    continue
                }
                if options.mutation == .noTruncate { continue }
                guard entry.index > commitIndex else {
                    halt("the leader's entry \(entry.index) conflicts with a committed one", effects: &effects)
                    return nil
                }
                truncate(from: entry.index, effects: &effects)
            }
            take(entry, effects: &effects)
        }
        return match
    }

    private mutating func truncate(from index: LogIndex, effects: inout Effects<Self>) {
        pending.truncate(from: index, of: log)
        log.truncate(from: index)
        durable.truncate(from: index)
        if configurations.truncate(from: index) { configurationChanged() }
        effects.truncateSuffix(from: index)
        effects.count(.conflictTruncated)
    }

    /// The logs differ before the entries: says where, by whole terms.
    private func reject(_ message: AppendEntries, from: NodeID, effects: inout Effects<Self>) {
        let conflictTerm = log.term(at: message.previousIndex)
        let conflictIndex = conflictTerm.map { max(log.firstIndex(withTermAtLeast: $0), commitIndex.next) }
        let outcome = AppendResponse.Outcome.conflict(
            previousIndex: message.previousIndex, conflictTerm: conflictTerm ?? .zero,
            conflictIndex: conflictIndex ?? log.lastIndex.next)
        effects.send(
            .appendResponse(AppendResponse(term: currentTerm, round: message.round, outcome: outcome, birth: birth)),
            to: from,
            after: hardStateTicket)
    }

    /// A deposed leader learns of the new term.
    @usableFromInline
    func refuse(_ deposed: NodeID, effects: inout Effects<Self>) {
        effects.send(
            .appendResponse(AppendResponse(term: currentTerm, round: 0, outcome: .matched(.zero), birth: birth)),
            to: deposed,
            after: hardStateTicket)
    }

    /// Answers the turn's AppendEntries with one message, which leaves when everything it vouches for is durable.
    ///
    /// A new round is answered at once where that would have to wait for a sync: that this server still follows needs
    /// no disk, and reads wait for it.
    @inlinable
    mutating func acknowledge(effects: inout Effects<Self>) {
        owesAcknowledgement = false
        guard let leader, role == .follower else { return }
        var ticket = hardStateTicket
        if matchToAcknowledge > durable.index, options.mutation != .skipSync {
            if roundToAcknowledge > acknowledgedRound {
                sendMatch(min(durable.index, matchToAcknowledge), to: leader, after: ticket, effects: &effects)
            }
            ticket = effects.lastTicket
        }
        sendMatch(matchToAcknowledge, to: leader, after: ticket, effects: &effects)
        acknowledgedRound = roundToAcknowledge
    }

    @inlinable
    func sendMatch(
        _ match: LogIndex, to leader: NodeID, after ticket: Ticket, effects: inout Effects<Self>
    ) {
        effects.send(
            .appendResponse(
                AppendResponse(term: currentTerm, round: roundToAcknowledge, outcome: .matched(match), birth: birth)),
            to: leader, after: ticket)
    }
}
