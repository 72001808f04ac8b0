import Glibc
import Synchronization

/// The synced end of a log, published in a small shared mapping after each sync.
///
/// SIGKILL alone loses nothing, for the page cache survives the process. A crash test reads the mark and cuts the log
/// back to it, so that only what was really synced is left.
final class SyncedMark {
    private let mapping: UnsafeMutableRawPointer

    /// The mark's file in a node's folder.
    static func path(in folder: String) -> String { "\(folder)/synced" }

    init(folder: String) throws(RuntimeError) {
        let path = Self.path(in: folder)
        let fd = try LogFolder.open(writing: path, flags: O_CREAT)
        defer { close(fd) }
        guard ftruncate(fd, 8) == 0 else { throw .cannotWrite(path: path, reason: Socket.reason()) }
        guard let mapping = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), mapping != MAP_FAILED else {
            throw .cannotWrite(path: path, reason: Socket.reason())
        }
        self.mapping = mapping
    }

    deinit {
        munmap(mapping, 8)
    }

    /// Publishes the end of what is synced: 24 bits of epoch, 40 of offset, in one store.
    func publish(epoch: UInt64, offset: Int) {
        mapping.storeBytes(of: (epoch << 40 | UInt64(offset)).littleEndian, as: UInt64.self)
    }

    /// The published end.
    static func read(folder: String) throws(RuntimeError) -> (epoch: UInt64, offset: Int) {
        let bytes = try LogFolder.read(path(in: folder))
        guard bytes.count == 8 else { throw .corrupt(path: path(in: folder), offset: 0, reason: "it isn't 8 bytes") }
        let word = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        return (word >> 40, Int(word & 0xFF_FFFF_FFFF))
    }
}
