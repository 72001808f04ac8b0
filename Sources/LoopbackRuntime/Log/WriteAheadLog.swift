import ByteCoding
import Dispatch
import Glibc
import ProtocolKit

/// A node's durable log: records gathered during a turn, then written and synced together while the next are gathered.
///
/// Gathering happens on the node's loop; writing on a serial queue of the log's own, since a sync blocks.
public final class WriteAheadLog: @unchecked Sendable {  // staging belongs to the loop, `writer` to the log's queue
    /// Bytes of a segment unless said otherwise.
    public static let defaultSegmentBytes = 32 << 20

    private let segmentBytes: Int
    private let identity: LogFormat.Identity
    private let queue: DispatchQueue
    private let writer: LogWriter
    private var staged = Batch()
    private var spare: Batch? = Batch()
    private var chain: UInt32 = 0
    private var epoch: UInt64
    private var offset: Int
    private var hardState: Bytes?
    private var discardedThrough: LogIndex
    private var incarnation: UInt64
    private var highestIndex = LogIndex.zero
    private var closedSegments: [(epoch: UInt64, highestIndex: LogIndex)]
    /// What the folder held when the log was opened.
    let recovered: RecoveredLog
    /// The snapshot that the folder held.
    let recoveredSnapshot: (mark: SnapshotMark, data: Bytes)?

    /// Records and snapshot operations in order.
    final class Batch: @unchecked Sendable {  // handed from the loop to the queue and back, never shared
        enum Step {
            case newSegment(epoch: UInt64)
            case records(from: Int, to: Int, at: Int)
            case beginSnapshot(SnapshotMark)
            case writeSnapshot(Bytes)
            case commitSnapshot
            case removeSegments([UInt64])
        }
        var buffer = ByteWriter(capacity: 256 << 10)
        var steps: [Step] = []

        func removeAll() {
            buffer.removeAll()
            buffer.shrink(to: 8 << 20)
            steps.removeAll(keepingCapacity: true)
        }
    }

    /// Opens a node's folder, creating it where there is none, and counts the start as a new incarnation, durably.
    init(
        folder: String, identity: LogFormat.Identity, durability: Durability,
        segmentBytes: Int = WriteAheadLog.defaultSegmentBytes, faults: LogFaults = LogFaults()
    ) throws(RuntimeError) {
        try LogFolder.create(folder)
        self.segmentBytes = segmentBytes
        self.identity = identity
        queue = DispatchQueue(label: "coordbench.log.\(identity.node)")
        let epochs = try LogFolder.names(in: folder).compactMap { name -> UInt64? in
            name.hasPrefix("wal-") ? UInt64(name.dropFirst(4), radix: 16) : nil
        }
        recovered = try LogRecovery.recover(folder: folder, epochs: epochs, identity: identity)
        try LogRecovery.mend(recovered, folder: folder)
        let snapshots = SnapshotFile(folder: folder, identity: identity, isSynced: durability == .synced)
        recoveredSnapshot = try snapshots.recover()
        hardState = recovered.hardState
        discardedThrough = recovered.discardedThrough
        incarnation = recovered.incarnation + 1
        // A last segment that never got its header is made anew under its number.
        let segments = recovered.segments.filter { $0.end > 0 }
        closedSegments = segments.map { ($0.epoch, $0.highestIndex) }
        epoch = segments.last?.epoch ?? (epochs.first ?? 1) - 1
        offset = 0
        writer = try LogWriter(
            folder: folder, identity: identity, isSynced: durability == .synced, segmentBytes: segmentBytes,
            snapshots: snapshots, faults: faults)
        beginSegment()
        try writer.perform(staged)
        staged.removeAll()
    }

    /// The incarnation that this opening began.
    var currentIncarnation: UInt64 { incarnation }

    /// Written bytes, writes and syncs so far.
    var counters: LogCounters { queue.sync { writer.counters } }

    /// Bytes of records gathered.
    var stagedBytes: Int { staged.buffer.count }

    /// Whether something is gathered.
    var hasStaged: Bool { !staged.steps.isEmpty }

    private func beginSegment() {
        if epoch > 0, offset > 0 { closedSegments.append((epoch, highestIndex)) }
        epoch += 1
        highestIndex = .zero
        let header = LogFormat.header(epoch: epoch, identity: identity)
        staged.steps.append(.newSegment(epoch: epoch))
        let start = staged.buffer.count
        staged.buffer.write(raw: header.bytes)
        chain = header.chain
        write(index: LogIndex(incarnation), .incarnation)
        if let hardState { writeHardStateRecord(hardState) }
        if discardedThrough > .zero { write(index: discardedThrough, .discardPrefix) }
        offset = staged.buffer.count - start
        staged.steps.append(.records(from: start, to: staged.buffer.count, at: 0))
    }

    private func beginRecord(_ kind: LogFormat.Kind) -> Int {
        if offset >= segmentBytes { beginSegment() }
        return LogFormat.begin(kind, in: &staged.buffer)
    }

