import ByteCoding
import ProtocolKit
import Workload

extension PrimaryBackupHardState: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(promised.rawValue)
        view.encode(into: &writer)
        writer.write(UInt8(isReplacement ? 1 : 0))
    }

    init(from reader: inout ByteReader) throws(WireError) {
        promised = ViewEpoch(try reader.readNumber("epoch"))
        view = try View(from: &reader)
        isReplacement = try reader.readBool()
    }
}

extension PrimaryBackup {
    /// Takes over what was found on disk.
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        random = SeededGenerator(seed: recovery.seed)
        do {
            if let bytes = recovery.hardState {
                let state = try PrimaryBackupHardState(decoding: bytes)
                promised = state.promised
                durablePromise = state.promised
                accepted = state.view
                durableView = state.view
                isReplacement = state.isReplacement
            }
            if let (mark, data) = recovery.snapshot {
                var assembler = SnapshotAssembler<Machine>()
                try assembler.take(data)
                machine = try assembler.finish()
                commitIndex = mark.index
                lastApplied = mark.index
                snapshots.stored = mark
            }
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        recoverLog(recovery.log, effects: &effects)
        guard !isHalted else { return }
        if recovery.isReplacement, !isReplacement {
            isReplacement = true
            writeHardState(effects: &effects)
        }
        if recovery.incarnation > 1 { heardAt = now.monotonic }
        if recovery.hardState != nil { effects.count(.recovered) }
        restartFailoverTimer(at: now, effects: &effects)
    }

    /// The records after the discarded prefix. A crash may have come between a snapshot from a primary and the removal
    /// of the log that it replaces: then that is done now.
    private mutating func recoverLog(_ records: [LogRecord], effects: inout Effects<Self>) {
        let mark = snapshots.stored ?? SnapshotMark(index: .zero, tag: 0)
        guard let first = records.first, let last = records.last else {
            if mark.index > .zero { effects.discardPrefix(through: mark.index) }
            log.reset(to: mark)
            return durable.reset(to: mark.index)
        }
        if first.index.rawValue == mark.index.rawValue + 1 {
            log.reset(to: mark)
            for record in records { log.append(record) }
        } else if first.index <= mark.index, last.index >= mark.index,
            records[Int(mark.index.rawValue - first.index.rawValue)].tag == mark.tag
        {
            // The epoch before the first record is unknown, so that record becomes the base.
            log.reset(to: SnapshotMark(index: first.index, tag: first.tag))
            for record in records.dropFirst() { log.append(record) }
        } else if first.index <= mark.index {
            effects.truncateSuffix(from: first.index)
            effects.discardPrefix(through: mark.index)
            log.reset(to: mark)
        } else {
            return halt("the log begins at \(first.index), after a gap: \(mark.index) is stored", effects: &effects)
        }
        durable.reset(to: log.lastIndex)
    }
}

extension PrimaryBackup {
    /// Role, epoch, view and how far the log is.
    public var status: NodeStatus {
        let name =
            switch role {
            case .backup: isReplacement ? "replacement" : "backup"
            case .asking: "asking"
            case .candidate: "candidate"
            case .primary: "primary"
            }
        let known = view ?? accepted
        return NodeStatus(
            role: name, isLeader: role == .primary, leader: primary,
            facts: [
                ("epoch", "\(promised)"), ("view", "\(known.number)"), ("members", "\(known.members)"),
                ("commit_index", "\(commitIndex)"), ("last_applied", "\(lastApplied)"),
                ("first_index", "\(log.baseIndex.next)"), ("last_index", "\(log.lastIndex)"),
                ("snapshot_index", "\(snapshotIndex)"),
            ])
    }
}
