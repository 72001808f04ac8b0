import ByteCoding
import Glibc
import ProtocolKit

/// What a power cut leaves of a node's folder, made from what a killed process has left.
///
/// SIGKILL loses nothing, for the page cache outlives the process; a power cut loses what wasn't synced. The log publishes
/// how far it has synced, and this takes away what lies beyond.
public enum PowerCut {
    /// Takes away what wasn't synced, sector by sector: all of it, or all but the first sectors of it.
    ///
    /// - Parameters:
    ///   - folder: the folder of a node that doesn't run.
    ///   - tornSectors: how many sectors beyond the synced end reached the disk all the same.
    /// - Returns: bytes that were lost.
    @discardableResult
    public static func strike(folder: String, tornSectors: Int = 0) throws(RuntimeError) -> Int {
        let mark = try SyncedMark.read(folder: folder)
        var lost = 0
        for name in try LogFolder.names(in: folder) where name.hasPrefix("wal-") {
            guard let epoch = UInt64(name.dropFirst(4), radix: 16), epoch >= mark.epoch else { continue }
            let synced = epoch == mark.epoch ? mark.offset : 0
            let sector = LogFormat.sectorBytes
            let kept = tornSectors == 0 ? synced : (synced / sector + tornSectors) * sector
            lost += try clear("\(folder)/\(name)", from: max(kept, synced))
        }
        return lost
    }

    private static func clear(_ path: String, from offset: Int) throws(RuntimeError) -> Int {
        let contents = try LogFolder.read(path)
        guard offset < contents.count else { return 0 }
        let tail = contents[offset..<contents.count]
        let used = tail.withUnsafeBytes { ($0.lastIndex { $0 != 0 } ?? -1) + 1 }
        let fd = try LogFolder.open(writing: path, flags: 0)
        defer { close(fd) }
        let zeros = [UInt8](repeating: 0, count: used)
        try zeros.withUnsafeBufferPointer { (region) throws(RuntimeError) in
            try LogFolder.write(fd, UnsafeRawBufferPointer(region), at: offset, path: path)
        }
        return used
    }
}
