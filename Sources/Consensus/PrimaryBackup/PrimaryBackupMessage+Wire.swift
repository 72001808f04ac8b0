import ByteCoding
import ProtocolKit

extension PrimaryBackupMessage: WireCodable {
    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .promiseRequest(let message):
            writer.write(UInt8(1))
            writer.write(message.epoch.rawValue)
            writer.write(UInt8(message.isProbe ? 1 : 0))
        case .promise(let message): message.encode(into: &writer)
        case .nomination: writer.write(UInt8(3))
        case .viewProposal(let view):
            writer.write(UInt8(4))
            view.encode(into: &writer)
        case .viewAcceptance(let number):
            writer.write(UInt8(5))
            number.encode(into: &writer)
        case .outbid(let epoch):
            writer.write(UInt8(6))
            writer.write(epoch.rawValue)
        case .update(let message): message.encode(into: &writer)
        case .updateAnswer(let message): message.encode(into: &writer)
        case .snapshotPart(let message): message.encode(into: &writer)
        case .snapshotAnswer(let message): message.encode(into: &writer)
        }
    }

    /// Reads a tag and the fields that belong to it.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1: self = .promiseRequest(PromiseRequest(epoch: try reader.readEpoch(), isProbe: try reader.readBool()))
        case 2: self = .promise(try ViewPromise(from: &reader))
        case 3: self = .nomination
        case 4: self = .viewProposal(try View(from: &reader))
        case 5: self = .viewAcceptance(try ViewNumber(from: &reader))
        case 6: self = .outbid(try reader.readEpoch())
        case 7: self = .update(try Update(from: &reader))
        case 8: self = .updateAnswer(try UpdateAnswer(from: &reader))
        case 9: self = .snapshotPart(try SnapshotTransferPart(from: &reader))
        case 10: self = .snapshotAnswer(try SnapshotTransferAnswer(from: &reader))
        default: throw .unknownTag(what: "primary-backup message", value: UInt64(tag))
        }
    }
}

extension ByteReader {
    fileprivate mutating func readEpoch() throws(WireError) -> ViewEpoch { ViewEpoch(try readNumber("epoch")) }
}

extension ViewNumber: WireCodable {
    /// Appends the parts.
    public func encode(into writer: inout ByteWriter) {
        writer.write(epoch.rawValue)
        writer.write(change)
    }

    /// Reads the parts.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(epoch: try reader.readEpoch(), change: try reader.readNumber("change"))
    }
}

extension View: WireCodable {
    /// Appends number and members.
    public func encode(into writer: inout ByteWriter) {
        number.encode(into: &writer)
        writer.write(members.bits)
    }

    /// Reads number and members.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(number: try ViewNumber(from: &reader), members: MemberSet(bits: try reader.read(UInt64.self)))
    }
}

extension ViewPromise {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(2))
        writer.write(epoch.rawValue)
        writer.write(UInt8(isProbe ? 1 : 0))
        writer.write(promised.rawValue)
        view.encode(into: &writer)
        writer.write(end.epoch.rawValue)
        writer.write(end.index.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        epoch = try reader.readEpoch()
        isProbe = try reader.readBool()
        promised = try reader.readEpoch()
        view = try View(from: &reader)
        end = LogEnd(epoch: try reader.readEpoch(), index: try reader.readIndex())
    }
}

extension Update {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(46 + entries.count * ByteWriter.recordBytes)
        writer.write(UInt8(7))
        writer.write(epoch.rawValue)
        writer.write(previousIndex.rawValue)
        writer.write(previousEpoch.rawValue)
        writer.write(commitIndex.rawValue)
        writer.write(round)
        writer.write(UInt8(wantsAnswer ? 1 : 0))
        writer.write(entries)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        epoch = try reader.readEpoch()
        previousIndex = try reader.readIndex()
        previousEpoch = try reader.readEpoch()
        commitIndex = try reader.readIndex()
        round = try reader.readNumber("round")
        wantsAnswer = try reader.readBool()
        let last = epoch.rawValue
        var latest = previousEpoch.rawValue
        entries = try reader.readRecords(after: previousIndex) { (record) throws(WireError) in
            guard record.tag >= latest, record.tag <= last else { throw .invalid(what: "order of epochs") }
            latest = record.tag
        }
    }
}

extension UpdateAnswer {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(8))
        writer.write(epoch.rawValue)
        writer.write(round)
        writer.write(UInt8(isEligible ? 1 : 0))
        switch outcome {
        case .matched(let index):
            writer.write(UInt8(0))
            writer.write(index.rawValue)
        case .conflict(let previousIndex, let conflictEpoch, let conflictIndex):
            writer.write(UInt8(1))
            writer.write(previousIndex.rawValue)
            writer.write(conflictEpoch.rawValue)
            writer.write(conflictIndex.rawValue)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        epoch = try reader.readEpoch()
        round = try reader.readNumber("round")
        isEligible = try reader.readBool()
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 0: outcome = .matched(try reader.readIndex())
        case 1:
            outcome = .conflict(
                previousIndex: try reader.readIndex(), conflictEpoch: try reader.readEpoch(),
                conflictIndex: try reader.readIndex())
        default: throw .unknownTag(what: "outcome", value: UInt64(tag))
        }
    }
}

extension SnapshotTransferPart {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(9))
        writer.write(epoch.rawValue)
        writer.write(mark.index.rawValue)
        writer.write(mark.tag)
        writer.write(offset)
        writer.write(UInt8(isLast ? 1 : 0))
        writer.write(data)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        epoch = try reader.readEpoch()
        mark = SnapshotMark(index: try reader.readIndex(), tag: try reader.readEpoch().rawValue)
        offset = try reader.readNumber("offset")
        isLast = try reader.readBool()
        data = try reader.readBytes(limit: WireLimits.chunkBytes)
    }
}

extension SnapshotTransferAnswer {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(10))
        writer.write(epoch.rawValue)
        writer.write(index.rawValue)
        writer.write(nextOffset)
        writer.write(UInt8(isInstalled ? 1 : 0))
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        epoch = try reader.readEpoch()
        index = try reader.readIndex()
        nextOffset = try reader.readNumber("offset")
        isInstalled = try reader.readBool()
    }
}
