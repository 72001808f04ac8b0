import ByteCoding
import ProtocolKit

extension RaftMessage: WireCodable {
    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .requestVote(let message): message.encode(into: &writer)
        case .voteResponse(let message): message.encode(into: &writer)
        case .appendEntries(let message): message.encode(into: &writer)
        case .appendResponse(let message): message.encode(into: &writer)
        case .installSnapshot(let message): message.encode(into: &writer)
        case .snapshotResponse(let message): message.encode(into: &writer)
        case .timeoutNow(let message): message.encode(into: &writer)
        }
    }

    /// Reads a tag and the fields that belong to it.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 1: self = .requestVote(try RequestVote(from: &reader))
        case 2: self = .voteResponse(try VoteResponse(from: &reader))
        case 3: self = .appendEntries(try AppendEntries(from: &reader))
        case 4: self = .appendResponse(try AppendResponse(from: &reader))
        case 5: self = .installSnapshot(try InstallSnapshot(from: &reader))
        case 6: self = .snapshotResponse(try SnapshotResponse(from: &reader))
        case 7: self = .timeoutNow(try TimeoutNow(from: &reader))
        default: throw .unknownTag(what: "Raft message", value: UInt64(tag))
        }
    }
}

extension ByteReader {
    fileprivate mutating func readTerm() throws(WireError) -> Term { Term(try readNumber("term")) }
}

extension RequestVote {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(1))
        writer.write(term.rawValue)
        writer.write(lastLogIndex.rawValue)
        writer.write(lastLogTerm.rawValue)
        writer.write(UInt8(isPreVote ? 1 : 0))
        writer.write(UInt8(isTakingOver ? 1 : 0))
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        lastLogIndex = try reader.readIndex()
        lastLogTerm = try reader.readTerm()
        isPreVote = try reader.readBool()
        isTakingOver = try reader.readBool()
    }
}

extension VoteResponse {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(2))
        writer.write(term.rawValue)
        writer.write(UInt8(isGranted ? 1 : 0))
        writer.write(UInt8(isPreVote ? 1 : 0))
        writer.write(birth.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        isGranted = try reader.readBool()
        isPreVote = try reader.readBool()
        birth = Birth(try reader.read())
    }
}

extension AppendEntries {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(45 + entries.count * ByteWriter.recordBytes)
        writer.write(UInt8(3))
        writer.write(term.rawValue)
        writer.write(previousIndex.rawValue)
        writer.write(previousTerm.rawValue)
        writer.write(commitIndex.rawValue)
        writer.write(round)
        writer.write(entries)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        previousIndex = try reader.readIndex()
        previousTerm = try reader.readTerm()
        commitIndex = try reader.readIndex()
        round = try reader.readNumber("round")
        let last = term.rawValue
        var latest = previousTerm.rawValue
        entries = try reader.readRecords(after: previousIndex) { (record) throws(WireError) in
            guard record.tag >= latest, record.tag <= last else { throw .invalid(what: "order of terms") }
            latest = record.tag
            if record.kind == EntryKind.configuration.rawValue {
                _ = try RaftConfiguration(decoding: record.payload)
            }
        }
    }
}

extension AppendResponse {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(4))
        writer.write(term.rawValue)
        writer.write(round)
        writer.write(birth.rawValue)
        switch outcome {
        case .matched(let index):
            writer.write(UInt8(0))
            writer.write(index.rawValue)
        case .conflict(let previousIndex, let conflictTerm, let conflictIndex):
            writer.write(UInt8(1))
            writer.write(previousIndex.rawValue)
            writer.write(conflictTerm.rawValue)
            writer.write(conflictIndex.rawValue)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        round = try reader.readNumber("round")
        birth = Birth(try reader.read())
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 0: outcome = .matched(try reader.readIndex())
        case 1:
            outcome = .conflict(
                previousIndex: try reader.readIndex(), conflictTerm: try reader.readTerm(),
                conflictIndex: try reader.readIndex())
        default: throw .unknownTag(what: "outcome", value: UInt64(tag))
        }
    }
}

extension InstallSnapshot {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(5))
        writer.write(term.rawValue)
        writer.write(mark.index.rawValue)
        writer.write(mark.tag)
        writer.write(offset)
        writer.write(UInt8(isLast ? 1 : 0))
        writer.write(data)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        mark = SnapshotMark(index: try reader.readIndex(), tag: try reader.readTerm().rawValue)
        offset = try reader.readNumber("offset")
        isLast = try reader.readBool()
        data = try reader.readBytes(limit: WireLimits.chunkBytes)
    }
}

extension SnapshotResponse {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(6))
        writer.write(term.rawValue)
        writer.write(index.rawValue)
        writer.write(nextOffset)
        writer.write(UInt8(isInstalled ? 1 : 0))
        writer.write(birth.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        index = try reader.readIndex()
        nextOffset = try reader.readNumber("offset")
        isInstalled = try reader.readBool()
        birth = Birth(try reader.read())
    }
}

extension TimeoutNow {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(UInt8(7))
        writer.write(term.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
    }
}
