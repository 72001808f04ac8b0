import ByteCoding
import Dispatch
import Glibc
import ProtocolKit

/// Puts batches of a write-ahead log on disk. Belongs to one queue.
final class LogWriter {
    let snapshots: SnapshotFile
    private let folder: String
    private let identity: LogFormat.Identity
    private let isSynced: Bool
    private let segmentBytes: Int
    private let faults: LogFaults
    private let mark: SyncedMark
    private let preparer: DispatchQueue
    private var fd: Int32 = -1
    private var epoch: UInt64 = 0
    private var end = 0
    private var hasUnsynced = false
    private(set) var counters = LogCounters()

    init(
        folder: String, identity: LogFormat.Identity, isSynced: Bool, segmentBytes: Int, snapshots: SnapshotFile,
        faults: LogFaults
    ) throws(RuntimeError) {
        self.segmentBytes = segmentBytes
        self.folder = folder
        self.identity = identity
        self.isSynced = isSynced
        self.snapshots = snapshots
        self.faults = faults
        mark = try SyncedMark(folder: folder)
        preparer = DispatchQueue(label: "coordbench.log.prepare.\(identity.node)")
        unlink(sparePath)
    }

    deinit {
        close()
    }

    func close() {
        preparer.sync {}
        if fd >= 0 { Glibc.close(fd) }
        fd = -1
        unlink(sparePath)
    }

    private var sparePath: String { "\(folder)/spare" }

    /// Carries a batch out in order; what it holds is durable afterwards.
    func perform(_ batch: WriteAheadLog.Batch) throws(RuntimeError) {
        for step in batch.steps {
            switch step {
            case .newSegment(let epoch): try beginSegment(epoch)
            case .records(let from, let to, let at): try write(batch, from..<to, at: at)
            case .beginSnapshot(let mark): try snapshots.begin(mark)
            case .writeSnapshot(let data): try snapshots.write(data)
            case .commitSnapshot:
                try sync()
                try snapshots.commit()
            case .removeSegments(let epochs):
                try sync()
                remove(epochs)
            }
        }
        try sync()
    }

    private func write(_ batch: WriteAheadLog.Batch, _ range: Range<Int>, at offset: Int) throws(RuntimeError) {
        let region = UnsafeRawBufferPointer(rebasing: batch.buffer.readable[range])
        let path = "\(folder)/\(LogFolder.segmentName(epoch))"
        if let most = faults.writesUntilFull, counters.writes >= most {
            // A write is cut short where a sector ends, never within one.
            let sector = LogFormat.sectorBytes
            let half = max(0, (offset + region.count / 2) / sector * sector - offset)
            try LogFolder.write(fd, UnsafeRawBufferPointer(rebasing: region[..<half]), at: offset, path: path)
            throw .cannotWrite(path: path, reason: String(cString: strerror(ENOSPC)))
        }
        try LogFolder.write(fd, region, at: offset, path: path)
        end = offset + range.count
        hasUnsynced = true
        counters.writes += 1
        counters.bytes += UInt64(range.count)
    }

    private func sync() throws(RuntimeError) {
        guard isSynced, hasUnsynced, !faults.skipsSync else { return }
        let path = "\(folder)/\(LogFolder.segmentName(epoch))"
        if let most = faults.syncsUntilFailure, counters.syncs >= most {
            throw .cannotWrite(path: path, reason: "sync failed: \(String(cString: strerror(EIO)))")
        }
        try LogFolder.sync(fd, path: path)
        hasUnsynced = false
        counters.syncs += 1
        mark.publish(epoch: epoch, offset: end)
    }

    /// Takes the file that was prepared ahead and gives it its name.
    private func beginSegment(_ epoch: UInt64) throws(RuntimeError) {
        if fd >= 0 {
            try sync()
            Glibc.close(fd)
            fd = -1
        }
        preparer.sync {}
        let path = "\(folder)/\(LogFolder.segmentName(epoch))"
        if access(sparePath, F_OK) != 0 {
            try LogFolder.makeZeroFilled(sparePath, bytes: segmentBytes, isSynced: isSynced)
        }
        guard rename(sparePath, path) == 0 else { throw .cannotWrite(path: path, reason: Socket.reason()) }
        if isSynced { try LogFolder.syncFolder(folder) }
        fd = try LogFolder.open(writing: path, flags: 0)
        self.epoch = epoch
        end = 0
        prepareNext()
    }

    /// Makes the next segment's file in the background; if that fails, the failure shows when the file is needed.
    private func prepareNext() {
        let path = sparePath
        let isSynced = isSynced
        let segmentBytes = segmentBytes
        preparer.async {
            do {
                let temporary = path + ".part"
                try LogFolder.makeZeroFilled(temporary, bytes: segmentBytes, isSynced: isSynced)
                rename(temporary, path)
            } catch {
                unlink(path + ".part")
            }
        }
    }

    private func remove(_ epochs: [UInt64]) {
        for epoch in epochs { unlink("\(folder)/\(LogFolder.segmentName(epoch))") }
    }
}
