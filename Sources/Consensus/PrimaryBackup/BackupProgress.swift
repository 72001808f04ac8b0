import ProtocolKit

/// How far a primary knows another node's log to be, and how it brings it up to date.
@usableFromInline
struct BackupProgress: EntryFlow, Sendable {
    @usableFromInline let id: NodeID
    @usableFromInline var mode = EntryFlowMode.probe
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
    @usableFromInline var transfer: SnapshotTransfer?

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }
}
