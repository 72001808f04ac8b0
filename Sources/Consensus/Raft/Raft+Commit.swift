import ByteCoding
import ProtocolKit

// The commit rule (sections 5.3 and 5.4.2) and the application of what is committed.
extension Raft {
    /// Commits what a quorum holds durably, if it ends with an entry of the own term, and applies it.
    @inlinable
    mutating func advanceCommitIndex(effects: inout Effects<Self>) {
        let match = quorumMatch
        guard match > commitIndex, let term = log.term(at: match) else { return }
        guard term == currentTerm || options.mutation == .commitOldTerm else { return }
        commitIndex = match
        applyCommitted(effects: &effects)
        if !isSettled { settleMembership(effects: &effects) }
    }

    /// The highest index that a quorum holds durably.
    @inlinable
    var quorumMatch: LogIndex {
        if options.mutation == .acknowledgeBeforeQuorum { return durable.index }
        var best = matchReached(durable.index) ? durable.index : .zero
        for position in peers.indices {
            let match = peers[position].match
            if match > best && matchReached(match) { best = match }
        }
        return best
    }

    @inlinable
    func matchReached(_ index: LogIndex) -> Bool {
        isQuorum(withSelf: durable.index >= index) { peers[$0].match >= index }
    }

    /// Applies every committed entry that isn't yet, and answers whoever waits for it.
    @inlinable
    mutating func applyCommitted(effects: inout Effects<Self>) {
        while lastApplied < commitIndex {
            let index = LogIndex(lastApplied.rawValue &+ 1)
            let record = log[index]
            switch record.kind {
            case EntryKind.command.rawValue:
                let response = machine.apply(record.payload, at: index)
                if let token = pending.take(index) { effects.reply(response, to: token) }
                if !pending.overwritten.isEmpty { settleOverwritten(record, response, effects: &effects) }
                hasCommandsSinceTick = true
                if role == .leader, index > termStart { uncommittedBytes &-= record.payload.count }
            case EntryKind.tick.rawValue: machine.applyTick(record.payload)
            case EntryKind.configuration.rawValue: configurations.commit(through: index)
            default: break
            }
            if !pending.overwritten.isEmpty { settleOverwritten(record, nil, effects: &effects) }
            bytesSinceSnapshot &+= record.payload.count &+ 32
            lastApplied = index
        }
    }

    /// Answers those whose entry was overwritten here: it came back by another leader, or another took its place.
    @usableFromInline
    mutating func settleOverwritten(_ record: LogRecord, _ response: Response?, effects: inout Effects<Self>) {
        let settled = pending.settle(record.index, term: record.tag)
        if let response {
            for token in settled.committed { effects.reply(response, to: token) }
        }
        for token in settled.lost { redirect(token, effects: &effects) }
    }
}
