import ByteCoding
import ProtocolKit

/// A snapshot that a follower is being sent, put together beside the state in use.
@usableFromInline
struct IncomingSnapshot<Machine: StateMachine>: Sendable {
    @usableFromInline let term: Term
    @usableFromInline let mark: SnapshotMark
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>()
    /// The complete state and the ticket after which it may be used.
    @usableFromInline var complete: (machine: Machine, ticket: Ticket)?

    init(term: Term, mark: SnapshotMark) {
        self.term = term
        self.mark = mark
    }
}

// Log compaction (section 7; thesis, chapter 5): snapshots of the own state.
extension Raft {
    /// Whether a follower is being sent the stored snapshot, which a new one would pull from under it.
    private var isTransferring: Bool {
        role == .leader && peers.contains { $0.transfer != nil }
    }

    /// Begins a snapshot of what is applied.
    @usableFromInline
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        if let incoming, incoming.complete == nil, incoming.mark.index <= lastApplied { self.incoming = nil }
        guard snapshots.isIdle, incoming == nil else { return }
        // A transfer may delay the next snapshot, but not for ever.
        guard !isTransferring || bytesSinceSnapshot >= 8 * options.snapshotBytes else { return }
        guard let term = log.term(at: lastApplied), lastApplied > (snapshots.stored?.index ?? .zero) else { return }
        bytesSinceSnapshot = 0
        snapshots.begin(machine, at: SnapshotMark(index: lastApplied, tag: term.rawValue), effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    @usableFromInline
    mutating func continueSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        keepWritingSnapshot(at: now, effects: &effects)
    }

    mutating func keepWritingSnapshot(at now: Now, effects: inout Effects<Self>) {
        if snapshots.isWriting { effects.setTimer(RaftTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, effects: inout Effects<Self>) {
        if snapshots.persisted(through: ticket) {
            effects.count(.snapshotTaken)
            compact(effects: &effects)
        }
        if let complete = incoming?.complete, complete.ticket <= ticket {
            install(complete.machine, effects: &effects)
        }
    }

    /// Gives up the log that the stored snapshot stands for, but for a tail that spares followers that are a little
    /// behind a snapshot.
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

// InstallSnapshot (figure 13): the follower's side.
extension Raft {
    /// A part of the leader's snapshot.
    mutating func handle(_ message: InstallSnapshot, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard position(of: from) != nil else { return }
        guard message.term >= currentTerm else { return refuse(from, effects: &effects) }
        if message.term > currentTerm || role != .follower {
            guard role != .leader || message.term > currentTerm else { return }
            follow(message.term, at: now, effects: &effects)
        }
        leader = from
        heardAt = now.monotonic
        quietSince = now.monotonic
        // What it contains was committed, and so was everything through the own commit index.
        guard message.mark.index > commitIndex else {
            return respond(to: from, message.mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
        if message.offset == 0, incoming?.mark != message.mark || incoming?.term != message.term {
            snapshots.abandon()
            incoming = IncomingSnapshot(term: message.term, mark: message.mark)
            effects.beginSnapshot(message.mark)
        }
        guard incoming?.mark == message.mark, incoming?.term == message.term, incoming?.complete == nil else { return }
        if incoming!.nextOffset == message.offset {
            guard take(message, effects: &effects) else { return }
        }
        if incoming?.complete == nil {
            let nextOffset = incoming?.nextOffset ?? 0
            respond(to: from, message.mark.index, nextOffset: nextOffset, isInstalled: false, effects: &effects)
        }
    }

    /// Adds a part to the snapshot that is being put together. False when it makes no sense: it is given up, and the
    /// leader begins again when it gets no answer.
    private mutating func take(_ message: InstallSnapshot, effects: inout Effects<Self>) -> Bool {
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
    private mutating func install(_ restored: Machine, effects: inout Effects<Self>) {
        guard let mark = incoming?.mark else { return }
        incoming = nil
        snapshots.stored = mark
        bytesSinceSnapshot = 0
        if mark.index > commitIndex {
            machine = restored
            commitIndex = mark.index
            lastApplied = mark.index
            if log.term(at: mark.index) == Term(mark.tag) {
                log.discard(through: mark.index)
                effects.discardPrefix(through: mark.index)
            } else {
                // The disk may have given up more than memory has so far.
                let first = max(log.baseIndex, discardTarget).next
                if log.lastIndex >= first { effects.truncateSuffix(from: first) }
                effects.discardPrefix(through: mark.index)
                log.reset(to: mark)
                pending.removeAll()
                durable.reset(to: mark.index)
            }
            discardTarget = log.baseIndex
            effects.count(.snapshotInstalled)
        }
        if let leader, role == .follower {
            respond(to: leader, mark.index, nextOffset: 0, isInstalled: true, effects: &effects)
        }
    }

    private func respond(
        to leader: NodeID, _ index: LogIndex, nextOffset: UInt64, isInstalled: Bool, effects: inout Effects<Self>
    ) {
        let response = SnapshotResponse(
            term: currentTerm, index: index, nextOffset: nextOffset, isInstalled: isInstalled)
        effects.send(.snapshotResponse(response), to: leader, after: effects.lastTicket)
    }
}

// InstallSnapshot: the leader's side.
extension Raft {
    /// Begins to send the stored snapshot to a follower whose next entry is compacted away.
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

    /// Asks again where neither disk nor follower has answered for an election timeout.
    mutating func retryTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        guard let transfer = peers[position].transfer,
            now.monotonic >= transfer.since + options.electionTimeout
        else { return }
        // From the start: the follower may have crashed, and it says where it wants to go on if it hasn't.
        peers[position].transfer!.offset = 0
        peers[position].transfer!.mark = nil
        readPart(for: position, at: now, effects: &effects)
    }

    /// A part has been read: it goes to the follower, unless a newer snapshot has taken its place meanwhile.
    mutating func send(_ part: SnapshotPart, at now: Now, effects: inout Effects<Self>) {
        guard role == .leader,
            let position = peers.firstIndex(where: { $0.transfer?.number == part.transfer }),
            let transfer = peers[position].transfer, part.offset == transfer.offset
        else { return }
        if part.offset > 0, part.mark != transfer.mark {
            peers[position].transfer!.offset = 0
            return readPart(for: position, at: now, effects: &effects)
        }
        peers[position].transfer!.mark = part.mark
        peers[position].transfer!.since = now.monotonic
        let message = InstallSnapshot(
            term: currentTerm, mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.installSnapshot(message), to: peers[position].id, after: hardStateTicket)
    }

    /// A follower says how far it is.
    mutating func handle(_ message: SnapshotResponse, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard message.term <= currentTerm else { return follow(message.term, at: now, effects: &effects) }
        guard role == .leader, message.term == currentTerm, let position = position(of: from) else { return }
        peers[position].contact = now.monotonic
        guard let transfer = peers[position].transfer, let mark = transfer.mark, message.index == mark.index else {
            return
        }
        if message.isInstalled {
            peers[position].match = max(peers[position].match, mark.index)
            peers[position].replicate()
        } else if message.nextOffset > transfer.offset {
            peers[position].transfer!.offset = message.nextOffset
            readPart(for: position, at: now, effects: &effects)
        }
    }
}
