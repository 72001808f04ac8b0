import ByteCoding
import ProtocolKit

extension RegisterReplica {
    /// Puts the registers together from snapshot and log. Their order means nothing: the highest tag wins.
    mutating func recover(_ found: Recovery, effects: inout Effects<Self>) {
        do {
            if let bytes = found.hardState { hardState = try RegisterHardState(decoding: bytes) }
            writtenReplacements = hardState.replacements
            if let (mark, data) = found.snapshot {
                var assembler = SnapshotAssembler<RegisterStore>()
                try assembler.take(data)
                store = try assembler.finish()
                lastIndex = mark.index
                snapshots.stored = mark
            }
            for record in found.log where record.index > lastIndex {
                guard record.index == lastIndex.next else {
                    return halt("the log has a gap before \(record.index)", effects: &effects)
                }
                guard record.kind == RegisterRecord.entry else {
                    throw WireError.unknownTag(what: "kind of record", value: UInt64(record.kind))
                }
                try restore(record.payload)
                lastIndex = record.index
                bytesSinceSnapshot &+= record.payload.count
            }
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        if lastIndex > .zero { effects.count(.recovered) }
    }

    private mutating func restore(_ record: Bytes) throws(WireError) {
        try record.withUnsafeBytes { (region) throws(WireError) in
            var reader = ByteReader(region)
            store.restore(try RegisterEntry(from: &reader))
            try reader.expectEnd()
        }
    }

    /// Begins a snapshot of what is held, durable or not: when the snapshot is durable all of it is.
    mutating func beginSnapshot(effects: inout Effects<Self>) {
        guard snapshots.isIdle else { return }
        bytesSinceSnapshot = 0
        snapshots.begin(store, at: SnapshotMark(index: lastIndex, tag: 0), effects: &effects)
    }

    /// Writes a chunk a turn; a timer goes on where no turns come.
    mutating func writeSnapshot(at now: Now, effects: inout Effects<Self>) {
        snapshots.writeNext(chunkBytes: options.snapshotChunkBytes, effects: &effects)
        if snapshots.isWriting { effects.setTimer(RegisterTimer.snapshot, at: now.monotonic + .milliseconds(1)) }
    }

    mutating func snapshotPersisted(through ticket: Ticket, effects: inout Effects<Self>) {
        guard snapshots.persisted(through: ticket), let mark = snapshots.stored else { return }
        effects.count(.snapshotTaken)
        effects.discardPrefix(through: mark.index)
    }
}
