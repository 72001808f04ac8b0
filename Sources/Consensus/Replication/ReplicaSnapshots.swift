import ByteCoding
import ProtocolKit

/// A message type that has room for parts of snapshots.
public protocol SnapshotMessages: WireCodable, Sendable {
    /// A part is asked for.
    static func snapshotRequest(_ request: SnapshotFetchRequest) -> Self
    /// A part.
    static func snapshotPart(_ part: SnapshotFetchPart) -> Self
}

/// A replica's snapshots: the one that it keeps on disk, the next that it writes, and the one that it fetches from a peer
/// when it has fallen behind what the others still have.
@usableFromInline
struct ReplicaSnapshots<Machine: StateMachine>: Sendable {
    /// Bytes of applied commands after which a snapshot is due.
    @usableFromInline let dueBytes: Int
    /// Bytes of a piece in which snapshots are written and sent.
    @usableFromInline let chunkBytes: Int
    /// Nanoseconds after which a peer that is silent is asked again.
    @usableFromInline let patience: UInt64
    /// Comes due for ``continueWriting(at:effects:)``.
    @usableFromInline let writeTimer: TimerID
    /// Comes due for ``retryFetch(at:effects:)``.
    @usableFromInline let fetchTimer: TimerID

    @usableFromInline var writer = SnapshotWriter<Machine>()
    @usableFromInline var fetch: SnapshotFetch<Machine>?
    /// When a peer last asked for a part of the stored snapshot.
    @usableFromInline var servedAt: UInt64?
    /// Bytes applied since the last snapshot.
    @usableFromInline var appliedBytes = 0

    /// What has become durable.
    enum Event {
        /// Nothing of a snapshot.
        case none
        /// A snapshot of the own state.
        case taken(SnapshotMark)
        /// A peer's snapshot, with the state.
        case fetched(SnapshotMark, Machine)
    }

    init(dueBytes: Int, chunkBytes: Int, patience: UInt64, writeTimer: TimerID, fetchTimer: TimerID) {
        self.dueBytes = dueBytes
        self.chunkBytes = chunkBytes
        self.patience = patience
        self.writeTimer = writeTimer
        self.fetchTimer = fetchTimer
    }

    /// What stands on disk.
    @inlinable
    var stored: SnapshotMark? { writer.stored }

    /// Whether one is to be begun.
    @inlinable
    var isDue: Bool { appliedBytes >= dueBytes }

    /// Whether ``persisted(through:)`` has something to look at.
    @inlinable
    var isPending: Bool { writer.ticket != .none || fetch != nil }

    /// Begins a snapshot of a state, if none is under way.
    @usableFromInline
    mutating func begin<Node: ProtocolNode>(
        _ machine: Machine, at mark: SnapshotMark, now: Now, effects: inout Effects<Node>
    ) {
        guard writer.isIdle, fetch == nil, mark.index > (stored?.index ?? .zero) else { return }
        // Who fetches the stored snapshot would have to begin again with the next; that may wait a while, but not for
        // ever.
        if let servedAt, now.monotonic < servedAt + 2 * patience, appliedBytes < 8 * dueBytes { return }
        appliedBytes = 0
        writer.begin(machine, at: mark, effects: &effects)
    }

    /// Writes a chunk: one a turn, and one a millisecond where no turns come.
    @usableFromInline
    mutating func continueWriting<Node: ProtocolNode>(at now: Now, effects: inout Effects<Node>) {
        writer.writeNext(chunkBytes: chunkBytes, effects: &effects)
        if writer.isWriting { effects.setTimer(writeTimer, at: now.monotonic + .milliseconds(1)) }
    }

    /// A ticket is durable. Where that makes both a snapshot of the own state and a peer's durable, the peer's counts: it
    /// was begun later and has taken the other's place.
    mutating func persisted(through ticket: Ticket) -> Event {
        let isTaken = writer.persisted(through: ticket)
        guard let complete = fetch?.complete, complete.ticket <= ticket, let mark = fetch?.mark else {
            return isTaken ? .taken(writer.mark) : .none
        }
        fetch = nil
        writer.stored = mark
        appliedBytes = 0
        return .fetched(mark, complete.machine)
    }

