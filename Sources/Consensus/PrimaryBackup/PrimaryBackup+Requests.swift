import ByteCoding
import ProtocolKit

extension PrimaryBackup {
    /// A client's request: a command goes into the log, a read is answered from memory once that is right.
    @inlinable
    mutating func accept(
        _ request: Request, _ token: RequestToken, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .primary else { return redirect(token, effects: &effects) }
        if request.isRead { return read(request.payload, token, at: now, effects: &effects) }
        guard log.lastIndex.rawValue &- lastApplied.rawValue < UInt64(options.maximumUnansweredEntries),
            unansweredBytes < options.maximumUnansweredBytes
        else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        let payload = request.payload
        unansweredBytes &+= payload.count
        appendEntry(.command, payload, effects: &effects)
        pending.append(token, at: log.lastIndex)
        if options.batchEntries == 1 { ship(at: now, effects: &effects) }
    }

    /// Appends an entry of the own epoch to the primary's log.
    @inlinable
    mutating func appendEntry(_ kind: EntryKind, _ payload: Bytes, effects: inout Effects<Self>) {
        let index = LogIndex(log.lastIndex.rawValue &+ 1)
        let record = LogRecord(index: index, tag: promised.rawValue, kind: kind.rawValue, payload: payload)
        effects.append(record)
        log.append(record)
    }

    /// Sends a client to the primary. Nothing has been done for it.
    @usableFromInline
    mutating func redirect(_ token: RequestToken, effects: inout Effects<Self>) {
        if let primary, primary != id {
            effects.count(.redirected)
            effects.reply(.refusal(.redirect(primary)), to: token)
        } else {
            effects.reply(.refusal(.noLeader), to: token)
        }
    }

    /// Puts the primary's wall clock into the log when commands have been applied since it was last there: sessions
    /// expire by it, the same on every node. An idle cluster stays silent.
    mutating func tick(at now: Now, effects: inout Effects<Self>) {
        guard hasCommandsSinceTick, now.monotonic >= lastTickAt + Tick.interval else { return }
        hasCommandsSinceTick = false
        lastTickAt = now.monotonic
        appendEntry(.tick, Tick.payload(at: now), effects: &effects)
    }
}
