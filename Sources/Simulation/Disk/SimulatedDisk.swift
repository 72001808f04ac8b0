import ByteCoding
import ProtocolKit
import Workload

/// A node's disk: writes wait in order for a sync; a crash takes what wasn't synced.
@usableFromInline
struct SimulatedDisk {
    var image = DiskImage()
    private(set) var waiting: [DiskWrite] = []
    /// How many of the waiting writes the sync under way covers; 0 when there is none.
    private var syncing = 0
    private var begun: (mark: SnapshotMark, data: [UInt8])?
    /// The log as the node sees it: discarded through, and last.
    private var liveBase = UInt64(0)
    private var liveLast = UInt64(0)
    private var waitingSnapshots = 0

    let identity: LogFormat.Identity
    /// Damage that nobody has noticed yet, with what it is drawn from.
    var damages: [(damage: DiskDamage, random: SeededGenerator)] = []
    /// What a start found damaged.
    private(set) var refusal: LogDamage?

    @usableFromInline
    init(node: Int) { self.init(identity: LogFormat.Identity(cluster: 1, node: UInt32(node))) }

    init(identity: LogFormat.Identity) { self.identity = identity }

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

    mutating func settle(_ count: Int) {
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
        return forget()
    }

    /// Loses what isn't synced, all of it, but for a part of the disk's own making.
    ///
    /// - Returns: the number of bytes lost.
    mutating func forget() -> Int {
        let lost = waiting.reduce(0) { $0 + $1.byteCount } + (begun?.data.count ?? 0)
        waiting.removeAll(keepingCapacity: true)
        waitingSnapshots = 0
        syncing = 0
        begun = nil
        resetLive()
        return lost
    }

    /// What the node sees is what is on the disk.
    mutating func resetLive() {
        liveBase = image.base
        liveLast = image.base + UInt64(image.log.count)
    }

    /// What a node finds when it starts, or what it finds damaged, at which it refuses to start.
    @usableFromInline
    mutating func recovery(incarnation: UInt64, seed: UInt64) -> Result<Recovery, LogDamage> {
        if let damage = examine() { return .failure(damage) }
        return .success(
            Recovery(
                incarnation: incarnation, seed: seed, hardState: image.hardState, snapshot: image.snapshot,
                log: image.log))
    }

    /// What is damaged, as a start would find it, or nil.
    @usableFromInline
    mutating func examine() -> LogDamage? {
        if refusal == nil, !damages.isEmpty { refusal = showDamages() }
        return refusal
    }

    /// Whether nothing is on it.
    @usableFromInline
    var isEmpty: Bool { image.isEmpty }

    /// Takes everything away.
    @usableFromInline
    mutating func wipe() { self = SimulatedDisk(identity: identity) }
}
