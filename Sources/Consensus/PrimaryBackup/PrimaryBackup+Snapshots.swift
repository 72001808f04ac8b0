import ByteCoding
import ProtocolKit

/// A state that becomes a snapshot once all of it is committed: what may be lost by a failover must not be in one,
/// because it couldn't be taken out again.
@usableFromInline
struct FrozenState<Machine: StateMachine>: Sendable {
    @usableFromInline let machine: Machine
    @usableFromInline let mark: SnapshotMark
}

// Log compaction: snapshots of the own state.
extension PrimaryBackup {
    /// Whether a node is being sent the stored snapshot, which a new one would pull from under it.
    private var isTransferring: Bool {
        role == .primary && peers.contains { $0.transfer != nil }
    }

    /// Begins a snapshot of what is applied, as soon as that is committed.
    @usableFromInline
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        if let incoming, incoming.complete == nil, incoming.mark.index <= commitIndex { self.incoming = nil }
        guard snapshots.isIdle, incoming == nil, rebuilding == nil else { return }
        // A transfer may delay the next snapshot, but not for ever.
        guard !isTransferring || bytesSinceSnapshot >= 8 * options.snapshotBytes else { return }
        if frozen == nil {
            guard let epoch = log.term(at: lastApplied), lastApplied > snapshotIndex else { return }
            bytesSinceSnapshot = 0
            frozen = FrozenState(machine: machine, mark: SnapshotMark(index: lastApplied, tag: epoch.rawValue))
        }
        guard let state = frozen, state.mark.index <= commitIndex else { return }
        frozen = nil
        snapshots.begin(state.machine, at: state.mark, effects: &effects)
    }

    /// The last index in the stored snapshot.
    var snapshotIndex: LogIndex { snapshots.stored?.index ?? .zero }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    @usableFromInline
    mutating func continueSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        if snapshots.isWriting {
            effects.setTimer(PrimaryBackupTimer.snapshot, at: now.monotonic + .milliseconds(1))
        }
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, effects: inout Effects<Self>) {
        if snapshots.persisted(through: ticket) {
            effects.count(.snapshotTaken)
            compact(effects: &effects)
            if rebuilding != nil { beginRebuilding(effects: &effects) }
        }
        if let complete = incoming?.complete, complete.ticket <= ticket {
            install(complete.machine, effects: &effects)
        }
    }

    /// Gives up the log that the stored snapshot stands for, but for a tail that spares nodes that are a little behind a
    /// snapshot.
    private mutating func compact(effects: inout Effects<Self>) {
        guard let mark = snapshots.stored else { return }
        var kept = mark.index
        var bytes = 0
        while kept > log.baseIndex, mark.index.rawValue - kept.rawValue < 4_096 {
            bytes += log[kept].payload.count + 32
            if bytes > options.snapshotBytes / 4 { break }
            kept = kept.previous
        }
        guard kept > log.baseIndex, kept > discardTarget else { return }
        discardTarget = kept
        effects.discardPrefix(through: kept)
    }
}

/// A state that is read back from the own snapshot.
@usableFromInline
struct Rebuilding<Machine: StateMachine>: Sendable {
    /// Names the reading to the disk.
    @usableFromInline let transfer: UInt64
    @usableFromInline let mark: SnapshotMark
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>()
}

// An asynchronous primary of the past finds that what it had applied is lost.
extension PrimaryBackup {
    /// Goes back to a state that contains committed entries only: the stored snapshot's, or the empty one, with what
    /// the log holds beyond.
    mutating func rollBack(effects: inout Effects<Self>) {
        frozen = nil
        bytesSinceSnapshot = 0
        guard snapshots.stored != nil else {
            machine = Machine()
            lastApplied = .zero
            return apply(effects: &effects)
        }
        beginRebuilding(effects: &effects)
    }

    private mutating func beginRebuilding(effects: inout Effects<Self>) {
        guard let mark = snapshots.stored else { return }
        machine = Machine()
        lastApplied = mark.index
        transferCount += 1
        rebuilding = Rebuilding(transfer: transferCount, mark: mark)
        effects.readSnapshot(transfer: transferCount, offset: 0, maximumBytes: options.snapshotChunkBytes)
    }

    /// A part of the own snapshot has been read.
    mutating func rebuild(from part: SnapshotPart, effects: inout Effects<Self>) {
        guard rebuilding?.mark == part.mark, rebuilding?.nextOffset == part.offset else {
            return beginRebuilding(effects: &effects)
        }
        do {
            try rebuilding!.assembler.take(part.data)
            rebuilding!.nextOffset += UInt64(part.data.count)
            if part.isLast {
                machine = try rebuilding!.assembler.finish()
                rebuilding = nil
                apply(effects: &effects)
            } else {
                effects.readSnapshot(
                    transfer: part.transfer, offset: rebuilding!.nextOffset, maximumBytes: options.snapshotChunkBytes)
            }
        } catch {
            halt("the stored snapshot can't be read: \(error)", effects: &effects)
        }
    }
}
