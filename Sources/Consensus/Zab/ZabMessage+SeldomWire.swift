import ByteCoding
import ProtocolKit

// The forms of the messages that are sent by timers and in phases 0 to 2.

extension Notification: WireCodable {
    /// Round, role and vote.
    public func encode(into writer: inout ByteWriter) {
        writer.write(round)
        writer.write(role.rawValue)
        writer.write(vote.epoch.rawValue)
        writer.write(vote.zxid.rawValue)
        writer.write(vote.candidate.rawValue)
    }

    /// Reads round, role and vote.
    public init(from reader: inout ByteReader) throws(WireError) {
        round = try reader.readNumber("round")
        let number = try reader.read(UInt8.self)
        guard let role = ZabRole(rawValue: number) else { throw .unknownTag(what: "role", value: UInt64(number)) }
        self.role = role
        vote = Vote(
            epoch: try reader.readEpoch(), zxid: try reader.readZxid(), candidate: NodeID(try reader.read()))
    }
}

extension FollowerEpoch: WireCodable {
    /// Attempt, epoch and whose it is.
    public func encode(into writer: inout ByteWriter) {
        writer.write(session)
        writer.write(acceptedEpoch.rawValue)
        writer.write(UInt8(acceptedFrom == nil ? 0 : 1))
        if let acceptedFrom { writer.write(acceptedFrom.rawValue) }
        writer.write(UInt8(isReplacement ? 1 : 0))
    }

    /// Reads attempt, epoch and whose it is.
    public init(from reader: inout ByteReader) throws(WireError) {
        session = try reader.read()
        acceptedEpoch = try reader.readEpoch()
        acceptedFrom = try reader.readBool() ? NodeID(try reader.read()) : nil
        isReplacement = try reader.readBool()
    }
}

extension EpochAccepted: WireCodable {
    /// Bond, epoch and end of the history.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(currentEpoch.rawValue)
        writer.write(last)
        writer.write(UInt8(isPromise ? 1 : 0))
    }

    /// Reads bond, epoch and end of the history.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        currentEpoch = try reader.readEpoch()
        last = try reader.readPoint()
        isPromise = try reader.readBool()
    }
}

extension Synchronise: WireCodable {
    /// Bond, kind and point.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(kind.rawValue)
        writer.write(point)
    }

    /// Reads bond, kind and point.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        let number = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: number) else {
            throw .unknownTag(what: "kind of synchronisation", value: UInt64(number))
        }
        self.kind = kind
        point = try reader.readPoint()
    }
}

extension ZabSnapshotPart: WireCodable {
    /// Bond, snapshot, offset and bytes.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(HistoryPoint(mark))
        writer.write(offset)
        writer.write(UInt8(isLast ? 1 : 0))
        writer.write(data)
    }

    /// Reads bond, snapshot, offset and bytes.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        mark = try reader.readPoint().mark
        offset = try reader.readNumber("offset")
        isLast = try reader.readBool()
        data = try reader.readBytes(limit: WireLimits.chunkBytes)
    }
}

extension ZabSnapshotTaken: WireCodable {
    /// Bond, snapshot and how far it is there.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(index.rawValue)
        writer.write(nextOffset)
        writer.write(UInt8(isInstalled ? 1 : 0))
    }

    /// Reads bond, snapshot and how far it is there.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        index = try reader.readIndex()
        nextOffset = try reader.readNumber("offset")
        isInstalled = try reader.readBool()
    }
}

extension Ping: WireCodable {
    /// Bond, round, commit and how many requests were taken.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(round)
        writer.write(optional: committed)
        writer.write(forwarded)
    }

    /// Reads bond, round, commit and how many requests were taken.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        round = try reader.readNumber("round")
        committed = try reader.readOptionalPlace()
        forwarded = try reader.readNumber("number of a request")
    }
}

extension Pong: WireCodable {
    /// Bond, round and how far the history is there.
    public func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(round)
        writer.write(optional: index)
    }

    /// Reads bond, round and how far the history is there.
    public init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        round = try reader.readNumber("round")
        index = try reader.readOptionalPlace()
    }
}
