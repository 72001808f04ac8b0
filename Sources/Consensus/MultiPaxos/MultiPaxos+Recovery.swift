import ByteCoding
import ProtocolKit
import Workload

/// What an acceptor must not forget beside its journal.
struct MultiPaxosHardState: Hashable, Sendable {
    /// The highest ballot it has promised.
    var promised: Ballot
    /// Whether its disk was lost and with it what it had promised before.
    var isLearner: Bool
}

extension MultiPaxosHardState: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(promised.rawValue)
        writer.write(UInt8(isLearner ? 1 : 0))
    }

    init(from reader: inout ByteReader) throws(WireError) {
        promised = try reader.readBallot()
        isLearner = try reader.readBool()
    }
}

extension MultiPaxos {
    /// Takes over what was found on disk.
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        random = SeededGenerator(seed: recovery.seed)
        do throws(WireError) {
            try recover(recovery)
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        if recovery.isReplacement {
            // It may have promised and accepted anything: nobody must count on it for that.
            isLearner = true
            promise(promised, effects: &effects)
        }
        applyDecided(effects: &effects)
        if options.reads == .lease, recovery.incarnation > 1 { heardAt = now.monotonic }
        if recovery.hardState != nil { effects.count(.recovered) }
        restartElectionTimer(at: now, effects: &effects)
    }

    private mutating func recover(_ recovery: Recovery) throws(WireError) {
        if let bytes = recovery.hardState {
            let state = try MultiPaxosHardState(decoding: bytes)
            promised = state.promised
            isLearner = state.isLearner
        }
        if let (mark, data) = recovery.snapshot {
            var assembler = SnapshotAssembler<Machine>()
            try assembler.take(data)
            machine = try assembler.finish()
            applied = mark.index
            snapshots.writer.stored = mark
        }
        let replay = try JournalReplay(recovery.log, after: applied)
        slots = replay.slots
        journal = replay.journal
        if options.mutation != .forgetPromise { promised = max(promised, replay.highest) }
        highest = promised
        decided = applied
        while decided < replay.decided, slots.ballot(at: decided.next) > .zero { decided = decided.next }
        through = decided
        discardTarget = slots.base
    }
}