    private func endRecord(_ start: Int) {
        chain = LogFormat.end(start, in: &staged.buffer, chain: chain)
    }

    /// Lets the step that is being gathered reach to the end of the buffer.
    private func extendStep(from start: Int) {
        let end = staged.buffer.count
        if case .records(let from, let to, let at)? = staged.steps.last, to == start {
            staged.steps[staged.steps.count - 1] = .records(from: from, to: end, at: at)
        } else {
            staged.steps.append(.records(from: start, to: end, at: offset))
        }
        offset += end - start
    }

    private func write(index: LogIndex, _ kind: LogFormat.Kind) {
        let start = LogFormat.begin(kind, in: &staged.buffer)
        staged.buffer.write(index.rawValue)
        endRecord(start)
    }

    private func writeHardStateRecord(_ state: Bytes) {
        let start = LogFormat.begin(.hardState, in: &staged.buffer)
        staged.buffer.write(raw: state)
        endRecord(start)
    }

    func append(_ record: LogRecord) {
        let start = beginRecord(.entry)
        LogFormat.encode(record, into: &staged.buffer)
        endRecord(start)
        if record.index > highestIndex { highestIndex = record.index }
        extendStep(from: start)
    }

    func truncateSuffix(from index: LogIndex) {
        let start = beginRecord(.truncateSuffix)
        staged.buffer.write(index.rawValue)
        endRecord(start)
        extendStep(from: start)
    }

    func discardPrefix(through index: LogIndex) {
        discardedThrough = max(discardedThrough, index)
        let start = beginRecord(.discardPrefix)
        staged.buffer.write(index.rawValue)
        endRecord(start)
        extendStep(from: start)
        let removable = closedSegments.prefix { $0.highestIndex <= discardedThrough }.map(\.epoch)
        guard !removable.isEmpty else { return }
        closedSegments.removeFirst(removable.count)
        staged.steps.append(.removeSegments(removable))
    }

    func writeHardState(_ state: Bytes) {
        hardState = state
        let start = beginRecord(.hardState)
        staged.buffer.write(raw: state)
        endRecord(start)
        extendStep(from: start)
    }

    func beginSnapshot(_ mark: SnapshotMark) { staged.steps.append(.beginSnapshot(mark)) }
    func writeSnapshot(_ data: Bytes) { staged.steps.append(.writeSnapshot(data)) }
    func commitSnapshot() { staged.steps.append(.commitSnapshot) }

    /// Writes what is gathered, and syncs it where the durability says so.
    ///
    /// - Parameter completion: called on the log's queue.
    func submit(completion: @escaping @Sendable (RuntimeError?) -> Void) {
        let batch = staged
        guard let next = spare else { preconditionFailure("one batch at a time") }
        staged = next
        spare = nil
        queue.async { [self] in
            completion(Self.outcome { () throws(RuntimeError) in try writer.perform(batch) })
        }
        inFlight = batch
    }

    private var inFlight: Batch?

    /// The batch that was submitted is done with.
    func reclaim() {
        inFlight?.removeAll()
        spare = inFlight
        inFlight = nil
    }

    /// Writes what is gathered at once, on the caller's thread; only while no submitted batch is under way.
    func write() -> RuntimeError? {
        let error = queue.sync { Self.outcome { () throws(RuntimeError) in try writer.perform(staged) } }
        staged.removeAll()
        return error
    }

    private static func outcome(_ body: () throws(RuntimeError) -> Void) -> RuntimeError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    /// Reads a part of the stored snapshot on the log's queue; nil where there is no such part.
    func readSnapshot(
        transfer: UInt64, offset: UInt64, maximumBytes: Int,
        completion: @escaping @Sendable (Result<SnapshotPart?, RuntimeError>) -> Void
    ) {
        queue.async { [self] in
            completion(
                Result { () throws(RuntimeError) in
                    try writer.snapshots.read(transfer: transfer, offset: offset, maximumBytes: maximumBytes)
                })
        }
    }

    /// Waits for what is under way and closes the files.
    func close() {
        queue.sync { writer.close() }
    }
}

/// What a log has done so far.
public struct LogCounters: Sendable, Hashable {
    /// Writes to the file.
    public var writes: UInt64 = 0
    /// Syncs of the file.
    public var syncs: UInt64 = 0
    /// Bytes written.
    public var bytes: UInt64 = 0
}

/// Planted faults of the log layer, for tests of the crash checks.
public struct LogFaults: Sendable, Hashable {
    /// Say that batches are synced without syncing them.
    public var skipsSync = false
    /// After so many writes the disk is full: of the next one only the first sectors reach it. Nil for a disk with room.
    public var writesUntilFull: UInt64?
    /// After so many syncs the next one fails. Nil for a sound disk.
    public var syncsUntilFailure: UInt64?
    /// No faults.
    public init(skipsSync: Bool = false, writesUntilFull: UInt64? = nil, syncsUntilFailure: UInt64? = nil) {
        self.skipsSync = skipsSync
        self.writesUntilFull = writesUntilFull
        self.syncsUntilFailure = syncsUntilFailure
    }
}
