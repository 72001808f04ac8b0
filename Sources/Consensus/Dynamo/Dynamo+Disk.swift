import ByteCoding
import ProtocolKit

extension Dynamo {
    /// Takes over what was found on disk.
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        incarnation = recovery.incarnation
        isReplacement = recovery.isReplacement
        // An acknowledgement that an earlier incarnation waited for must not end a hint of this one.
        revisions = recovery.incarnation << 40
        do {
            if let (mark, data) = recovery.snapshot {
                try restore(data)
                lastIndex = mark.index
            }
            for record in recovery.log where record.index > lastIndex {
                guard record.index == lastIndex.next else {
                    return halt("the log has a gap before \(record.index)", effects: &effects)
                }
                try replay(record.kind, record.payload.compacted())
                lastIndex = record.index
                bytesSinceSnapshot += record.payload.count + 32
            }
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        if recovery.snapshot != nil || !recovery.log.isEmpty { effects.count(.recovered) }
        buryRecovered(at: now, effects: &effects)
        setHandoff(at: now, effects: &effects)
        guard options.antiEntropyInterval > 0, members.count > 1 else { return }
        // Nodes that start together don't compare together.
        let phase = recovery.seed % options.antiEntropyInterval
        nextComparison = Int(recovery.seed >> 32) % members.count
        effects.setTimer(DynamoTimer.antiEntropy, at: now.monotonic + 1 + phase)
    }

    private mutating func restore(_ snapshot: Bytes) throws(WireError) {
        var offset = 0
        while offset < snapshot.count {
            guard snapshot.count >= offset + 5 else { throw .truncated }
            let length = (0..<4).reduce(0) { $0 | Int(snapshot[offset + 1 + $1]) << ($1 * 8) }
            guard snapshot.count - offset - 5 >= length else { throw .truncated }
            try replay(snapshot[offset], snapshot[offset + 5..<offset + 5 + length].compacted())
            offset += 5 + length
        }
    }

    /// Does again what a record of log or snapshot stands for.
    private mutating func replay(_ kind: UInt8, _ payload: Bytes) throws(WireError) {
        switch kind {
        case DynamoRecordKind.stored: store.set(try VersionedRecord(payload: payload))
        case DynamoRecordKind.kept:
            guard payload.count >= 8 else { throw .truncated }
            let record = try VersionedRecord(payload: payload[8..<payload.count].compacted())
            replay(record.key, record.hash, record.cell, targets: Self.targets(payload))
        case DynamoRecordKind.owed, DynamoRecordKind.delivered:
            guard payload.count >= 12 else { throw .truncated }
            let key = payload[12..<payload.count].compacted()
            replay(key, KeyHash.hash(key), nil, targets: Self.targets(payload), adds: kind == DynamoRecordKind.owed)
        default: throw .unknownTag(what: "record", value: UInt64(kind))
        }
    }

    private static func targets(_ payload: Bytes) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(payload[$1]) << ($1 * 8) }
    }

    /// - Parameter adds: whether the targets join those that are there, rather than take their place.
    private mutating func replay(
        _ key: Bytes, _ hash: UInt64, _ cell: Cell?, targets: UInt64, adds: Bool = false
    ) {
        revisions += 1
        guard let position = hints.find(key, hash: hash) else {
            guard targets != 0 else { return }
            hints.insert(key, hash: hash, Hint(cell: cell, targets: targets, revision: revisions, generation: 0))
            return
        }
        let left = hints.update(at: position) { (hint: inout Hint) -> UInt64 in
            hint.targets = adds ? hint.targets | targets : targets
            hint.revision = revisions
            if let cell { hint.cell = cell }
            return hint.targets
        }
        if left == 0 { hints.remove(at: position) }
    }

    mutating func beginSnapshot(effects: inout Effects<Self>) {
        guard snapshots.isIdle else { return }
        bytesSinceSnapshot = 0
        snapshots.begin(store, hints, at: SnapshotMark(index: lastIndex, tag: 0), effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    mutating func continueSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(bytes: options.snapshotChunkBytes, effects: &effects)
        if snapshots.isWriting { effects.setTimer(DynamoTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    mutating func snapshotPersisted(effects: inout Effects<Self>) {
        guard snapshots.persisted(through: persistedThrough) else { return }
        effects.count(.snapshotTaken)
        effects.discardPrefix(through: snapshots.mark.index)
    }
}
