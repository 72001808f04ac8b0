import ByteCoding
import Glibc
import ProtocolKit

/// A node's snapshots on disk: one complete file, replaced by renaming, and at most one that is being written.
///
/// A file without its trailer never gets the final name. Its form is ``SnapshotFormat``'s.
final class SnapshotFile {
    private let folder: String
    private let identity: LogFormat.Identity
    private let isSynced: Bool
    private var writing: (fd: Int32, mark: SnapshotMark, count: Int, crc: UInt32)?
    /// The complete snapshot: its mark and the length of its data.
    private(set) var stored: (mark: SnapshotMark, count: Int)?

    private var path: String { "\(folder)/snapshot" }
    private var temporaryPath: String { "\(folder)/snapshot.part" }

    init(folder: String, identity: LogFormat.Identity, isSynced: Bool) {
        self.folder = folder
        self.identity = identity
        self.isSynced = isSynced
    }

    deinit {
        if let writing { close(writing.fd) }
    }

    func begin(_ mark: SnapshotMark) throws(RuntimeError) {
        if let writing { close(writing.fd) }
        writing = nil
        let fd = try LogFolder.open(writing: temporaryPath, flags: O_CREAT | O_TRUNC)
        writing = (fd, mark, 0, 0)
        try SnapshotFormat.header(mark, identity: identity).withUnsafeBytes { (region) throws(RuntimeError) in
            try LogFolder.write(fd, region, at: 0, path: temporaryPath)
        }
    }

    func write(_ data: Bytes) throws(RuntimeError) {
        guard let current = writing else { return }
        try data.withUnsafeBytes { (region) throws(RuntimeError) in
            try LogFolder.write(current.fd, region, at: SnapshotFormat.headerBytes + current.count, path: temporaryPath)
        }
        writing?.count += data.count
        writing?.crc = data.withUnsafeBytes { checksum($0, seed: current.crc) }
    }

    func commit() throws(RuntimeError) {
        guard let (fd, mark, count, crc) = writing else { return }
        try SnapshotFormat.trailer(count: count, checksum: crc).withUnsafeBytes { (region) throws(RuntimeError) in
            try LogFolder.write(fd, region, at: SnapshotFormat.headerBytes + count, path: temporaryPath)
        }
        if isSynced { try LogFolder.sync(fd, path: temporaryPath) }
        guard rename(temporaryPath, path) == 0 else {
            throw .cannotWrite(path: path, reason: Socket.reason())
        }
        if isSynced { try LogFolder.syncFolder(folder) }
        close(fd)
        writing = nil
        stored = (mark, count)
    }

    /// A part of the complete snapshot's data.
    func read(transfer: UInt64, offset: UInt64, maximumBytes: Int) throws(RuntimeError) -> SnapshotPart? {
        guard let stored, offset <= UInt64(stored.count) else { return nil }
        let count = min(maximumBytes, stored.count - Int(offset))
        let fd = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw .cannotRead(path: path, reason: Socket.reason()) }
        defer { close(fd) }
        var data = [UInt8](repeating: 0, count: count)
        let got = data.withUnsafeMutableBytes {
            $0.isEmpty ? 0 : pread(fd, $0.baseAddress, count, off_t(SnapshotFormat.headerBytes + Int(offset)))
        }
        guard got == count else { throw .cannotRead(path: path, reason: "it is shorter than it was") }
        return SnapshotPart(
            transfer: transfer, mark: stored.mark, offset: offset, data: Bytes(data),
            isLast: Int(offset) + count == stored.count)
    }

    /// Reads the complete snapshot back, checking it.
    func recover() throws(RuntimeError) -> (mark: SnapshotMark, data: Bytes)? {
        unlink(temporaryPath)
        guard access(path, F_OK) == 0 else { return nil }
        let contents = try LogFolder.read(path)
        return try contents.withUnsafeBytes { (region) throws(RuntimeError) in
            let mark: SnapshotMark
            let range: Range<Int>
            do throws(LogDamage) {
                (mark, range) = try SnapshotFormat.check(region, identity: identity)
            } catch {
                throw RuntimeError(error, in: path)
            }
            stored = (mark, range.count)
            return (mark, contents[range])
        }
    }
}
