import ByteCoding
import Glibc
import ProtocolKit
import Testing

@testable import LoopbackRuntime

/// A node's log folder, opened and looked at.
struct LogBench {
    static let identity = LogFormat.Identity(cluster: 7, node: 1)
    let folder = TemporaryFolder()
    var segmentBytes = 16 << 10

    func open(
        _ identity: LogFormat.Identity = LogBench.identity, durability: Durability = .buffered
    ) throws(RuntimeError) -> WriteAheadLog {
        try WriteAheadLog(folder: folder.path, identity: identity, durability: durability, segmentBytes: segmentBytes)
    }

    /// Opens the log, lets `body` stage something, writes and closes it.
    func session(durability: Durability = .buffered, _ body: (WriteAheadLog) -> Void) throws {
        let log = try open(durability: durability)
        body(log)
        let error = log.write()
        log.close()
        #expect(error == nil)
    }

    /// What an opening finds.
    func recovered() throws(RuntimeError) -> RecoveredLog {
        let log = try open()
        log.close()
        return log.recovered
    }

    func path(_ epoch: UInt64) -> String { "\(folder.path)/\(LogFolder.segmentName(epoch))" }

    var segments: [String] {
        get throws { try LogFolder.names(in: folder.path).filter { $0.hasPrefix("wal-") } }
    }

    func contents(_ path: String) throws -> [UInt8] { try LogFolder.read(path).array }

    func overwrite(_ path: String, _ contents: [UInt8]) throws {
        let fd = try LogFolder.open(writing: path, flags: O_CREAT | O_TRUNC)
        defer { close(fd) }
        try contents.withUnsafeBufferPointer { (region) throws in
            try LogFolder.write(fd, UnsafeRawBufferPointer(region), at: 0, path: path)
        }
    }

    static func record(_ index: UInt64, bytes: Int = 20, tag: UInt64 = 1) -> LogRecord {
        let payload = (0..<bytes).map { UInt8(truncatingIfNeeded: UInt64($0) &* 7 &+ index &* 31) | 1 }
        return LogRecord(index: LogIndex(index), tag: tag, kind: 3, payload: Bytes(payload))
    }

    /// Bytes that a record takes in the file.
    static func size(payload: Int) -> Int { LogFormat.recordHeaderBytes + 1 + 17 + payload }

    /// Where the first entry of a folder's first segment lies: behind the header and the incarnation.
    static let firstEntry = LogFormat.headerBytes + LogFormat.recordHeaderBytes + 1 + 8
}
