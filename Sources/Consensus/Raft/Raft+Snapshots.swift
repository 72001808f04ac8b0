import ByteCoding
import ProtocolKit

/// A snapshot that a follower is being sent, put together beside the state in use.
@usableFromInline
struct IncomingSnapshot<Machine: StateMachine>: Sendable {
    /// The state that it stands for.
    @usableFromInline
    struct Complete: Sendable {
        let machine: Machine
        let configuration: RaftConfiguration
        /// It may be used once this is durable.
        let ticket: Ticket
    }

    @usableFromInline let term: Term
    @usableFromInline let mark: SnapshotMark
    @usableFromInline var nextOffset = UInt64(0)
    @usableFromInline var assembler = SnapshotAssembler<Machine>(hasHeader: true)
    @usableFromInline var complete: Complete?

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

    /// Bytes of applied entries after which the next snapshot is due: as many as the last one had at least, so that a
    /// large state isn't written over and over, and recovery reads at most about as much log as snapshot.
    @inlinable
    var snapshotThreshold: Int { max(options.snapshotBytes, snapshots.bytes) }

    /// Begins a snapshot of what is applied.
    @usableFromInline
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        if let incoming, incoming.complete == nil, incoming.mark.index <= lastApplied { self.incoming = nil }
        guard snapshots.isIdle, incoming == nil else { return }
        // A transfer may delay the next snapshot, but not for ever.
        guard !isTransferring || bytesSinceSnapshot >= 8 * snapshotThreshold else { return }
        guard let term = log.term(at: lastApplied), lastApplied > (snapshots.stored?.index ?? .zero) else { return }
        bytesSinceSnapshot = 0
        // The configuration at that index belongs to the snapshot: the entries that made it are given up (thesis, 4.3).
        snapshots.begin(
            machine, at: SnapshotMark(index: lastApplied, tag: term.rawValue),
            header: configurations.committed.encoded(), effects: &effects)
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
            install(complete, effects: &effects)
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
