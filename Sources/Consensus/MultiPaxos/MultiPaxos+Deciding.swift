import ByteCoding
import ProtocolKit

// The replica: decisions are applied in the order of their slots.
extension MultiPaxos {
    /// Decides the slots that a phase-2 quorum has accepted, as far as there is no gap.
    @inlinable
    mutating func decide(effects: inout Effects<Self>) {
        let count = tally.decidable(quorum: quorums.phase2)
        guard count > 0 else { return }
        tally.removeFirst(count)
        decided = tally.base
        applyDecided(effects: &effects)
    }

    /// Applies every decided value that isn't yet, and answers whoever waits for it.
    @inlinable
    mutating func applyDecided(effects: inout Effects<Self>) {
        while applied < decided {
            let slot = LogIndex(applied.rawValue &+ 1)
            let record = slots[slot]
            switch record.kind {
            case EntryKind.command.rawValue:
                let response = machine.apply(record.payload, at: slot)
                if let command = awaited.take(slot) {
                    if command.birth.rawValue == record.tag {
                        effects.reply(response, to: command.token)
                    } else {
                        redirect(command.token, effects: &effects)
                    }
                }
                hasCommandsSinceTick = true
                if role == .leader, slot > inherited { undecidedBytes &-= record.payload.count }
            case EntryKind.tick.rawValue:
                machine.applyTick(record.payload)
                settleLost(slot, effects: &effects)
            default: settleLost(slot, effects: &effects)
            }
            snapshots.appliedBytes &+= record.payload.count &+ 32
            applied = slot
        }
    }

    /// A slot was decided without a command: one that was proposed for it never had an effect.
    @usableFromInline
    mutating func settleLost(_ slot: LogIndex, effects: inout Effects<Self>) {
        if let command = awaited.take(slot) { redirect(command.token, effects: &effects) }
    }
}
