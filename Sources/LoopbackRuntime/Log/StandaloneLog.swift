import ProtocolKit

/// A node's write-ahead log without the node: for measuring what the log alone costs, on the thread that calls.
public final class StandaloneLog {
    private let log: WriteAheadLog

    /// Opens the log in a folder, creating the folder where there is none.
    ///
    /// - Throws: ``RuntimeError`` where the folder can't be written, or holds a log that is damaged or not this one's.
    public init(
        folder: String, durability: Durability, segmentBytes: Int = WriteAheadLog.defaultSegmentBytes
    ) throws(RuntimeError) {
        precondition(durability != .memory, "a log in memory has no files")
        log = try WriteAheadLog(
            folder: folder, identity: LogFormat.Identity(cluster: 0, node: 0), durability: durability,
            segmentBytes: segmentBytes)
    }

    /// Gathers a record for the next write.
    public func append(_ record: LogRecord) {
        log.append(record)
    }

    /// Gives up the records up to and including a position; segments that hold no others go with the next write.
    public func discardPrefix(through index: LogIndex) {
        log.discardPrefix(through: index)
    }

    /// Writes what is gathered, and syncs it where the durability is `synced`.
    public func write() throws(RuntimeError) {
        if let error = log.write() { throw error }
    }

    /// Closes the files.
    public func close() {
        log.close()
    }
}
