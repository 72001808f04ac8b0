import ByteCoding
import ProtocolKit

// Garbage collection (van Renesse & Altinbuken 2015, section 4.5): a snapshot of the own state takes the place of the
// slots that were applied, in memory and in the journal; and of what a node lacks that the others have given up.
extension MultiPaxos {
    /// Begins a snapshot of what is applied.
    @usableFromInline
    mutating func beginSnapshot(at now: Now, effects: inout Effects<Self>) {
        let slot = options.mutation == .snapshotAhead ? slots.last : applied
        snapshots.begin(machine, at: SnapshotMark(index: slot, tag: 0), now: now, effects: &effects)
    }

    @usableFromInline
    mutating func snapshotPersisted(through ticket: Ticket, at now: Now, effects: inout Effects<Self>) {
        switch snapshots.persisted(through: ticket) {
        case .none: break
        case .taken(let mark):
            effects.count(.snapshotTaken)
            journal.discard(through: mark.index, effects: &effects)
            discardTarget = max(discardTarget, snapshots.keptTail(slots, through: min(mark.index, applied)))
        case .fetched(let mark, let machine): install(machine, mark, at: now, effects: &effects)
        }
    }

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
        snapshots.beginFetch(from: from, at: now, effects: &effects)
    }

    /// Puts a durable snapshot in the place of the state; what was accepted beyond it stays.
    private mutating func install(_ restored: Machine, _ mark: SnapshotMark, at now: Now, effects: inout Effects<Self>)
    {
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
