import Foundation
import LoopbackRuntime
import ProtocolKit

/// A log in a folder of its own beside the build, so on the disk that the checkout is on; removed in the end.
private struct TemporaryLog: ~Copyable {
    private let log: StandaloneLog
    private let folder: URL
    private let payload = KeyValueRequest(.put(key: sampleKey(1), value: sampleValue())).payload
    private var index = UInt64(0)

    init(_ durability: Durability) throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        folder = package.appending(path: ".build/log-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        log = try StandaloneLog(folder: folder.path(percentEncoded: false), durability: durability)
    }

    deinit {
        log.close()
        try? FileManager.default.removeItem(at: folder)
    }

    mutating func append(_ count: Int) {
        for _ in 0..<count {
            index &+= 1
            log.append(LogRecord(index: LogIndex(index), tag: 1, kind: 1, payload: payload))
        }
    }

    func write() throws { try log.write() }

    /// Writes what is gathered and gives up everything, so that the folder stays small.
    func clear() throws {
        log.discardPrefix(through: LogIndex(index))
        try log.write()
    }
}

/// A record into the batch that is being gathered; written out untimed.
struct LogStaging: HotPath, ~Copyable {
    private var log: TemporaryLog

    init() throws { log = try TemporaryLog(.buffered) }

    mutating func run(_ count: Int) { log.append(count) }
    mutating func finish() throws { try log.clear() }
}

/// Batches of records written, and made as durable as the durability says.
struct LogWriting: HotPath, ~Copyable {
    private var log: TemporaryLog
    private let batch: Int

    init(_ durability: Durability, batch: Int) throws {
        log = try TemporaryLog(durability)
        self.batch = batch
    }

    mutating func run(_ count: Int) throws {
        var done = 0
        while done < count {
            let size = min(batch, count - done)
            log.append(size)
            try log.write()
            done += size
        }
    }

    mutating func finish() throws { try log.clear() }
}
