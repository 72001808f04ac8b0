import ByteCoding
import ProtocolKit

/// What a process must not forget beside its history: f.p and f.a (section 4 of the paper).
struct ZabHardState: Hashable, Sendable {
    var acceptedEpoch: Epoch
    var acceptedFrom: NodeID?
    var currentEpoch: Epoch
    var isReplacement: Bool
}

extension ZabHardState: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(acceptedEpoch.rawValue)
        writer.write(UInt8(acceptedFrom == nil ? 0 : 1))
        writer.write(acceptedFrom?.rawValue ?? 0)
        writer.write(currentEpoch.rawValue)
        writer.write(UInt8(isReplacement ? 1 : 0))
    }

    init(from reader: inout ByteReader) throws(WireError) {
        acceptedEpoch = try reader.readEpoch()
        let hasAccepted = try reader.readBool()
        let proposer = NodeID(try reader.read())
        acceptedFrom = hasAccepted ? proposer : nil
        currentEpoch = try reader.readEpoch()
        isReplacement = try reader.readBool()
    }
}

extension Zab {
    /// f.p and f.a, before anything is said that depends on them.
    mutating func writeHardState(effects: inout Effects<Self>) {
        let forgets = options.mutation == .forgetAcceptedEpoch
        let state = ZabHardState(
            acceptedEpoch: forgets ? currentEpoch : acceptedEpoch, acceptedFrom: forgets ? nil : acceptedFrom,
            currentEpoch: currentEpoch, isReplacement: isReplacement)
        hardStateTicket = effects.writeHardState(state.encoded())
    }

    /// Takes over what was found on disk.
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        session = recovery.incarnation << 32
        do {
            if let bytes = recovery.hardState {
                let state = try ZabHardState(decoding: bytes)
                acceptedEpoch = state.acceptedEpoch
                acceptedFrom = state.acceptedFrom
                currentEpoch = state.currentEpoch
                isReplacement = state.isReplacement
            }
            if let (mark, data) = recovery.snapshot {
                var assembler = SnapshotAssembler<Machine>()
                try assembler.take(data)
                machine = try assembler.finish()
                commitIndex = mark.index
                lastApplied = mark.index
                appliedZxid = Zxid(mark.tag)
                snapshots.stored = mark
            }
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        recoverHistory(recovery.log, effects: &effects)
        guard !isHalted else { return }
        if recovery.hardState != nil { effects.count(.recovered) }
        if recovery.isReplacement, !learners.isEmpty {
            isReplacement = true
            writeHardState(effects: &effects)
        }
        look(at: now, effects: &effects)
    }

    /// The records after the discarded prefix. A crash may have come between a snapshot from a leader and the removal
    /// of the history that it replaces: then that is done now.
    private mutating func recoverHistory(_ records: [LogRecord], effects: inout Effects<Self>) {
        let mark = snapshots.stored ?? HistoryPoint.start.mark
        guard let first = records.first, let last = records.last else {
            if mark.index > .zero { effects.discardPrefix(through: mark.index) }
            history.reset(to: mark)
            discardTarget = mark.index
            return durable.reset(to: mark.index)
        }
        if first.index.rawValue == mark.index.rawValue + 1 {
            history.reset(to: mark)
            for record in records { history.append(record) }
        } else if first.index <= mark.index, last.index >= mark.index,
            records[Int(mark.index.rawValue - first.index.rawValue)].tag == mark.tag
        {
            // The identifier before the first record is unknown, so that record becomes the base.
            history.reset(to: SnapshotMark(index: first.index, tag: first.tag))
            for record in records.dropFirst() { history.append(record) }
        } else if first.index <= mark.index {
            effects.truncateSuffix(from: first.index)
            effects.discardPrefix(through: mark.index)
            history.reset(to: mark)
        } else {
            return halt("the log begins at \(first.index), after a gap: \(mark.index) is stored", effects: &effects)
        }
        discardTarget = history.base.index
        durable.reset(to: history.lastIndex)
    }
}
