import ByteCoding
import ProtocolKit

/// The kinds of log records; a record's tag is the transaction's number.
enum RecordKind: UInt8 {
    /// A participant has promised to follow the outcome: forced before the vote of yes.
    case prepare = 1
    /// The coordinator's decision, which is the transaction's commit point, or a participant's execution of it: forced
    /// before anything depends on it (the reply, the decision's sending; the acknowledgement).
    case commit
    /// A participant's abort: not forced, since an in-doubt participant is told so again (presumed abort).
    case abort
    /// The coordinator may forget: every participant has acknowledged; not forced.
    case end
}

/// What a prepared transaction will write: the new balances, so that redoing is harmless.
enum AfterImage: Hashable, Sendable {
    case balances(account: UInt32, balance: Int64, other: UInt32, otherBalance: Int64)
    case balance(account: UInt32, balance: Int64)
    case open(first: UInt32, count: UInt32, balance: Int64)
}

extension AfterImage: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .balance(let account, let balance):
            writer.write(UInt8(1))
            writer.write(account)
            writer.write(balance)
        case .balances(let account, let balance, let other, let otherBalance):
            writer.write(UInt8(2))
            writer.write(account)
            writer.write(balance)
            writer.write(other)
            writer.write(otherBalance)
        case .open(let first, let count, let balance):
            writer.write(UInt8(3))
            writer.write(first)
            writer.write(count)
            writer.write(balance)
        }
    }

    init(from reader: inout ByteReader) throws(WireError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .balance(account: try reader.readAccount(), balance: try reader.read())
        case 2:
            self = .balances(
                account: try reader.readAccount(), balance: try reader.read(), other: try reader.readAccount(),
                otherBalance: try reader.read())
        case 3:
            let (first, count) = try reader.readAccountRange()
            self = .open(first: first, count: count, balance: try reader.read())
        case let tag: throw .unknownTag(what: "after-image", value: UInt64(tag))
        }
    }
}

extension ByteReader {
    mutating func readAccount() throws(WireError) -> UInt32 {
        let account = try read(UInt32.self)
        guard account < BankRequest.accountLimit else { throw .invalid(what: "account number") }
        return account
    }
}

/// A participant's prepare record: what restores the transaction and its locks.
struct PrepareRecord: WireCodable, Hashable, Sendable {
    var age: TransactionID
    var image: AfterImage

    init(age: TransactionID, image: AfterImage) {
        self.age = age
        self.image = image
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(age.rawValue)
        image.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        age = TransactionID(try reader.read())
        image = try AfterImage(from: &reader)
    }
}

/// The coordinator's commit record: who has to acknowledge.
struct DecisionRecord: WireCodable, Hashable, Sendable {
    var participants: ParticipantSet

    init(participants: ParticipantSet) { self.participants = participants }

    func encode(into writer: inout ByteWriter) { writer.write(participants.bits) }

    init(from reader: inout ByteReader) throws(WireError) {
        participants = ParticipantSet(bits: try reader.read())
    }
}

extension Recovery {
    /// The records that the checkpoint doesn't contain. A crash between a checkpoint and the discarding of what it
    /// replaces leaves both, and a record that is redone on top of it would bring a finished transaction back.
    var logAfterCheckpoint: ArraySlice<LogRecord> {
        guard let mark = snapshot?.mark else { return log[...] }
        return log.drop { $0.index <= mark.index }
    }
}

/// A node's log as it writes it: positions, and when to take a checkpoint.
struct LogWriter: Sendable {
    private(set) var last = LogIndex.zero
    private var checkpoint = LogIndex.zero
    /// Records that needn't be forced: they are written before the next one that is. Written by themselves, each would
    /// cost a sync, and a forced record that comes meanwhile would wait for it.
    private var lazy: [(kind: RecordKind, id: TransactionID)] = []
    private static let lazyLimit = 256
    let interval: UInt64

    init(interval: UInt64) { self.interval = interval }

    /// Goes on after what was recovered.
    mutating func resume(_ recovery: Recovery) {
        checkpoint = recovery.snapshot?.mark.index ?? .zero
        last = max(recovery.log.last?.index ?? .zero, checkpoint)
    }

    /// Appends a record.
    mutating func append(
        _ kind: RecordKind, _ id: TransactionID, payload: Bytes = Bytes(), _ effects: inout Effects<TwoPhaseCommit>
    ) -> Ticket {
        writeLazy(&effects)
        last = last.next
        return effects.append(LogRecord(index: last, tag: id.rawValue, kind: kind.rawValue, payload: payload))
    }

    /// Appends a record with the next one that is forced; losing it in a crash does no harm.
    mutating func appendLazily(
        _ kind: RecordKind, _ id: TransactionID, _ effects: inout Effects<TwoPhaseCommit>
    ) {
        lazy.append((kind, id))
        if lazy.count >= Self.lazyLimit { writeLazy(&effects) }
    }

    private mutating func writeLazy(_ effects: inout Effects<TwoPhaseCommit>) {
        guard !lazy.isEmpty else { return }
        for (kind, id) in lazy {
            last = last.next
            effects.append(LogRecord(index: last, tag: id.rawValue, kind: kind.rawValue, payload: Bytes()))
        }
        lazy.removeAll(keepingCapacity: true)
    }

    /// Whether enough has been written since the last checkpoint.
    var isCheckpointDue: Bool { last.rawValue - checkpoint.rawValue >= interval }

    /// Replaces the log up to here by the state.
    mutating func writeCheckpoint(_ state: borrowing ByteWriter, _ effects: inout Effects<TwoPhaseCommit>) {
        // The state knows already what they would say.
        lazy.removeAll(keepingCapacity: true)
        effects.beginSnapshot(SnapshotMark(index: last, tag: 0))
        let region = state.readable
        var offset = 0
        while offset < region.count {
            let end = min(offset + 64 << 10, region.count)
            effects.writeSnapshot(Bytes(copying: UnsafeRawBufferPointer(rebasing: region[offset..<end])))
            offset = end
        }
        effects.commitSnapshot()
        effects.discardPrefix(through: last)
        effects.count(.snapshotTaken)
        checkpoint = last
    }
}
