import ByteCoding
import ProtocolKit

extension Raft {
    /// A client's request: a command goes into the log, a read where the option says.
    @inlinable
    mutating func accept(
        _ request: Machine.Request, _ token: RequestToken, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .leader else { return redirect(token, effects: &effects) }
        if options.reads != .log, request.isRead {
            return read(request.payload, token, at: now, effects: &effects)
        }
        // Who takes over must have the whole log, which would have no end (thesis, section 3.10).
        guard handover == nil else { return effects.reply(.refusal(.noLeader), to: token) }
        guard log.lastIndex.rawValue &- commitIndex.rawValue < UInt64(options.maximumUncommittedEntries),
            uncommittedBytes < options.maximumUncommittedBytes
        else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        let payload = request.payload
        uncommittedBytes &+= payload.count
        appendEntry(.command, payload, effects: &effects)
        pending.append(token, at: log.lastIndex)
        if options.batchEntries == 1 { replicate(at: now, effects: &effects) }
    }

    /// Appends an entry of the current term to the leader's log.
    @inlinable
    mutating func appendEntry(_ kind: EntryKind, _ payload: Bytes, effects: inout Effects<Self>) {
        let index = LogIndex(log.lastIndex.rawValue &+ 1)
        let record = LogRecord(index: index, tag: currentTerm.rawValue, kind: kind.rawValue, payload: payload)
        effects.append(record)
        log.append(record)
    }

    /// Sends a client to the leader. Nothing has been done for it.
    @usableFromInline
    mutating func redirect(_ token: RequestToken, effects: inout Effects<Self>) {
        if let leader, leader != id {
            effects.count(.redirected)
            effects.reply(.refusal(.redirect(leader)), to: token)
        } else {
            effects.reply(.refusal(.noLeader), to: token)
        }
    }

    /// Puts the leader's wall clock into the log when commands have been applied since it was last there: sessions
    /// expire by it, the same on every server. An idle cluster stays silent.
    mutating func tick(at now: Now, effects: inout Effects<Self>) {
        guard hasCommandsSinceTick, now.monotonic >= lastTickAt + Tick.interval else { return }
        hasCommandsSinceTick = false
        lastTickAt = now.monotonic
        appendEntry(.tick, Tick.payload(at: now), effects: &effects)
    }
}
