import ByteCoding
import ProtocolKit

// Garbage collection (van Renesse & Altinbuken 2015, section 4.5): a snapshot of the own state takes the place of the
// slots that were applied, in memory and in the journal.
extension MultiPaxos {
    /// Begins a snapshot of what is applied.
    @usableFromInline
    mutating func beginSnapshot(at now: Now, effects: inout Effects<Self>) {
        guard snapshots.isIdle, fetch == nil, applied > (snapshots.stored?.index ?? .zero) else { return }
        // Who fetches the stored snapshot would have to begin again with the next; that may wait a while, but not for
        // ever.
        if let servedAt, now.monotonic < servedAt + options.electionTimeout,
            bytesSinceSnapshot < 8 * options.snapshotBytes
        {
            return
        }
        bytesSinceSnapshot = 0
        let slot = options.mutation == .snapshotAhead ? slots.last : applied
        snapshots.begin(machine, at: SnapshotMark(index: slot, tag: 0), effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    @usableFromInline
    mutating func continueSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        keepWritingSnapshot(at: now, effects: &effects)
    }

    mutating func keepWritingSnapshot(at now: Now, effects: inout Effects<Self>) {
        if snapshots.isWriting { effects.setTimer(MultiPaxosTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        if snapshots.persisted(through: ticket), let mark = snapshots.stored {
            effects.count(.snapshotTaken)
            journal.discard(through: mark.index, effects: &effects)
            compactMemory(through: mark.index)
        }
        if let complete = fetch?.complete, complete.ticket <= ticket {
            install(complete.machine, at: now, effects: &effects)
        }
    }

    /// Gives up the slots that the stored snapshot stands for, but for a tail that spares acceptors that are a little
    /// behind a snapshot.
    private mutating func compactMemory(through slot: LogIndex) {
        var kept = min(slot, applied)
        var bytes = 0
        while kept > slots.base, slot.rawValue - kept.rawValue < 4_096 {
            bytes += slots[kept].payload.count + 32
            if bytes > options.snapshotBytes / 4 { break }
            kept = kept.previous
        }
        discardTarget = max(discardTarget, kept)
    }
}

// Bringing a node up to date for which the others have only a snapshot left.
extension MultiPaxos {
    /// Tells an acceptor that what it needs next is compacted away.
    @usableFromInline
    mutating func offerSnapshot(to position: Int, effects: inout Effects<Self>) {
        peers[position].needsSnapshot = true
        let offer = Message.SnapshotOffer(ballot: ballot, slot: slots.base)
        effects.send(.snapshotOffer(offer), to: peers[position].id)
    }

    mutating func handle(
        _ message: Message.SnapshotOffer, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard message.slot > decided, message.ballot >= promised else { return }
        beginFetch(from: from, at: now, effects: &effects)
    }

    /// Fetches a peer's snapshot, unless one is on its way.
    mutating func beginFetch(from peer: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard fetch == nil else { return }
        fetch = SnapshotFetch(source: peer)
        askForPart(at: now, effects: &effects)
    }

    private mutating func askForPart(at now: Now, effects: inout Effects<Self>) {
        guard let source = fetch?.source, let request = fetch?.request(at: now) else { return }
        effects.send(.snapshotRequest(request), to: source)
        effects.setTimer(MultiPaxosTimer.fetch, at: now.monotonic + options.electionTimeout / 2)
    }

    /// Asks again where no part has come for a while; a peer that stays silent is given up.
    mutating func retryFetch(at now: Now, effects: inout Effects<Self>) {
        guard let fetch, fetch.complete == nil else { return }
        guard fetch.attempts < 4 else {
            self.fetch = nil
            return
        }
        if now.monotonic >= fetch.askedAt + options.electionTimeout / 2 {
            askForPart(at: now, effects: &effects)
        } else {
            effects.setTimer(MultiPaxosTimer.fetch, at: fetch.askedAt + options.electionTimeout / 2)
        }
    }

    /// A peer asks for a part of the stored snapshot.
    mutating func handle(
        _ message: SnapshotFetchRequest, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard snapshots.stored != nil else { return }
        servedAt = now.monotonic
        effects.readSnapshot(
            transfer: UInt64(from.rawValue), offset: message.offset, maximumBytes: options.snapshotChunkBytes)
    }

    /// A part has been read.
    mutating func send(_ part: SnapshotPart, at now: Now, effects: inout Effects<Self>) {
        let peer = NodeID(UInt32(truncatingIfNeeded: part.transfer))
        guard position(of: peer) != nil else { return }
        let message = SnapshotFetchPart(mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.snapshotPart(message), to: peer)
    }

    /// A part has come.
    mutating func handle(_ part: SnapshotFetchPart, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard let source = fetch?.source, source == from else { return }
        guard part.mark.index > decided else {
            if fetch?.complete == nil { fetch = nil }
            return
        }
        // What was being written of the own state is given up for it.
        if fetch?.mark == nil { snapshots.abandon() }
        switch fetch!.take(part, effects: &effects) {
        case .ask: askForPart(at: now, effects: &effects)
        case .malformed: fetch = nil
        case .nothing, .stored: break
        }
    }

    /// Puts a durable snapshot in the place of the state; what was accepted beyond it stays.
    private mutating func install(_ restored: Machine, at now: Now, effects: inout Effects<Self>) {
        guard let mark = fetch?.mark else { return }
        fetch = nil
        snapshots.stored = mark
        bytesSinceSnapshot = 0
        guard mark.index > decided else { return }
        for connection in awaited.abandon(through: mark.index) { effects.disconnect(connection) }
        machine = restored
        decided = mark.index
        applied = mark.index
        slots.discard(through: mark.index)
        journal.discard(through: mark.index, effects: &effects)
        tally.skip(through: mark.index)
        extendThrough()
        effects.count(.snapshotInstalled)
        switch role {
        case .follower: owesAccepted = leader != nil
        // Phase 1 asks for what comes after the snapshot.
        case .candidate: campaign(at: now, effects: &effects)
        case .leader: break
        }
    }
}
