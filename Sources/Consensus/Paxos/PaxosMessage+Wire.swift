import ByteCoding
import ProtocolKit

extension PaxosMessage: SnapshotMessages {
    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .prepare(let message):
            writer.write(UInt8(1), message.slot, message.ballot)
            message.notice.encode(into: &writer)
        case .promise(let message):
            writer.write(UInt8(2), message.slot, message.ballot)
            writer.write(UInt8(message.accepted == nil ? 0 : 1))
            message.accepted?.encode(into: &writer)
        case .accept(let message):
            writer.write(UInt8(3))
            PValue(ballot: message.ballot, record: message.record).encode(into: &writer)
            message.notice.encode(into: &writer)
        case .accepted(let message): writer.write(UInt8(4), message.slot, message.ballot)
        case .preempted(let message): writer.write(UInt8(5), message.slot, message.promised)
        case .notice(let message):
            writer.write(UInt8(6))
            message.encode(into: &writer)
        case .learn(let message):
            writer.write(UInt8(7))
            writer.write(message.first.rawValue)
        case .decisions(let message):
            writer.write(UInt8(8))
            writer.write(message.base.rawValue)
            message.notice.encode(into: &writer)
            writer.write(UInt32(message.values.count))
            for value in message.values { value.encode(into: &writer) }
        case .snapshotRequest(let message):
            writer.write(UInt8(9))
            message.encode(into: &writer)
        case .snapshotPart(let message):
            writer.write(UInt8(10))
            message.encode(into: &writer)
        }
    }

    /// Reads a tag and the fields that belong to it.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1:
            self = .prepare(
                Prepare(
                    slot: try reader.readSlot(), ballot: try reader.readBallot(), notice: try Notice(from: &reader)))
        case 2:
            let (slot, ballot) = (try reader.readSlot(), try reader.readBallot())
            let accepted = try reader.readBool() ? try PValue(from: &reader) : nil
            if let accepted, accepted.record.index != slot { throw .invalid(what: "slot of a promise") }
            self = .promise(Promise(slot: slot, ballot: ballot, accepted: accepted))
        case 3:
            let value = try PValue(from: &reader)
            self = .accept(Accept(ballot: value.ballot, record: value.record, notice: try Notice(from: &reader)))
        case 4: self = .accepted(Accepted(slot: try reader.readSlot(), ballot: try reader.readBallot()))
        case 5: self = .preempted(Preempted(slot: try reader.readSlot(), promised: try reader.readBallot()))
        case 6: self = .notice(try Notice(from: &reader))
        case 7: self = .learn(Learn(first: try reader.readSlot()))
        case 8: self = .decisions(try Decisions(from: &reader))
        case 9: self = .snapshotRequest(try SnapshotFetchRequest(from: &reader))
        case 10: self = .snapshotPart(try SnapshotFetchPart(from: &reader))
        default: throw .unknownTag(what: "Paxos message", value: UInt64(tag))
        }
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ tag: UInt8, _ slot: LogIndex, _ ballot: Ballot) {
        write(tag)
        write(slot.rawValue)
        write(ballot.rawValue)
    }
}

extension PaxosMessage.Notice {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(decided.rawValue)
        writer.write(ballot.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        decided = try reader.readSlot()
        ballot = try reader.readBallot()
    }
}

extension PaxosMessage.Decisions {
    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        base = try reader.readSlot()
        notice = try PaxosMessage.Notice(from: &reader)
        let count = try reader.readCount(limit: WireLimits.entries, of: "number of values")
        values = []
        for _ in 0..<count {
            let value = try PValue(from: &reader)
            if let last = values.last, value.record.index != last.record.index.next {
                throw .invalid(what: "order of decisions")
            }
            values.append(value)
        }
    }
}

extension PValue {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(ballot.rawValue)
        writer.write(record.index.rawValue)
        writer.write(record.tag)
        writer.write(record.kind)
        writer.write(record.payload)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        ballot = try reader.readBallot()
        let slot = try reader.readSlot()
        guard ballot > .zero, slot > .zero else { throw .invalid(what: "ballot or slot of a value") }
        let name = try reader.readBallot()
        let kind = try reader.read(UInt8.self)
        guard kind == EntryKind.command.rawValue else { throw .unknownTag(what: "kind of value", value: UInt64(kind)) }
        let payload = try reader.readBytes(limit: WireLimits.entryBytes)
        try Decree.check(payload)
        record = LogRecord(index: slot, tag: name.rawValue, kind: kind, payload: payload)
    }
}
