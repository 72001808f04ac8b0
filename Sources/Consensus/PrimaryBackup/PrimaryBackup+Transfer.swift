import ByteCoding
import ProtocolKit

/// A snapshot that a node is being sent, put together beside the state in use.
@usableFromInline
struct IncomingState<Machine: StateMachine>: Sendable {
    @usableFromInline let epoch: ViewEpoch
    @usableFromInline let mark: SnapshotMark
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>()
    /// The complete state and the ticket after which it may be used.
    @usableFromInline var complete: (machine: Machine, ticket: Ticket)?

    init(epoch: ViewEpoch, mark: SnapshotMark) {
        self.epoch = epoch
        self.mark = mark
    }
}

// A node far behind gets the primary's snapshot: the receiver's side.
extension PrimaryBackup {
    /// A part of the primary's snapshot.
    mutating func handle(
        _ message: SnapshotTransferPart, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard owner(of: message.epoch) == from else { return }
        guard heed(message.epoch, from: from, at: now, effects: &effects) else { return }
        epochToAnswer = message.epoch
        // What it contains was committed, and so was everything through the own commit index.
        guard message.mark.index > commitIndex else {
            return respond(to: from, message.mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
        if message.offset == 0, incoming?.mark != message.mark || incoming?.epoch != message.epoch {
            // One that is complete is on its way to the disk: it is taken over first.
            guard incoming?.complete == nil else { return }
            snapshots.abandon()
            incoming = IncomingState(epoch: message.epoch, mark: message.mark)
            effects.beginSnapshot(message.mark)
        }
        guard incoming?.mark == message.mark, incoming?.epoch == message.epoch, incoming?.complete == nil else {
            return
        }
        if incoming!.nextOffset == message.offset {
            guard take(message, effects: &effects) else { return }
        }
        if incoming?.complete == nil {
            let nextOffset = incoming?.nextOffset ?? 0
            respond(to: from, message.mark.index, nextOffset: nextOffset, isInstalled: false, effects: &effects)
        }
    }

    /// Adds a part to the snapshot that is being put together. False when it makes no sense: it is given up, and the
    /// primary begins again when it gets no answer.
    private mutating func take(_ message: SnapshotTransferPart, effects: inout Effects<Self>) -> Bool {
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

    /// Puts a durable snapshot in the place of the state; entries that follow it stay if the logs agree there.
    mutating func install(_ restored: Machine, effects: inout Effects<Self>) {
        guard let mark = incoming?.mark else { return }
        incoming = nil
        snapshots.stored = mark
        bytesSinceSnapshot = 0
        if mark.index > commitIndex {
            machine = restored
            rebuilding = nil
            frozen = nil
            commitIndex = mark.index
            lastApplied = mark.index
            if log.term(at: mark.index) == ViewEpoch(mark.tag) {
                giveUpPending(through: mark.index, effects: &effects)
                log.discard(through: mark.index)
                effects.discardPrefix(through: mark.index)
            } else {
                giveUpPending(through: LogIndex(.max), effects: &effects)
                // The disk may have given up more than memory has so far.
                let first = max(log.baseIndex, discardTarget).next
                if log.lastIndex >= first { effects.truncateSuffix(from: first) }
                effects.discardPrefix(through: mark.index)
                log.reset(to: mark)
                durable.reset(to: mark.index)
                matchToAnswer = .zero
            }
            discardTarget = log.baseIndex
            effects.count(.snapshotInstalled)
        } else if rebuilding != nil {
            rollBack(effects: &effects)
        }
        if let primary, role == .backup {
            respond(to: primary, mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
    }

    /// What became of these commands isn't told by a snapshot: their clients' connections end.
    private mutating func giveUpPending(through index: LogIndex, effects: inout Effects<Self>) {
        for connection in pending.removeAll(through: index) { effects.disconnect(connection) }
    }

    private func respond(
        to primary: NodeID, _ index: LogIndex, nextOffset: UInt64, isInstalled: Bool, effects: inout Effects<Self>
    ) {
        let answer = SnapshotTransferAnswer(
            epoch: epochToAnswer, index: index, nextOffset: nextOffset, isInstalled: isInstalled)
        effects.send(.snapshotAnswer(answer), to: primary, after: effects.lastTicket)
    }
}

// The primary's side.
extension PrimaryBackup {
    /// Begins to send the stored snapshot to a node whose next entry is compacted away.
    @usableFromInline
    mutating func beginTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        transferCount += 1
        peers[position].mode = .snapshot
        peers[position].inFlight.removeAll()
        peers[position].transfer = SnapshotTransfer(number: transferCount, since: now.monotonic)
        readPart(for: position, at: now, effects: &effects)
    }

    private mutating func readPart(for position: Int, at now: Now, effects: inout Effects<Self>) {
        peers[position].transfer!.since = now.monotonic
        let transfer = peers[position].transfer!
        effects.readSnapshot(
            transfer: transfer.number, offset: transfer.offset, maximumBytes: options.snapshotChunkBytes)
    }

    /// Asks again where neither disk nor receiver has answered for a timeout.
    mutating func retryTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        guard let transfer = peers[position].transfer, now.monotonic >= transfer.since + options.timeout else { return }
        // From the start: the receiver may have crashed, and it says where it wants to go on if it hasn't.
        peers[position].transfer!.offset = 0
        peers[position].transfer!.mark = nil
        readPart(for: position, at: now, effects: &effects)
    }

    /// A part has been read: it goes to the receiver, unless a newer snapshot has taken its place meanwhile.
    mutating func send(_ part: SnapshotPart, at now: Now, effects: inout Effects<Self>) {
        guard role == .primary,
            let position = peers.firstIndex(where: { $0.transfer?.number == part.transfer }),
            let transfer = peers[position].transfer, part.offset == transfer.offset
        else { return }
        if part.offset > 0, part.mark != transfer.mark {
            peers[position].transfer!.offset = 0
            return readPart(for: position, at: now, effects: &effects)
        }
        peers[position].transfer!.mark = part.mark
        peers[position].transfer!.since = now.monotonic
        let message = SnapshotTransferPart(
            epoch: promised, mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.snapshotPart(message), to: peers[position].id, after: hardStateTicket)
    }

    /// A receiver says how far it is.
    mutating func handle(
        _ message: SnapshotTransferAnswer, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard role == .primary, message.epoch == promised, let position = position(of: from) else { return }
        if standings[position].isEligible { peers[position].contact = now.monotonic }
        standings[position].progressAt = now.monotonic
        guard let transfer = peers[position].transfer, let mark = transfer.mark, message.index == mark.index else {
            return
        }
        if message.isInstalled {
            peers[position].match = max(peers[position].match, mark.index)
            peers[position].replicate()
            advance(effects: &effects)
        } else if message.nextOffset > transfer.offset {
            peers[position].transfer!.offset = message.nextOffset
            readPart(for: position, at: now, effects: &effects)
        }
    }
}
