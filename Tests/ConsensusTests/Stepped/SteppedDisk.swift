import ByteCoding
import ProtocolKit

/// What a node driven by hand has written, and how much of it was synced.
struct SteppedDisk {
    struct Content {
        var hardState: Bytes?
        var log: [LogRecord] = []
        var snapshot: (mark: SnapshotMark, data: [UInt8])?
    }

    /// What is written, and what of it is durable.
    private(set) var written = Content()
    private(set) var synced = Content()
    private var begun: (mark: SnapshotMark, data: [UInt8])?

    /// A disk with a log that is durable.
    init(log: [LogRecord] = []) {
        written.log = log
        sync()
    }

    /// Everything written so far is durable.
    mutating func sync() { synced = written }

    /// What a crash leaves.
    var afterCrash: SteppedDisk {
        var disk = SteppedDisk()
        disk.written = synced
        disk.synced = synced
        return disk
    }

    func recovery(incarnation: UInt64, isReplacement: Bool) -> Recovery {
        var recovery = Recovery(
            incarnation: incarnation, seed: 7, hardState: synced.hardState,
            snapshot: synced.snapshot.map { (mark: $0.mark, data: Bytes($0.data)) }, log: synced.log)
        recovery.isReplacement = isReplacement
        return recovery
    }

    mutating func take<Node: ProtocolNode>(_ effects: [Effect<Node>]) {
        for effect in effects {
            switch effect {
            case .append(let record): written.log.append(record)
            case .writeHardState(let state): written.hardState = state
            case .truncateSuffix(let first): written.log.removeAll { $0.index >= first }
            case .discardPrefix(let last): written.log.removeAll { $0.index <= last }
            case .beginSnapshot(let mark): begun = (mark, [])
            case .writeSnapshot(let bytes): begun?.data += bytes.array
            case .commitSnapshot: written.snapshot = begun
            default: break
            }
        }
    }

    /// A part of the durable snapshot, as a peer gets it.
    func part(offset: UInt64, maximumBytes: Int, transfer: UInt64 = 0) -> SnapshotPart? {
        guard let (mark, data) = synced.snapshot else { return nil }
        let end = min(Int(offset) + maximumBytes, data.count)
        return SnapshotPart(
            transfer: transfer, mark: mark, offset: offset, data: Bytes(Array(data[Int(offset)..<end])),
            isLast: end == data.count)
    }
}
