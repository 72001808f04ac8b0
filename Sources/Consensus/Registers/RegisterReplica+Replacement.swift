import ByteCoding
import ProtocolKit

/// How far a replica that lost its disk has got with each of the others.
struct RegisterRecovery: Sendable {
    /// Where each of them is to go on, in its own order.
    var positions: ContiguousArray<RegisterPosition>
    /// Who has sent everything, a bit for each place.
    var complete = UInt64(0)
    /// The ticket after which the end of the recovery is durable.
    var end: Ticket?
}

// The side of the replica that lost its disk (Michael et al. 2017, for a register that several may write to). It keeps and
// acknowledges what it is told to store, but answers no query until it has seen everything that enough others hold: so
// many that they have a replica in common with every write quorum without counting this one.
extension RegisterReplica {
    mutating func writeHardState(effects: inout Effects<Self>) {
        hardStateTicket = effects.writeHardState(hardState.encoded())
        writtenReplacements = hardState.replacements
    }

    mutating func beginRecovery(at now: Now, effects: inout Effects<Self>) {
        recovery = RegisterRecovery(
            positions: ContiguousArray(repeating: RegisterPosition(0, 0), count: members.count))
        askForTransfers(at: now, effects: &effects)
    }

    /// Asks everyone who hasn't sent everything, now and again.
    mutating func askForTransfers(at now: Now, effects: inout Effects<Self>) {
        guard let recovery, recovery.end == nil else { return }
        for other in others { askForTransfer(other, effects: &effects) }
        effects.setTimer(RegisterTimer.transfer, at: now.monotonic + options.resendInterval)
    }

    mutating func askForTransfer(_ other: Int, effects: inout Effects<Self>) {
        guard let recovery, recovery.end == nil, recovery.complete & 1 << UInt64(other) == 0 else { return }
        let request = RegisterTransferRequest(
            replacedIn: hardState.replacements.incarnation(at: place), incarnation: incarnation,
            position: recovery.positions[other])
        effects.send(.transferRequest(request), to: members[other], after: hardStateTicket)
    }

    /// A part of what another replica holds.
    mutating func take(_ part: RegisterTransferPart, from sender: Int, effects: inout Effects<Self>) {
        guard let current = recovery, current.end == nil, part.incarnation == incarnation,
            current.complete & 1 << UInt64(sender) == 0, current.positions[sender] == part.position
        else { return }
        _ = keep(part.body, effects: &effects)
        if let next = part.next {
            recovery!.positions[sender] = next
            return askForTransfer(sender, effects: &effects)
        }
        recovery!.complete |= 1 << UInt64(sender)
        let votes = others.reduce(0) {
            recovery!.complete & 1 << UInt64($1) != 0 ? $0 + assignment.votes[$1] : $0
        }
        guard votes > assignment.total - assignment.write else { return }
        // On disk the end follows everything that was taken over, since writes become durable in order.
        var ended = hardState
        ended.isRecovering = false
        writtenReplacements = ended.replacements
        recovery!.end = effects.writeHardState(ended.encoded())
    }

    /// The end of the recovery is durable: from now on queries are answered.
    mutating func endRecoveryIfDurable(effects: inout Effects<Self>) {
        guard let end = recovery?.end, end <= persistedThrough else { return }
        recovery = nil
        hardState.isRecovering = false
        effects.count(.snapshotInstalled)
        effects.cancelTimer(RegisterTimer.transfer)
    }
}

// The others' side.
extension RegisterReplica {
    /// Sends a part of what is held to a replica that lost its disk. That it did is durable here before it gets anything.
    mutating func help(_ request: RegisterTransferRequest, from sender: Int, effects: inout Effects<Self>) {
        guard !hardState.isRecovering else { return }
        learn(request.replacedIn, at: sender, effects: &effects)
        if hardState.replacements != writtenReplacements { writeHardState(effects: &effects) }
        var writer = ByteWriter(capacity: 2 * RegisterLimits.transferBytes)
        let (count, next) = store.write(
            from: request.position, upTo: RegisterLimits.transferBytes, into: &writer)
        let part = RegisterTransferPart(
            incarnation: request.incarnation, position: request.position, next: next, count: count,
            body: writer.bytes())
        effects.send(.transferPart(part), to: members[sender], after: hardStateTicket)
    }

    /// Whether a message comes from a replica as it is now, not from before it lost its disk. What it knows of lost disks
    /// is learnt first.
    mutating func isCurrent(
        _ replacements: Replacements, from sender: Int, effects: inout Effects<Self>
    ) -> Bool {
        if replacements.isEmpty, hardState.replacements.isEmpty { return true }
        if options.mutation == .forgetReplacement { return true }
        for replacement in replacements.list {
            learn(replacement.incarnation, at: Int(replacement.place), effects: &effects)
        }
        return replacements.incarnation(at: sender) >= hardState.replacements.incarnation(at: sender)
    }

    /// Notes that a replica lost its disk. What it has answered no longer counts, so all rounds begin again, which is
    /// simpler than to know whose answers each of them has, and seldom.
    private mutating func learn(_ replacedIn: UInt64, at other: Int, effects: inout Effects<Self>) {
        guard other < members.count, other != place, hardState.replacements.note(replacedIn, at: other) else { return }
        if options.mutation == .forgetReplacement { return }
        for number in rounds.numbers where rounds.phase(of: number) != .done {
            restart(number)
            resend(number, toAll: ~0, effects: &effects)
        }
    }
}
