import ProtocolKit

// The receiver's side of updates.
extension PrimaryBackup {
    /// A primary's entries or heartbeat.
    @inlinable
    mutating func handle(_ message: Update, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard owner(of: message.epoch) == from, from != id else { return }
        guard heed(message.epoch, from: from, at: now, effects: &effects) else { return }
        epochToAnswer = message.epoch
        guard let match = merge(message, from: from, effects: &effects) else { return }
        if match > matchToAnswer { matchToAnswer = match }
        if message.round > roundToAnswer { roundToAnswer = message.round }
        if message.wantsAnswer { owesAnswer = true }
        let committed = min(message.commitIndex, match)
        if committed > commitIndex {
            commitIndex = committed
            apply(effects: &effects)
        }
    }

    /// Brings the log in line with the primary's. Returns the index through which they agree, nil if they don't.
    @inlinable
    mutating func merge(_ message: Update, from: NodeID, effects: inout Effects<Self>) -> LogIndex? {
        let match = LogIndex(message.previousIndex.rawValue &+ UInt64(message.entries.count))
        guard message.previousIndex == log.lastIndex, message.previousEpoch == log.lastTerm else {
            return mergeOverlapping(message, from: from, effects: &effects)
        }
        for entry in message.entries {
            effects.append(entry)
            log.append(entry)
        }
        return match
    }

    /// The entries don't simply continue the log: some are there already, some conflict, or there is a gap.
    @usableFromInline
    mutating func mergeOverlapping(_ message: Update, from: NodeID, effects: inout Effects<Self>) -> LogIndex? {
        let match = LogIndex(message.previousIndex.rawValue + UInt64(message.entries.count))
        // What is compacted away was committed, so the primary has the same.
        guard match > log.baseIndex else { return match }
        if message.previousIndex >= log.baseIndex {
            guard log.term(at: message.previousIndex) == message.previousEpoch else {
                reject(message, from: from, effects: &effects)
                return nil
            }
        }
        for entry in message.entries where entry.index > log.baseIndex {
            if let epoch = log.term(at: entry.index) {
                // Only a real conflict truncates: an old message must not remove what a newer one has brought.
                if epoch.rawValue == entry.tag { continue }
                guard entry.index > commitIndex else {
                    halt("the primary's entry \(entry.index) conflicts with a committed one", effects: &effects)
                    return nil
                }
                truncate(from: entry.index, effects: &effects)
            }
            effects.append(entry)
            log.append(entry)
        }
        return match
    }

    private mutating func truncate(from index: LogIndex, effects: inout Effects<Self>) {
        pending.truncate(from: index, of: log)
        log.truncate(from: index)
        durable.truncate(from: index)
        effects.truncateSuffix(from: index)
        if matchToAnswer >= index { matchToAnswer = index.previous }
        if let mark = frozen?.mark, mark.index >= index { frozen = nil }
        // For an asynchronous primary of the past, these were acknowledged: they are lost, and it takes them back.
        if lastApplied >= index { rollBack(effects: &effects) }
        effects.count(.conflictTruncated)
    }

    /// The logs differ before the entries: says where, by whole epochs.
    private func reject(_ message: Update, from: NodeID, effects: inout Effects<Self>) {
        let conflictEpoch = log.term(at: message.previousIndex)
        let conflictIndex = conflictEpoch.map { max(log.firstIndex(withTermAtLeast: $0), commitIndex.next) }
        let outcome = UpdateAnswer.Outcome.conflict(
            previousIndex: message.previousIndex, conflictEpoch: conflictEpoch ?? .zero,
            conflictIndex: conflictIndex ?? log.lastIndex.next)
        let answer = UpdateAnswer(
            epoch: message.epoch, round: isReplacement ? 0 : message.round, isEligible: !isReplacement,
            outcome: outcome)
        effects.send(.updateAnswer(answer), to: from, after: hardStateTicket)
    }

    /// Answers the turn's updates with one message, which leaves when everything it vouches for is durable.
    ///
    /// A new round is answered at once where that would have to wait for a sync: that this node still follows needs no
    /// disk, and reads wait for it.
    @inlinable
    mutating func answer(effects: inout Effects<Self>) {
        owesAnswer = false
        guard let primary, role == .backup else { return }
        var ticket = hardStateTicket
        if matchToAnswer > durable.index, options.mutation != .skipSync {
            if roundToAnswer > answeredRound {
                sendMatch(min(durable.index, matchToAnswer), to: primary, after: ticket, effects: &effects)
            }
            ticket = effects.lastTicket
        }
        sendMatch(matchToAnswer, to: primary, after: ticket, effects: &effects)
        answeredRound = roundToAnswer
    }

    @inlinable
    func sendMatch(_ match: LogIndex, to primary: NodeID, after ticket: Ticket, effects: inout Effects<Self>) {
        let answer = UpdateAnswer(
            epoch: epochToAnswer, round: isReplacement ? 0 : roundToAnswer, isEligible: !isReplacement,
            outcome: .matched(match))
        effects.send(.updateAnswer(answer), to: primary, after: ticket)
    }
}
