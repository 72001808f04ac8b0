import ByteCoding
import ProtocolKit
import Workload

/// What a server must not forget beside its log: term and vote (figure 2), and which disk it has.
struct RaftHardState: Hashable, Sendable {
    var term: Term
    var vote: NodeID?
    var birth = Birth.first
}

extension RaftHardState: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.write(term.rawValue)
        writer.write(UInt8(vote == nil ? 0 : 1))
        writer.write(vote?.rawValue ?? 0)
        writer.write(birth.rawValue)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        term = Term(try reader.readNumber("term"))
        let hasVote = try reader.readBool()
        let voter = NodeID(try reader.read())
        vote = hasVote ? voter : nil
        birth = Birth(try reader.read())
    }
}

extension Raft {
    /// Takes over what was found on disk. The snapshot and the log are read in this one step: together about twice the
    /// state, or the state and ``RaftOptions/snapshotBytes`` of log where that is more (``snapshotThreshold``).
    mutating func start(_ recovery: Recovery, at now: Now, effects: inout Effects<Self>) {
        random = SeededGenerator(seed: recovery.seed)
        if recovery.isReplacement, options.mutation != .wipedVoterVotes {
            // It doesn't know what it had promised, or who votes; a leader will bring it up to date and then have its
            // new disk admitted.
            birth = Birth(UInt32(truncatingIfNeeded: recovery.incarnation))
            configurations = ConfigurationHistory(.unknown)
            writeHardState(effects: &effects)
        }
        do {
            try recoverState(recovery)
        } catch {
            return halt("what was recovered can't be read: \(error)", effects: &effects)
        }
        recoverLog(recovery.log, effects: &effects)
        guard !isHalted else { return }
        configurationChanged()
        if recovery.incarnation > 1 { heardAt = now.monotonic }
        if recovery.hardState != nil { effects.count(.recovered) }
        restartElectionTimer(at: now, effects: &effects)
    }

    private mutating func recoverState(_ recovery: Recovery) throws(WireError) {
        if let bytes = recovery.hardState {
            let state = try RaftHardState(decoding: bytes)
            currentTerm = state.term
            votedFor = state.vote
            birth = state.birth
            if birth != .first { configurations = ConfigurationHistory(.unknown) }
        }
        if let (mark, data) = recovery.snapshot {
            var assembler = SnapshotAssembler<Machine>(hasHeader: true)
            try assembler.take(data)
            machine = try assembler.finish()
            let configuration = try RaftConfiguration(decoding: assembler.header ?? .init())
            if options.mutation != .forgetConfiguration {
                configurations = ConfigurationHistory(configuration, at: mark.index)
            }
            commitIndex = mark.index
            lastApplied = mark.index
            snapshots.stored = mark
            snapshots.bytes = data.count
        }
        for record in recovery.log
        where record.kind == EntryKind.configuration.rawValue && record.index > configurations.latestIndex {
            configurations.append(try RaftConfiguration(decoding: record.payload), at: record.index)
        }
    }

    /// The records after the discarded prefix. A crash may have come between a snapshot from a leader and the removal
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
            // The term before the first record is unknown, so that record becomes the base.
            log.reset(to: SnapshotMark(index: first.index, tag: first.tag))
            for record in records.dropFirst() { log.append(record) }
        } else if first.index <= mark.index {
            effects.truncateSuffix(from: first.index)
            effects.discardPrefix(through: mark.index)
            log.reset(to: mark)
            _ = configurations.truncate(from: mark.index.next)
        } else {
            return halt("the log begins at \(first.index), after a gap: \(mark.index) is stored", effects: &effects)
        }
        durable.reset(to: log.lastIndex)
    }
}
