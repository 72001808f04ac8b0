import ProtocolKit

/// How far a primary knows another node's log to be, and how it brings it up to date.
@usableFromInline
struct BackupProgress: Sendable {
    /// How entries are sent.
    @usableFromInline
    enum Mode: UInt8, Sendable {
        /// One message at a time, until the logs are known to agree.
        case probe
        /// Several messages at once: `next` moves on as they leave.
        case replicate
        /// Its next entry is compacted away: a snapshot is on its way.
        case snapshot
    }

    @usableFromInline let id: NodeID
    @usableFromInline var mode = Mode.probe
    @usableFromInline var next = LogIndex(1)
    @usableFromInline var match = LogIndex.zero
    /// A probe is under way; the next waits for its answer or the next heartbeat.
    @usableFromInline var isProbing = false
    @usableFromInline var inFlight: InFlight
    /// When it was last heard from, in this epoch.
    @usableFromInline var contact = UInt64(0)
    /// The latest round that it answered.
    @usableFromInline var acknowledgedRound = UInt64(0)
    /// The latest round that it was sent.
    @usableFromInline var sentRound = UInt64(0)
    @usableFromInline var transfer: BackupTransfer?

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }

    /// The position before the first entry to send; while a snapshot is under way, nothing is claimed.
    @inlinable
    var previous: LogIndex { mode == .snapshot ? .zero : LogIndex(next.rawValue &- 1) }

    /// Whether entries may be sent now, where each message is answered.
    @inlinable
    var isReady: Bool {
        switch mode {
        case .replicate: !inFlight.isFull
        case .probe: !isProbing
        case .snapshot: false
        }
    }

    /// Goes back to one message at a time, from the first entry that isn't known to match or a better guess.
    @usableFromInline
    mutating func probe(from guess: LogIndex = .zero) {
        mode = .probe
        next = max(match.next, guess)
        isProbing = false
        inFlight.removeAll()
        transfer = nil
    }

    /// The logs agree through `match`: entries may flow.
    @usableFromInline
    mutating func replicate() {
        mode = .replicate
        next = match.next
        isProbing = false
        inFlight.removeAll()
        transfer = nil
    }

    /// Notes that entries through `last` have left.
    @inlinable
    mutating func sent(through last: LogIndex) {
        if mode == .replicate {
            next = last.next
            inFlight.append(last)
        } else {
            isProbing = true
        }
    }
}

/// A snapshot on its way to a node.
@usableFromInline
struct BackupTransfer: Sendable {
    /// Names the transfer to the disk that reads for it.
    @usableFromInline var number: UInt64
    /// The snapshot that the sent parts belong to.
    @usableFromInline var mark: SnapshotMark?
    /// Where the part that is under way starts.
    @usableFromInline var offset = UInt64(0)
    /// When the disk or the receiver was last asked for something.
    @usableFromInline var since: UInt64
}
