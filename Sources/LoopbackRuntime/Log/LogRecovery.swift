import ByteCoding
import Glibc
import ProtocolKit

/// Reads a node's segments back from their files.
enum LogRecovery {
    static func recover(
        folder: String, epochs: [UInt64], identity: LogFormat.Identity
    ) throws(RuntimeError) -> RecoveredLog {
        var scanner = LogScanner(identity: identity)
        for (position, epoch) in epochs.enumerated() {
            guard epoch > 0, epoch < LogFormat.epochBound else {
                throw .corrupt(path: folder, offset: 0, reason: "there can be no segment \(epoch)")
            }
            if position > 0, epoch != epochs[position - 1] + 1 {
                throw .corrupt(
                    path: folder, offset: 0, reason: "segment \(epochs[position - 1] + 1) between two others is missing"
                )
            }
            let path = "\(folder)/\(LogFolder.segmentName(epoch))"
            let contents = try LogFolder.read(path)
            let isLast = position == epochs.count - 1
            try contents.withUnsafeBytes { (region) throws(RuntimeError) in
                do throws(LogDamage) {
                    try scanner.read(region, epoch: epoch, isLast: isLast)
                } catch {
                    throw RuntimeError(error, in: path)
                }
            }
        }
        do throws(LogDamage) {
            try scanner.finish()
        } catch {
            throw RuntimeError(error, in: folder)
        }
        return scanner.log
    }

    /// Cuts a torn tail off its file, so that the segment is whole when others follow it.
    static func mend(_ log: RecoveredLog, folder: String) throws(RuntimeError) {
        guard log.droppedBytes > 0, let last = log.segments.last else { return }
        let path = "\(folder)/\(LogFolder.segmentName(last.epoch))"
        let fd = try LogFolder.open(writing: path, flags: 0)
        defer { close(fd) }
        guard ftruncate(fd, off_t(last.end)) == 0, fsync(fd) == 0 else {
            throw .cannotWrite(path: path, reason: Socket.reason())
        }
    }
}

extension RuntimeError {
    /// Damage in a file.
    init(_ damage: LogDamage, in path: String) {
        self =
            damage.isForeign
            ? .foreignData(path: path, reason: damage.reason)
            : .corrupt(path: path, offset: damage.offset, reason: damage.reason)
    }
}
