import ProtocolKit

/// A snapshot on its way to a follower: several parts at once, which the follower takes in order.
@usableFromInline
struct OutgoingSnapshot: Sendable {
    /// Names the transfer to the disk that reads for it.
    let number: UInt64
    /// The snapshot that the sent parts belong to.
    var mark: SnapshotMark?
    /// How far the follower has it.
    var acknowledged = UInt64(0)
    /// Where the next part that is to be read starts; nil once the last has been sent.
    var next: UInt64? = 0
    /// Whether the disk is at it.
    var isReading = false
    /// Whether one part is under way to find out how far the follower is, before more are sent.
    var isProbing = true
    /// When the disk or the follower was last asked for something.
    var since: UInt64
}

// InstallSnapshot (figure 13): the leader's side.
extension Raft {
    /// Parts under way to a follower at once.
    private static var window: UInt64 { 16 }

    /// Begins to send the stored snapshot to a follower whose next entry is compacted away.
    @usableFromInline
    mutating func beginTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        transferCount += 1
        peers[position].mode = .snapshot
        peers[position].inFlight.removeAll()
        peers[position].transfer = OutgoingSnapshot(number: transferCount, since: now.monotonic)
        readPart(for: position, at: now, effects: &effects)
    }

    /// Has the next part read, if the window has room: one at a time, so that they leave in order.
    private mutating func readPart(for position: Int, at now: Now, effects: inout Effects<Self>) {
        guard let transfer = peers[position].transfer, let next = transfer.next, !transfer.isReading else { return }
        let room = transfer.isProbing ? 1 : Self.window * UInt64(options.snapshotChunkBytes)
        guard next < transfer.acknowledged + room else { return }
        peers[position].transfer!.isReading = true
        peers[position].transfer!.since = now.monotonic
        effects.readSnapshot(transfer: transfer.number, offset: next, maximumBytes: options.snapshotChunkBytes)
    }

    /// Begins again where neither disk nor follower has answered for an election timeout.
    mutating func retryTransfer(to position: Int, at now: Now, effects: inout Effects<Self>) {
        guard let transfer = peers[position].transfer,
            now.monotonic >= transfer.since + options.electionTimeout
        else { return }
        // The follower may have crashed; it says where it wants to go on if it hasn't. A part that the disk still reads
        // for the former attempt is of no use: the new one has another number.
        beginTransfer(to: position, at: now, effects: &effects)
    }

    /// A part has been read: it goes to the follower, unless a newer snapshot has taken its place meanwhile.
    mutating func send(_ part: SnapshotPart, at now: Now, effects: inout Effects<Self>) {
        guard role == .leader,
            let position = peers.firstIndex(where: { $0.transfer?.number == part.transfer }),
            let transfer = peers[position].transfer
        else { return }
        peers[position].transfer!.isReading = false
        guard part.offset == transfer.next else { return readPart(for: position, at: now, effects: &effects) }
        if part.offset > 0, part.mark != transfer.mark {
            return beginTransfer(to: position, at: now, effects: &effects)
        }
        peers[position].transfer!.mark = part.mark
        peers[position].transfer!.since = now.monotonic
        peers[position].transfer!.next = part.isLast ? nil : part.offset + UInt64(part.data.count)
        let message = InstallSnapshot(
            term: currentTerm, mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.installSnapshot(message), to: peers[position].id, after: hardStateTicket)
        readPart(for: position, at: now, effects: &effects)
    }

    /// A follower says how far it is.
    mutating func handle(_ message: SnapshotResponse, from: NodeID, at now: Now, effects: inout Effects<Self>) {
        guard message.term <= currentTerm else { return follow(message.term, at: now, effects: &effects) }
        guard role == .leader, message.term == currentTerm, let position = position(of: from),
            isCurrent(message.birth, of: position)
        else { return }
        peers[position].contact = now.monotonic
        guard let transfer = peers[position].transfer, let mark = transfer.mark, message.index == mark.index else {
            return
        }
        if message.isInstalled {
            peers[position].match = max(peers[position].match, mark.index)
            peers[position].replicate()
            if peers[position].isDeparting { bidFarewell(to: position, effects: &effects) }
        } else if message.nextOffset > transfer.acknowledged {
            peers[position].transfer!.acknowledged = message.nextOffset
            peers[position].transfer!.isProbing = false
            // The follower had more of it than this transfer has sent.
            if let next = transfer.next, next < message.nextOffset {
                peers[position].transfer!.next = message.nextOffset
            }
            peers[position].transfer!.since = now.monotonic
            readPart(for: position, at: now, effects: &effects)
        }
    }
}
