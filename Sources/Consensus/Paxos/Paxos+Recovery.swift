import ByteCoding
import ProtocolKit
import Workload

extension Paxos {
    /// Takes over what was found on disk.
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        incarnation = recovery.incarnation
        random = SeededGenerator(seed: recovery.seed)
        do throws(WireError) {
            try recover(recovery)
        } catch {
            isHalted = true
            return effects.halt("what was recovered can't be read: \(error)")
        }
        if recovery.isReplacement {
            // It may have promised and accepted anything: nobody must count on it for that, not after further starts
            // either. The hard state says nothing else.
            isLearner = true
            effects.writeHardState(Bytes([1]))
        }
        if !recovery.log.isEmpty || recovery.snapshot != nil { effects.count(.recovered) }
        effects.setTimer(PaxosTimer.tick, at: now.monotonic + options.resendInterval)
    }

    private mutating func recover(_ recovery: Recovery) throws(WireError) {
        isLearner = recovery.hardState != nil
        if let (mark, data) = recovery.snapshot {
            var assembler = SnapshotAssembler<Machine>()
            try assembler.take(data)
            machine = try assembler.finish()
            applied = mark.index
            commandsApplied = mark.tag
            snapshots.writer.stored = mark
        }
        let replay = try JournalReplay(recovery.log, after: applied)
        slots = replay.slots
        journal = replay.journal
        var slot = slots.base.next
        while slot <= slots.last {
            if slots.ballot(at: slot) > .zero { try Decree.check(slots[slot].payload) }
            slot = slot.next
        }
        decided = applied
        if applied > .zero { decidedBallot = Ballot(Ballot.limit) }
        var discarded = Effects<Self>()
        while decided < replay.decided, slots.ballot(at: decided.next) > .zero {
            decide(slots[decided.next], in: slots.ballot(at: decided.next), effects: &discarded)
        }
        for promise in replay.promises where promise.slot > decided { recall(promise.ballot, for: promise.slot) }
        discardTarget = slots.base
    }

    /// How far the node is.
    public var status: NodeStatus {
        NodeStatus(
            role: isLearner ? "learner" : "proposer", isLeader: !isLearner,
            facts: [
                ("decided", "\(decided)"), ("applied", "\(applied)"), ("commands", "\(commandsApplied)"),
                ("first_slot", "\(slots.base.next)"), ("last_slot", "\(slots.last)"),
                ("snapshot_slot", "\(snapshots.stored?.index ?? .zero)"),
            ])
    }
}

extension Paxos: PaxosNode {
    var acceptanceTicket: Ticket { journal.ticket }
    var durableTicket: Ticket { persistedThrough }
    var isVoter: Bool { !isLearner }

    /// Whether it has named such a decree, which it does for commands that clients wait for.
    func hasProposed(_ record: LogRecord) -> Bool? {
        let name = Ballot(record.tag)
        return name.incarnation == incarnation ? name.round <= decreesNamed : nil
    }
}
