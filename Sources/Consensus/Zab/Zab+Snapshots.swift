import ByteCoding
import ProtocolKit

/// A snapshot that a follower is being sent, put together beside the state in use.
@usableFromInline
struct ZabIncomingSnapshot<Machine: StateMachine>: Sendable {
    @usableFromInline let bond: Bond
    @usableFromInline let mark: SnapshotMark
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>()
    /// The complete state and the ticket after which it may be used.
    @usableFromInline var complete: (machine: Machine, ticket: Ticket)?

    init(bond: Bond, mark: SnapshotMark) {
        self.bond = bond
        self.mark = mark
    }
}

// Snapshots of the own state, and the history that they make superfluous.
extension Zab {
    /// Whether a follower is being sent the stored snapshot, which a new one would pull from under it.
    private var isTransferring: Bool {
        role == .leading && learners.contains { $0.transfer != nil }
    }

    /// Begins a snapshot of what is applied.
    @usableFromInline
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        guard snapshots.isIdle, incoming == nil else { return }
        // A transfer may delay the next snapshot, but not for ever.
        guard !isTransferring || bytesSinceSnapshot >= 8 * options.snapshotBytes else { return }
        guard lastApplied > (snapshots.stored?.index ?? .zero) else { return }
        bytesSinceSnapshot = 0
        let point = HistoryPoint(index: lastApplied, zxid: appliedZxid)
        snapshots.begin(machine, at: point.mark, effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    @usableFromInline
    mutating func continueSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        keepWritingSnapshot(at: now, effects: &effects)
    }

