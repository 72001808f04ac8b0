import ByteCoding
import ProtocolKit

/// One persisting effect on its way to the disk.
@usableFromInline
enum DiskWrite {
    case append(LogRecord)
    case truncateSuffix(LogIndex)
    case discardPrefix(LogIndex)
    case hardState(Bytes)
    case snapshot(SnapshotMark, Bytes)

    var byteCount: Int {
        switch self {
        case .append(let record): 24 + record.payload.count
        case .truncateSuffix, .discardPrefix: 8
        case .hardState(let state): state.count
        case .snapshot(_, let data): 16 + data.count
        }
    }
}

/// What is on the platter.
struct DiskImage {
    var hardState: Bytes?
    var snapshot: (mark: SnapshotMark, data: Bytes)?
    /// Everything up to here is discarded.
    var base = UInt64(0)
    var log: [LogRecord] = []

    mutating func apply(_ write: DiskWrite) {
        switch write {
        case .append(let record): log.append(record)
        case .truncateSuffix(let index): log.removeLast(log.count - Int(index.rawValue - base - 1))
        case .discardPrefix(let index):
            guard index.rawValue > base else { return }
            log.removeFirst(min(log.count, Int(index.rawValue - base)))
            base = index.rawValue
        case .hardState(let state): hardState = state
        case .snapshot(let mark, let data): snapshot = (mark, data)
        }
    }
}

/// A node's disk: writes wait in order for a sync; a crash takes what wasn't synced.
@usableFromInline
struct SimulatedDisk {
    private var image = DiskImage()
    private var waiting: [DiskWrite] = []
    /// How many of the waiting writes the sync under way covers; 0 when there is none.
    private var syncing = 0
    private var begun: (mark: SnapshotMark, data: [UInt8])?
    /// The log as the node sees it: discarded through, and last.
    private var liveBase = UInt64(0)
    private var liveLast = UInt64(0)
    private var waitingSnapshots = 0

    @usableFromInline
    init() {}

    /// Takes a write in; what is wrong with it, or nil.
    @usableFromInline
    mutating func write(_ write: DiskWrite) -> String? {
        switch write {
        case .append(let record):
            guard record.index.rawValue == liveLast + 1 else {
                return "appends record \(record.index) after \(liveLast)"
            }
            liveLast += 1
        case .truncateSuffix(let index):
            guard index.rawValue > liveBase, index.rawValue <= liveLast + 1 else {
                return "truncates from \(index) a log of \(liveBase + 1)...\(liveLast)"
            }
            liveLast = index.rawValue - 1
        case .discardPrefix(let index):
            liveBase = max(liveBase, index.rawValue)
            liveLast = max(liveLast, liveBase)
        case .hardState: break
        case .snapshot: waitingSnapshots += 1
        }
        waiting.append(write)
        return nil
    }

    /// Begins a snapshot.
    @usableFromInline
    mutating func beginSnapshot(_ mark: SnapshotMark) {
        begun = (mark, [])
    }

    /// Adds to the begun snapshot; what is wrong, or nil.
    @usableFromInline
    mutating func writeSnapshot(_ data: Bytes) -> String? {
        guard begun != nil else { return "writes to a snapshot that it hasn't begun" }
        data.withUnsafeBytes { begun?.data.append(contentsOf: $0) }
        return nil
    }

    /// Completes the begun snapshot; what is wrong, or nil.
    @usableFromInline
    mutating func commitSnapshot() -> String? {
        guard let snapshot = begun.take() else { return "commits a snapshot that it hasn't begun" }
        return write(.snapshot(snapshot.mark, Bytes(snapshot.data)))
    }

    /// Whether a snapshot waits to be synced.
    @usableFromInline
    var awaitsSnapshot: Bool { waitingSnapshots > 0 }

    /// A part of the stored snapshot, nil when there is none.
    @usableFromInline
    func readSnapshot(transfer: UInt64, offset: UInt64, maximumBytes: Int) -> SnapshotPart? {
        guard let (mark, data) = image.snapshot else { return nil }
        let start = min(Int(clamping: offset), data.count)
        let end = min(start + max(0, maximumBytes), data.count)
        return SnapshotPart(
            transfer: transfer, mark: mark, offset: offset, data: data[start..<end], isLast: end == data.count)
    }

    /// Starts a sync where writes wait and none is under way.
    @usableFromInline
    mutating func beginSync() -> Bool {
        guard syncing == 0, !waiting.isEmpty else { return false }
        syncing = waiting.count
        return true
    }

    /// The sync under way is done: how many writes, and so tickets, it covered.
    @usableFromInline
    mutating func finishSync() -> Int {
        let count = syncing
        settle(count)
        syncing = 0
        return count
    }

    private mutating func settle(_ count: Int) {
        for position in 0..<count {
            if case .snapshot = waiting[position] { waitingSnapshots -= 1 }
            image.apply(waiting[position])
        }
        if count == waiting.count {
            waiting.removeAll(keepingCapacity: true)
        } else {
            waiting.removeFirst(count)
        }
    }

    /// How many writes wait, those being synced included.
    var waitingCount: Int { waiting.count }

    /// Loses what isn't synced except for its first `kept` writes.
    ///
    /// - Returns: the number of bytes lost.
    mutating func crash(keeping kept: Int) -> Int {
        settle(kept)
        let lost = waiting.reduce(0) { $0 + $1.byteCount } + (begun?.data.count ?? 0)
        waiting.removeAll(keepingCapacity: true)
        waitingSnapshots = 0
        syncing = 0
        begun = nil
        liveBase = image.base
        liveLast = image.base + UInt64(image.log.count)
        return lost
    }

    /// What a node finds when it starts.
    @usableFromInline
    func recovery(incarnation: UInt64, seed: UInt64) -> Recovery {
        Recovery(
            incarnation: incarnation, seed: seed, hardState: image.hardState, snapshot: image.snapshot, log: image.log)
    }
}
