import ProtocolKit

extension Unreplicated {
    /// Takes over what was found on disk: everything there was durable, so it is applied at once.
    @usableFromInline
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        do {
            if let (mark, data) = recovery.snapshot {
                var assembler = SnapshotAssembler<Machine>()
                try assembler.take(data)
                machine = try assembler.finish()
                lastApplied = mark.index
                snapshots.stored = mark
            }
        } catch {
            isHalted = true
            return effects.halt("the recovered snapshot can't be read: \(error)")
        }
        for record in recovery.log where record.index > lastApplied {
            guard record.index == lastApplied.next else {
                isHalted = true
                return effects.halt("the log has a gap before \(record.index)")
            }
            if record.kind == EntryKind.tick.rawValue {
                machine.applyTick(record.payload)
            } else {
                _ = machine.apply(record.payload, at: record.index)
            }
            lastApplied = record.index
            bytesSinceSnapshot += record.payload.count + 32
        }
        lastIndex = lastApplied
        durable.reset(to: lastIndex)
        if recovery.snapshot != nil || !recovery.log.isEmpty { effects.count(.recovered) }
        effects.setTimer(UnreplicatedTimer.tick, at: now.monotonic + Tick.interval)
    }

    @usableFromInline
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        guard snapshots.isIdle else { return }
        bytesSinceSnapshot = 0
        snapshots.begin(machine, at: SnapshotMark(index: lastApplied, tag: 0), effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    @usableFromInline
    mutating func writeSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        if snapshots.isWriting { effects.setTimer(UnreplicatedTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, effects: inout Effects<Self>) {
        guard snapshots.persisted(through: ticket) else { return }
        effects.count(.snapshotTaken)
        effects.discardPrefix(through: snapshots.mark.index)
    }

    /// Writes the wall clock into the log when commands have been applied since it was last there.
    @usableFromInline
    mutating func tick(at now: Now, effects: inout Effects<Self>) {
        if hasCommandsSinceTick {
            hasCommandsSinceTick = false
            append(.tick, Tick.payload(at: now), nil, effects: &effects)
        }
        effects.setTimer(UnreplicatedTimer.tick, at: now.monotonic + Tick.interval)
    }
}
