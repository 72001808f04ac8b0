import ByteCoding
import ProtocolKit

extension MultiPaxos {
    /// A client's request: a command is proposed for the next slot, a read goes where the option says.
    @inlinable
    mutating func accept(_ request: Request, _ token: RequestToken, at now: Now, effects: inout Effects<Self>) {
        guard role == .leader else { return redirect(token, effects: &effects) }
        if options.reads != .log, request.isRead {
            return read(request.payload, token, at: now, effects: &effects)
        }
        guard slots.last.rawValue &- decided.rawValue < UInt64(options.maximumUndecidedValues),
            undecidedBytes < options.maximumUndecidedBytes
        else {
            effects.count(.refused)
            return effects.reply(.refusal(.overloaded), to: token)
        }
        let payload = request.payload
        undecidedBytes &+= payload.count
        proposeNext(.command, payload, effects: &effects)
        awaited.append(token, slot: slots.last, birth: ballot)
        if options.batchValues == 1 { propose(at: now, effects: &effects) }
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
    /// expire by it, the same on every node. An idle cluster decides nothing.
    mutating func tick(at now: Now, effects: inout Effects<Self>) {
        guard hasCommandsSinceTick, now.monotonic >= lastTickAt + Tick.interval else { return }
        hasCommandsSinceTick = false
        lastTickAt = now.monotonic
        proposeNext(.tick, Tick.payload(at: now), effects: &effects)
    }
}
