import ByteCoding
import ProtocolKit

/// Bounds on what a peer may send.
enum RaftLimits {
    /// Entries in a message.
    static let entries = 1 << 16
    /// Bytes of an entry.
    static let entryBytes = 64 << 20
    /// Bytes of all entries of a message.
    static let messageBytes = 256 << 20
    /// Bytes of a part of a snapshot.
    static let chunkBytes = 64 << 20
    /// Nodes of a cluster.
    static let members = 64
    /// Indices and terms stay so far below the end of their type that no arithmetic on them overflows.
    static let number = UInt64(1) << 56
}

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
    /// Reads a term or index within its bound.
    fileprivate mutating func readNumber(_ what: StaticString) throws(WireError) -> UInt64 {
        let value = try read(UInt64.self)
        guard value <= RaftLimits.number else {
            throw .tooLarge(what: what, value: value, limit: RaftLimits.number)
        }
        return value
    }

    fileprivate mutating func readTerm() throws(WireError) -> Term { Term(try readNumber("term")) }
    fileprivate mutating func readIndex() throws(WireError) -> LogIndex { LogIndex(try readNumber("index")) }
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
    /// The fields, a table of the entries' terms, kinds and lengths, and then all payloads in one stretch, so that the
    /// receiver copies them with a single allocation.
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(45 + entries.count * 13)
        writer.write(UInt8(3))
        writer.write(term.rawValue)
        writer.write(previousIndex.rawValue)
        writer.write(previousTerm.rawValue)
        writer.write(commitIndex.rawValue)
        writer.write(round)
        writer.write(UInt32(entries.count))
        for entry in entries {
            writer.write(entry.tag)
            writer.write(entry.kind)
            writer.write(UInt32(entry.payload.count))
        }
        for entry in entries { writer.write(raw: entry.payload) }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        term = try reader.readTerm()
        previousIndex = try reader.readIndex()
        previousTerm = try reader.readTerm()
        commitIndex = try reader.readIndex()
        round = try reader.readNumber("round")
        let count = try reader.readCount(limit: RaftLimits.entries, of: "number of entries")
        entries = []
        guard count > 0 else { return }
        var table = ByteReader(try reader.readRegion(count: count * 13))
        var lengths = table
        var total = 0
        for _ in 0..<count {
            _ = try lengths.readRegion(count: 9)
            total += try lengths.readCount(limit: RaftLimits.entryBytes, of: "length of an entry")
        }
        guard total <= RaftLimits.messageBytes else {
            throw .tooLarge(what: "length of all entries", value: UInt64(total), limit: UInt64(RaftLimits.messageBytes))
        }
        let payloads = Bytes(copying: try reader.readRegion(count: total))
        entries.reserveCapacity(count)
        var offset = 0
        var index = previousIndex.rawValue
        var previous = previousTerm.rawValue
        for _ in 0..<count {
            index += 1
            let tag = try table.readNumber("term")
            guard tag >= previous, tag <= term.rawValue else { throw .invalid(what: "order of terms") }
            previous = tag
            let kind = try table.read(UInt8.self)
            guard kind <= EntryKind.configuration.rawValue else {
                throw .unknownTag(what: "kind of entry", value: UInt64(kind))
            }
            let length = Int(try table.read(UInt32.self))
            if kind == EntryKind.configuration.rawValue {
                _ = try RaftConfiguration(decoding: payloads[offset..<offset + length])
            }
            entries.append(
                LogRecord(
                    index: LogIndex(index), tag: tag, kind: kind, payload: payloads[offset..<offset + length]))
            offset += length
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
        data = try reader.readBytes(limit: RaftLimits.chunkBytes)
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
