import ProtocolKit

/// A snapshot on its way to a follower, one part at a time.
@usableFromInline
struct SnapshotTransfer: Sendable {
    /// Names the transfer to the disk that reads for it.
    @usableFromInline var number: UInt64
    /// The snapshot that the sent parts belong to.
    @usableFromInline var mark: SnapshotMark?
    /// Where the part that is under way starts.
    @usableFromInline var offset = UInt64(0)
    /// When the disk or the follower was last asked for something.
    @usableFromInline var since: UInt64
}
