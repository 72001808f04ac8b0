import ByteCoding
import ProtocolKit

extension MultiPaxosMessage: SnapshotMessages {
    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .prepare(let message): message.encode(into: &writer)
        case .promise(let message): message.encode(into: &writer)
        case .accept(let message): message.encode(into: &writer)
        case .accepted(let message): message.encode(into: &writer)
        case .confirmed(let message):
            writer.write(UInt8(5))
            writer.write(message.ballot.rawValue)
            writer.write(message.round)
        case .preempted(let message):
            writer.write(UInt8(6))
            writer.write(message.promised.rawValue)
        case .snapshotOffer(let message):
            writer.write(UInt8(7))
            writer.write(message.ballot.rawValue)
            writer.write(message.slot.rawValue)
        case .snapshotRequest(let message):
            writer.write(UInt8(8))
            message.encode(into: &writer)
        case .snapshotPart(let message):
            writer.write(UInt8(9))
            message.encode(into: &writer)
        }
    }

    /// Reads a tag and the fields that belong to it.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1: self = .prepare(try Prepare(from: &reader))
        case 2: self = .promise(try Promise(from: &reader))
        case 3: self = .accept(try Accept(from: &reader))
        case 4: self = .accepted(try Accepted(from: &reader))
        case 5: self = .confirmed(Confirmed(ballot: try reader.readBallot(), round: try reader.readSlot().rawValue))
        case 6: self = .preempted(Preempted(promised: try reader.readBallot()))
        case 7: self = .snapshotOffer(SnapshotOffer(ballot: try reader.readBallot(), slot: try reader.readSlot()))
        case 8: self = .snapshotRequest(try SnapshotFetchRequest(from: &reader))
        case 9: self = .snapshotPart(try SnapshotFetchPart(from: &reader))
        default: throw .unknownTag(what: "multi-paxos message", value: UInt64(tag))
        }
    }
}

extension MultiPaxosMessage.Prepare {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(1))
        writer.write(ballot.rawValue)
        writer.write(first.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        ballot = try reader.readBallot()
        first = try reader.readSlot()
    }
}

extension MultiPaxosMessage.Promise {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(2))
        writer.write(ballot.rawValue)
        writer.write(first.rawValue)
        writer.write(base.rawValue)
        writer.write(decided.rawValue)
        writer.write(next.rawValue)
        writer.write(UInt32(values.count))
        for value in values {
            writer.write(value.ballot.rawValue)
            writer.write(value.record.index.rawValue)
            writer.write(value.record.tag)
            writer.write(value.record.kind)
            writer.write(value.record.payload)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        ballot = try reader.readBallot()
        first = try reader.readSlot()
        base = try reader.readSlot()
        decided = try reader.readSlot()
        next = try reader.readSlot()
        let count = try reader.readCount(limit: WireLimits.entries, of: "number of values")
        values = []
        var previous = LogIndex.zero
        for _ in 0..<count {
            let accepted = try reader.readBallot()
            let slot = try reader.readSlot()
            let birth = try reader.readBallot()
            let kind = try reader.read(UInt8.self)
            guard kind <= EntryKind.tick.rawValue else { throw .unknownTag(what: "kind of value", value: UInt64(kind)) }
            guard slot > previous, slot >= first, accepted >= birth else { throw .invalid(what: "order of values") }
            previous = slot
            let payload = try reader.readBytes(limit: WireLimits.entryBytes)
            values.append(
                PValue(
                    ballot: accepted,
                    record: LogRecord(index: slot, tag: birth.rawValue, kind: kind, payload: payload)))
        }
        guard next == .zero || next > previous else { throw .invalid(what: "start of the next part") }
    }
}

extension MultiPaxosMessage.Accept {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(37 + values.count * ByteWriter.recordBytes)
        writer.write(UInt8(3))
        writer.write(ballot.rawValue)
        writer.write(decided.rawValue)
        writer.write(round)
        writer.write(values.first?.index.rawValue ?? 0)
        writer.write(values)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        ballot = try reader.readBallot()
        decided = try reader.readSlot()
        round = try reader.readSlot().rawValue
        let first = try reader.readSlot()
        let latest = ballot.rawValue
        values = try reader.readRecords(after: LogIndex(max(first.rawValue, 1) - 1)) { (record) throws(WireError) in
            guard first > .zero else { throw .invalid(what: "first slot") }
            guard record.tag <= latest else { throw .invalid(what: "birth of a value") }
            guard record.kind <= EntryKind.tick.rawValue else {
                throw .unknownTag(what: "kind of value", value: UInt64(record.kind))
            }
        }
    }
}

extension MultiPaxosMessage.Accepted {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(42)
        writer.write(UInt8(4))
        writer.write(ballot.rawValue)
        writer.write(through.rawValue)
        writer.write(round)
        writer.write(strayFirst.rawValue)
        writer.write(strayLast.rawValue)
        writer.write(UInt8(isVoter ? 1 : 0))
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        ballot = try reader.readBallot()
        through = try reader.readSlot()
        round = try reader.readSlot().rawValue
        strayFirst = try reader.readSlot()
        strayLast = try reader.readSlot()
        isVoter = try reader.readBool()
        guard strayFirst <= strayLast else { throw .invalid(what: "slots beyond a gap") }
    }
}