    mutating func keepWritingSnapshot(at now: Now, effects: inout Effects<Self>) {
        if snapshots.isWriting { effects.setTimer(ZabTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        if snapshots.persisted(through: ticket) {
            effects.count(.snapshotTaken)
            compact(effects: &effects)
        }
        if let complete = incoming?.complete, complete.ticket <= ticket {
            install(complete.machine, at: now, effects: &effects)
        }
    }

    /// Gives up the history that the stored snapshot stands for, but for a tail that spares followers that are a little
    /// behind a snapshot.
    private mutating func compact(effects: inout Effects<Self>) {
        guard let mark = snapshots.stored else { return }
        var kept = mark.index
        var bytes = 0
        while kept > history.base.index, mark.index.rawValue - kept.rawValue < 4_096 {
            bytes += history[kept].payload.count + 32
            if bytes > options.snapshotBytes / 4 { break }
            kept = kept.previous
        }
        guard kept > history.base.index, kept > discardTarget else { return }
        discardTarget = kept
        effects.discardPrefix(through: kept)
    }
}

// SNAP: the follower's side.
extension Zab {
    /// A part of the leader's snapshot.
    mutating func handle(_ message: ZabSnapshotPart, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard hears(message.bond, from: from, at: now) else { return }
        // What it contains was committed, and so was everything through the own commit index.
        guard message.mark.index > commitIndex else {
            return respond(message.mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
        if message.offset == 0, incoming?.mark != message.mark || incoming?.bond != message.bond {
            guard incoming?.complete == nil else { return }
            snapshots.abandon()
            incoming = ZabIncomingSnapshot(bond: message.bond, mark: message.mark)
            effects.beginSnapshot(message.mark)
        }
        guard incoming?.mark == message.mark, incoming?.bond == message.bond, incoming?.complete == nil else { return }
        if incoming!.nextOffset == message.offset {
            guard take(message, effects: &effects) else { return }
        }
        if incoming?.complete == nil {
            let nextOffset = incoming?.nextOffset ?? 0
            respond(message.mark.index, nextOffset: nextOffset, isInstalled: false, effects: &effects)
        }
    }

    /// Adds a part to the snapshot that is being put together. False when it makes no sense: it is given up, and the
    /// leader begins again when it gets no answer.
    private mutating func take(_ message: ZabSnapshotPart, effects: inout Effects<Self>) -> Bool {
        do {
            try incoming!.assembler.take(message.data)
            effects.writeSnapshot(message.data)
            incoming!.nextOffset += UInt64(message.data.count)
            if message.isLast {
                let machine = try incoming!.assembler.finish()
                incoming!.complete = (machine, effects.commitSnapshot())
            }
            return true
        } catch {
            incoming = nil
            return false
        }
    }

    /// Puts a durable snapshot in the place of state and history. None of the own history's transactions is later than
    /// the snapshot and committed, or the leader wouldn't have sent it.
    private mutating func install(_ restored: Machine, at now: Now, effects: inout Effects<Self>) {
        guard let (mark, bond) = incoming.map({ ($0.mark, $0.bond) }) else { return }
        incoming = nil
        snapshots.stored = mark
        bytesSinceSnapshot = 0
        if mark.index > commitIndex {
            machine = restored
            replaceHistory(by: mark, effects: &effects)
            effects.count(.snapshotInstalled)
        }
        guard role == .following, bond == following.bond else {
            // It has come too late for the leader that sent it.
            if role == .looking || role == .observing { look(at: now, effects: &effects) }
            return
        }
        if !writes.waiting.isEmpty, let leader {
            // Some of the writes that clients wait for are in it, without their answers.
            stopServing(effects: &effects)
            return follow(leader, at: now, effects: &effects)
        }
        alignHistory(at: HistoryPoint(mark))
        respond(mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
    }

    private mutating func replaceHistory(by mark: SnapshotMark, effects: inout Effects<Self>) {
        // The disk may have given up more than memory has so far.
        let first = max(history.base.index, discardTarget).next
        if history.lastIndex >= first { effects.truncateSuffix(from: first) }
        effects.discardPrefix(through: mark.index)
        history.reset(to: mark)
        durable.reset(to: mark.index)
        commitIndex = mark.index
        lastApplied = mark.index
        appliedZxid = Zxid(mark.tag)
        discardTarget = mark.index
    }

    private func respond(
        _ index: LogIndex, nextOffset: UInt64, isInstalled: Bool, effects: inout Effects<Self>
    ) {
        guard let leader else { return }
        let response = ZabSnapshotTaken(
            bond: following.bond, index: index, nextOffset: nextOffset, isInstalled: isInstalled)
        effects.send(.snapshotTaken(response), to: leader, after: effects.lastTicket)
    }
}

// SNAP: the leader's side.
extension Zab {
    /// Begins to send the stored snapshot to a follower whose next transaction is discarded.
    @usableFromInline
    mutating func beginTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        leading.transferCount += 1
        learners[position].stage = .transferring
        learners[position].inFlight.removeAll()
        learners[position].transfer = ZabSnapshotTransfer(number: transferNumber(position), since: now.monotonic)
        readPart(for: position, at: now, effects: &effects)
    }

    /// Names a transfer to the disk; never twice the same in the node's life.
    private func transferNumber(_ position: Int) -> UInt64 {
        UInt64(acceptedEpoch.rawValue) << 32 | leading.transferCount
    }

    private mutating func readPart(for position: Int, at now: Now, effects: inout Effects<Self>) {
        learners[position].transfer!.since = now.monotonic
        let transfer = learners[position].transfer!
        effects.readSnapshot(
            transfer: transfer.number, offset: transfer.offset, maximumBytes: options.snapshotChunkBytes)
    }

    /// Asks again where neither disk nor follower has answered for an election timeout.
    mutating func retryTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        guard let transfer = learners[position].transfer,
            now.monotonic >= transfer.since + options.electionTimeout
        else { return }
        // From the start: the follower says where it wants to go on.
        learners[position].transfer!.offset = 0
        learners[position].transfer!.mark = nil
        readPart(for: position, at: now, effects: &effects)
    }

    /// A part has been read: it goes to the follower, unless a newer snapshot has taken its place meanwhile.
    mutating func send(_ part: SnapshotPart, at now: Now, effects: inout Effects<Self>) {
        guard role == .leading,
            let position = learners.firstIndex(where: { $0.transfer?.number == part.transfer }),
            learners[position].stage == .transferring, let transfer = learners[position].transfer,
            part.offset == transfer.offset
        else { return }
        if part.offset > 0, part.mark != transfer.mark {
            learners[position].transfer!.offset = 0
            return readPart(for: position, at: now, effects: &effects)
        }
        learners[position].transfer!.mark = part.mark
        learners[position].transfer!.since = now.monotonic
        let message = ZabSnapshotPart(
            bond: bond(position), mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.snapshot(message), to: learners[position].id, after: hardStateTicket)
    }

    /// A follower says how far it is.
    mutating func handle(_ message: ZabSnapshotTaken, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let position = bound(message.bond, from: from, at: now), learners[position].stage == .transferring,
            let transfer = learners[position].transfer, let mark = transfer.mark, message.index == mark.index
        else { return }
        if message.isInstalled {
            learners[position].stream(from: HistoryPoint(mark))
            learners[position].isInLine = true
            acknowledged(position, mark.index, effects: &effects)
        } else if message.nextOffset > transfer.offset {
            learners[position].transfer!.offset = message.nextOffset
            readPart(for: position, at: now, effects: &effects)
        }
    }
}
