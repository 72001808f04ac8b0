import ByteCoding
import ProtocolKit

// Delivery: what is committed goes to the state machine, in the order of the history.
extension Zab {
    /// Applies every committed transaction that isn't yet, and answers this node's clients who wait for it.
    @inlinable
    mutating func applyCommitted(effects: inout Effects<Self>) {
        while lastApplied < commitIndex {
            let index = LogIndex(lastApplied.rawValue &+ 1)
            let record = history[index]
            lastApplied = index
            appliedZxid = Zxid(record.tag)
            bytesSinceSnapshot &+= record.payload.count &+ 32
            guard record.kind == EntryKind.command.rawValue else {
                if record.kind == EntryKind.tick.rawValue { machine.applyTick(record.payload) }
                continue
            }
            let response = machine.apply(record.payload, at: index)
            if let write = writes.take(index) { answer(response, to: write, effects: &effects) }
            if role == .leading, index > leading.initial.index {
                leading.uncommittedBytes &-= record.payload.count
                leading.hasCommandsSinceTick = true
            }
        }
        if role == .following, !reads.batches.isEmpty { answerSynchronised(effects: &effects) }
    }

    /// What a leader is told.
    mutating func leaderStep(_ message: Message, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        switch message {
        case .followerEpoch(let message): handle(message, from: from, at: now, effects: &effects)
        case .epochAccepted(let message): handle(message, from: from, at: now, effects: &effects)
        case .snapshotTaken(let message): handle(message, from: from, at: now, effects: &effects)
        case .newLeaderAccepted(let bond, let index):
            accepted(newLeader: bond, index, from: from, at: now, effects: &effects)
        case .sync(let bond, let number): sync(bond, number, from: from, at: now, effects: &effects)
        case .pong(let message): handle(message, from: from, at: now, effects: &effects)
        default: break
        }
    }

    /// What a follower is told.
    mutating func followerStep(_ message: Message, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        switch message {
        case .newEpoch(let bond): accept(newEpoch: bond, from: from, at: now, effects: &effects)
        case .synchronise(let message): handle(message, from: from, at: now, effects: &effects)
        case .snapshot(let message): handle(message, from: from, at: now, effects: &effects)
        case .newLeader(let bond, let end):
            accept(newLeader: bond, end, from: from, at: now, effects: &effects)
        case .ping(let message): handle(message, from: from, at: now, effects: &effects)
        case .synced(let bond, let number, let committed):
            guard hears(bond, from: from, at: now), phase == .broadcast else { return }
            synced(number, committed, effects: &effects)
        default: break
        }
    }
}
