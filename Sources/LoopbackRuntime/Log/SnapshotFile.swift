import ByteCoding
import Glibc
import ProtocolKit

/// A node's snapshots on disk: one complete file, replaced by renaming, and at most one that is being written.
///
/// A file is a header (magic, version, node, cluster, position, tag, CRC-32C of these), the data, and a trailer (length and CRC-32C of the
/// data). A file without its trailer never gets the final name.
final class SnapshotFile {
    static let magic: UInt64 = 0x3150_4E53_4843_4F43
    private static let headerBytes = 48
    private static let trailerBytes = 12
    private static let checkedHeaderBytes = 40

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

    private func header(_ mark: SnapshotMark) -> Bytes {
        var writer = ByteWriter(capacity: Self.headerBytes)
        writer.write(Self.magic)
        writer.write(LogFormat.version)
        writer.write(identity.node)
        writer.write(identity.cluster)
        writer.write(mark.index.rawValue)
        writer.write(mark.tag)
        writer.write(checksum(writer.readable))
        writer.write(UInt32(0))
        return writer.bytes()
    }

    func begin(_ mark: SnapshotMark) throws(RuntimeError) {
        if let writing { close(writing.fd) }
        writing = nil
        let fd = try LogFolder.open(writing: temporaryPath, flags: O_CREAT | O_TRUNC)
        writing = (fd, mark, 0, 0)
        try header(mark).withUnsafeBytes { (region) throws(RuntimeError) in
            try LogFolder.write(fd, region, at: 0, path: temporaryPath)
        }
    }

    func write(_ data: Bytes) throws(RuntimeError) {
        guard let current = writing else { return }
        try data.withUnsafeBytes { (region) throws(RuntimeError) in
            try LogFolder.write(current.fd, region, at: Self.headerBytes + current.count, path: temporaryPath)
        }
        writing?.count += data.count
        writing?.crc = data.withUnsafeBytes { checksum($0, seed: current.crc) }
    }

    func commit() throws(RuntimeError) {
        guard let (fd, mark, count, crc) = writing else { return }
        var trailer = ByteWriter(capacity: 64)
        trailer.write(UInt64(count))
        trailer.write(crc)
        try LogFolder.write(fd, trailer.readable, at: Self.headerBytes + count, path: temporaryPath)
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
            $0.isEmpty ? 0 : pread(fd, $0.baseAddress, count, off_t(Self.headerBytes + Int(offset)))
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
            guard region.count >= Self.headerBytes + Self.trailerBytes,
                UInt64(littleEndian: region.loadUnaligned(as: UInt64.self)) == Self.magic
            else { throw .corrupt(path: path, offset: 0, reason: "the header isn't a snapshot's") }
            let checked = UnsafeRawBufferPointer(rebasing: region[..<Self.checkedHeaderBytes])
            let headerChecksum = region.loadUnaligned(fromByteOffset: Self.checkedHeaderBytes, as: UInt32.self)
            guard checksum(checked) == UInt32(littleEndian: headerChecksum) else {
                throw .corrupt(path: path, offset: 0, reason: "the header's checksum doesn't match")
            }
            let mark = SnapshotMark(
                index: LogIndex(UInt64(littleEndian: region.loadUnaligned(fromByteOffset: 24, as: UInt64.self))),
                tag: UInt64(littleEndian: region.loadUnaligned(fromByteOffset: 32, as: UInt64.self)))
            guard header(mark).withUnsafeBytes({ $0.elementsEqual(region[..<Self.headerBytes]) }) else {
                throw .foreignData(path: path, reason: "its header names another node, cluster or version")
            }
            let end = region.count - Self.trailerBytes
            let data = UnsafeRawBufferPointer(rebasing: region[Self.headerBytes..<end])
            let count = UInt64(littleEndian: region.loadUnaligned(fromByteOffset: end, as: UInt64.self))
            let crc = UInt32(littleEndian: region.loadUnaligned(fromByteOffset: end + 8, as: UInt32.self))
            guard count == UInt64(data.count), checksum(data) == crc else {
                throw .corrupt(path: path, offset: Self.headerBytes, reason: "the data's checksum doesn't match")
            }
            stored = (mark, data.count)
            return (mark, contents[Self.headerBytes..<end])
        }
    }
}