    /// Up to where slots may be given up in memory once those through `slot` are in the stored snapshot: a tail that is
    /// small beside it spares those that are a little behind the whole snapshot.
    func keptTail(_ slots: AcceptedSlots, through slot: LogIndex) -> LogIndex {
        var kept = slot
        var bytes = 0
        while kept > slots.base, slot.rawValue - kept.rawValue < 4_096 {
            bytes += slots[kept].payload.count + 32
            if bytes > dueBytes / 4 { break }
            kept = kept.previous
        }
        return kept
    }
}

// Fetching.
extension ReplicaSnapshots {
    /// Fetches a peer's snapshot, unless one is on its way.
    mutating func beginFetch<Node: ProtocolNode>(
        from peer: NodeID, at now: Now, effects: inout Effects<Node>
    ) where Node.Message: SnapshotMessages {
        guard fetch == nil else { return }
        fetch = SnapshotFetch(source: peer)
        ask(at: now, effects: &effects)
    }

    private mutating func ask<Node: ProtocolNode>(
        at now: Now, effects: inout Effects<Node>
    ) where Node.Message: SnapshotMessages {
        guard let source = fetch?.source, let request = fetch?.request(at: now) else { return }
        effects.send(.snapshotRequest(request), to: source)
        effects.setTimer(fetchTimer, at: now.monotonic + patience)
    }

    /// Asks again where no part has come for a while; a peer that stays silent is given up.
    mutating func retryFetch<Node: ProtocolNode>(
        at now: Now, effects: inout Effects<Node>
    ) where Node.Message: SnapshotMessages {
        guard let askedAt = fetch?.askedAt, fetch?.complete == nil else { return }
        guard now.monotonic >= askedAt + patience else { return effects.setTimer(fetchTimer, at: askedAt + patience) }
        if fetch!.attempts < 4 { ask(at: now, effects: &effects) } else { fetch = nil }
    }

    /// Gives up a fetch that isn't complete.
    mutating func abandonFetch() {
        if fetch?.complete == nil { fetch = nil }
    }

    /// A part has come; it is of use where it leads beyond `decided`.
    mutating func take<Node: ProtocolNode>(
        _ part: SnapshotFetchPart, from peer: NodeID, decided: LogIndex, at now: Now, effects: inout Effects<Node>
    ) where Node.Message: SnapshotMessages {
        guard fetch?.source == peer else { return }
        guard part.mark.index > decided else { return abandonFetch() }
        // What was being written of the own state is given up for it.
        if fetch?.mark == nil { writer.abandon() }
        switch fetch!.take(part, effects: &effects) {
        case .ask: ask(at: now, effects: &effects)
        case .malformed: fetch = nil
        case .nothing, .stored: break
        }
    }
}

// Serving.
extension ReplicaSnapshots {
    /// A peer asks for a part of the stored snapshot.
    mutating func serve<Node: ProtocolNode>(
        _ request: SnapshotFetchRequest, to peer: NodeID, at now: Now, effects: inout Effects<Node>
    ) {
        guard stored != nil else { return }
        servedAt = now.monotonic
        effects.readSnapshot(
            transfer: UInt64(peer.rawValue), offset: request.offset, maximumBytes: chunkBytes)
    }

    /// A part has been read.
    func send<Node: ProtocolNode>(
        _ part: SnapshotPart, effects: inout Effects<Node>
    ) where Node.Message: SnapshotMessages {
        let message = SnapshotFetchPart(mark: part.mark, offset: part.offset, data: part.data, isLast: part.isLast)
        effects.send(.snapshotPart(message), to: NodeID(UInt32(truncatingIfNeeded: part.transfer)))
    }
}
