import ByteCoding
import ProtocolKit

// What may be acknowledged, and its application.
extension PrimaryBackup {
    /// Commits what all members hold durably, applies what may be acknowledged, and answers for it.
    @inlinable
    mutating func advance(effects: inout Effects<Self>) {
        guard let view else { return }
        let held = heldByAll(view)
        if held > commitIndex { commitIndex = held }
        apply(effects: &effects)
    }

    /// The last index that all members of the view in force, and of the one that is proposed, hold durably: while a view
    /// is being agreed, each of the two may turn out to be the one that a later primary comes from.
    @inlinable
    func heldByAll(_ view: View) -> LogIndex {
        var held = durable.index
        if options.mutation == .acknowledgeBeforeBackups, options.isSynchronous { return held }
        let members = proposed.map { view.members.union($0.members) } ?? view.members
        for position in peers.indices where peers[position].match < held {
            if standings[position].isGivenUp { continue }
            if members.contains(place(ofPeer: position)) { held = peers[position].match }
        }
        return held
    }

    /// The last index that may be applied: an asynchronous primary acknowledges what only its own disk has.
    @inlinable
    var applicable: LogIndex {
        guard !options.isSynchronous, role == .primary, view != nil else { return commitIndex }
        return max(commitIndex, durable.index)
    }

    /// Applies every entry that may be and isn't yet, and answers whoever waits for it.
    @inlinable
    mutating func apply(effects: inout Effects<Self>) {
        guard rebuilding == nil else { return }
        let last = applicable
        while lastApplied < last {
            let index = LogIndex(lastApplied.rawValue &+ 1)
            let record = log[index]
            var response: Response?
            switch record.kind {
            case EntryKind.command.rawValue:
                let answer = machine.apply(record.payload, at: index)
                if let token = pending.take(index) { effects.reply(answer, to: token) }
                response = answer
                hasCommandsSinceTick = true
                if role == .primary, index > epochStart { unansweredBytes &-= record.payload.count }
            case EntryKind.tick.rawValue: machine.applyTick(record.payload)
            default: break
            }
            if !pending.overwritten.isEmpty { settleOverwritten(record, response, effects: &effects) }
            bytesSinceSnapshot &+= record.payload.count &+ 32
            lastApplied = index
        }
    }

    /// Answers those whose entry was overwritten here: it came back by another primary, or another took its place.
    @usableFromInline
    mutating func settleOverwritten(_ record: LogRecord, _ response: Response?, effects: inout Effects<Self>) {
        let settled = pending.settle(record.index, term: record.tag)
        if let response {
            for token in settled.committed { effects.reply(response, to: token) }
        }
        for token in settled.lost { redirect(token, effects: &effects) }
    }
}
