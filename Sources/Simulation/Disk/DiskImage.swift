import ByteCoding
import ProtocolKit

/// One persisting effect on its way to the disk.
@usableFromInline
enum DiskWrite {
    case append(LogRecord)
    case truncateSuffix(LogIndex)
    case discardPrefix(LogIndex)
    case hardState(Bytes)
    case snapshot(SnapshotMark, Bytes)

    var byteCount: Int {
        switch self {
        case .append(let record): 24 + record.payload.count
        case .truncateSuffix, .discardPrefix: 8
        case .hardState(let state): state.count
        case .snapshot(_, let data): 16 + data.count
        }
    }
}

/// What is on the platter.
struct DiskImage {
    var hardState: Bytes?
    var snapshot: (mark: SnapshotMark, data: Bytes)?
    /// Everything up to here is discarded.
    var base = UInt64(0)
    var log: [LogRecord] = []

    /// Whether nothing was ever written.
    var isEmpty: Bool { hardState == nil && snapshot == nil && log.isEmpty && base == 0 }

    mutating func apply(_ write: DiskWrite) {
        switch write {
        case .append(let record): log.append(record)
        case .truncateSuffix(let index): log.removeLast(log.count - Int(index.rawValue - base - 1))
        case .discardPrefix(let index):
            guard index.rawValue > base else { return }
            log.removeFirst(min(log.count, Int(index.rawValue - base)))
            base = index.rawValue
        case .hardState(let state): hardState = state
        case .snapshot(let mark, let data): snapshot = (mark, data)
        }
    }
}
