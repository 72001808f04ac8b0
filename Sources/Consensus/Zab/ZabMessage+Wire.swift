import ByteCoding
import ProtocolKit

extension ZabMessage: WireCodable {
    private enum Tag {
        static let notification: UInt8 = 1
        static let followerEpoch: UInt8 = 2
        static let newEpoch: UInt8 = 3
        static let epochAccepted: UInt8 = 4
        static let synchronise: UInt8 = 5
        static let snapshot: UInt8 = 6
        static let snapshotTaken: UInt8 = 7
        static let newLeader: UInt8 = 8
        static let newLeaderAccepted: UInt8 = 9
        static let propose: UInt8 = 10
        static let acknowledge: UInt8 = 11
        static let commit: UInt8 = 12
        static let forward: UInt8 = 13
        static let sync: UInt8 = 14
        static let synced: UInt8 = 15
        static let ping: UInt8 = 16
        static let pong: UInt8 = 17
        static let introduce: UInt8 = 18
        static let introduced: UInt8 = 19
    }

    /// Appends a tag and the message's fields.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .propose(let message):
            writer.write(Tag.propose)
            message.encode(into: &writer)
        case .acknowledge(let message):
            writer.write(Tag.acknowledge)
            message.encode(into: &writer)
        case .commit(let bond, let index):
            writer.write(Tag.commit)
            bond.encode(into: &writer)
            writer.write(index.rawValue)
        case .forward(let message):
            writer.write(Tag.forward)
            message.encode(into: &writer)
        case .notification(let message):
            writer.write(Tag.notification)
            message.encode(into: &writer)
        case .followerEpoch(let message):
            writer.write(Tag.followerEpoch)
            message.encode(into: &writer)
        case .newEpoch(let bond):
            writer.write(Tag.newEpoch)
            bond.encode(into: &writer)
        case .epochAccepted(let message):
            writer.write(Tag.epochAccepted)
            message.encode(into: &writer)
        case .synchronise(let message):
            writer.write(Tag.synchronise)
            message.encode(into: &writer)
        case .snapshot(let message):
            writer.write(Tag.snapshot)
            message.encode(into: &writer)
        case .snapshotTaken(let message):
            writer.write(Tag.snapshotTaken)
            message.encode(into: &writer)
        case .newLeader(let bond, let point):
            writer.write(Tag.newLeader)
            bond.encode(into: &writer)
            writer.write(point)
        case .newLeaderAccepted(let bond, let index):
            writer.write(Tag.newLeaderAccepted)
            bond.encode(into: &writer)
            writer.write(index.rawValue)
        case .sync(let bond, let number):
            writer.write(Tag.sync)
            bond.encode(into: &writer)
            writer.write(number)
        case .synced(let bond, let number, let committed):
            writer.write(Tag.synced)
            bond.encode(into: &writer)
            writer.write(number)
            writer.write(committed.rawValue)
        case .ping(let message):
            writer.write(Tag.ping)
            message.encode(into: &writer)
        case .pong(let message):
            writer.write(Tag.pong)
            message.encode(into: &writer)
        case .introduce(let first):
            writer.write(Tag.introduce)
            writer.write(first)
        case .introduced(let first, let epoch):
            writer.write(Tag.introduced)
            writer.write(first)
            writer.write(epoch.rawValue)
        }
    }

    /// Reads a tag and the fields that belong to it.
    public init(from reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case Tag.propose: self = .propose(try Propose(from: &reader))
        case Tag.acknowledge: self = .acknowledge(try Acknowledge(from: &reader))
        case Tag.commit: self = .commit(try Bond(from: &reader), try reader.readIndex())
        case Tag.forward: self = .forward(try Forward(from: &reader))
        case Tag.notification: self = .notification(try Notification(from: &reader))
        case Tag.followerEpoch: self = .followerEpoch(try FollowerEpoch(from: &reader))
        case Tag.newEpoch: self = .newEpoch(try Bond(from: &reader))
        case Tag.epochAccepted: self = .epochAccepted(try EpochAccepted(from: &reader))
        case Tag.synchronise: self = .synchronise(try Synchronise(from: &reader))
        case Tag.snapshot: self = .snapshot(try ZabSnapshotPart(from: &reader))
        case Tag.snapshotTaken: self = .snapshotTaken(try ZabSnapshotTaken(from: &reader))
        case Tag.newLeader: self = .newLeader(try Bond(from: &reader), try reader.readPoint())
        case Tag.newLeaderAccepted: self = .newLeaderAccepted(try Bond(from: &reader), try reader.readIndex())
        case Tag.sync: self = .sync(try Bond(from: &reader), try reader.readNumber("number of a read"))
        case Tag.synced:
            self = .synced(
                try Bond(from: &reader), number: try reader.readNumber("number of a read"),
                committed: try reader.readIndex())
        case Tag.ping: self = .ping(try Ping(from: &reader))
        case Tag.pong: self = .pong(try Pong(from: &reader))
        case Tag.introduce: self = .introduce(try reader.read())
        case Tag.introduced: self = .introduced(try reader.read(), try reader.readEpoch())
        default: throw .unknownTag(what: "Zab message", value: UInt64(tag))
        }
    }
}

extension ByteWriter {
    mutating func write(_ point: HistoryPoint) {
        write(point.index.rawValue)
        write(point.zxid.rawValue)
    }

    /// Writes an index that may be missing.
    mutating func write(optional index: LogIndex?) {
        write(UInt8(index == nil ? 0 : 1))
        if let index { write(index.rawValue) }
    }
}

extension ByteReader {
    mutating func readEpoch() throws(WireError) -> Epoch {
        let value = try read(UInt32.self)
        guard value <= Zxid.largestEpoch.rawValue else {
            throw .tooLarge(what: "epoch", value: UInt64(value), limit: UInt64(Zxid.largestEpoch.rawValue))
        }
        return Epoch(value)
    }

    mutating func readZxid() throws(WireError) -> Zxid {
        let zxid = Zxid(try read(UInt64.self))
        guard zxid.epoch <= Zxid.largestEpoch else {
            throw .tooLarge(what: "zxid", value: zxid.rawValue, limit: UInt64(Int64.max))
        }
        return zxid
    }

    mutating func readOptionalPlace() throws(WireError) -> LogIndex? { try readBool() ? try readIndex() : nil }

    mutating func readPoint() throws(WireError) -> HistoryPoint {
        HistoryPoint(index: try readIndex(), zxid: try readZxid())
    }
}

extension Bond {
    func encode(into writer: inout ByteWriter) {
        writer.write(session)
        writer.write(epoch.rawValue)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        session = try reader.read()
        epoch = try reader.readEpoch()
    }
}

extension Propose {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.reserve(64 + transactions.count * ByteWriter.recordBytes)
        bond.encode(into: &writer)
        writer.write(previous)
        writer.write(optional: committed)
        writer.write(UInt32(own.places.count))
        if !own.places.isEmpty {
            writer.write(own.first)
            for place in own.places { writer.write(place) }
        }
        writer.write(transactions)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        previous = try reader.readPoint()
        committed = try reader.readOptionalPlace()
        own = try OwnProposals(from: &reader)
        let epoch = bond.epoch
        var latest = previous.zxid
        transactions = try reader.readRecords(after: previous.index) { (record) throws(WireError) in
            let zxid = Zxid(record.tag)
            guard zxid > latest, zxid.epoch <= epoch else { throw .invalid(what: "order of identifiers") }
            latest = zxid
        }
        if let place = own.places.last, place >= transactions.count { throw .invalid(what: "place of a request") }
    }
}

extension OwnProposals {
    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        let count = try reader.readCount(limit: WireLimits.entries, of: "number of requests")
        self = .none
        guard count > 0 else { return }
        first = try reader.readNumber("number of a request")
        var region = ByteReader(try reader.readRegion(count: count * 4))
        places.reserveCapacity(count)
        for _ in 0..<count {
            let place = try region.read(UInt32.self)
            if let last = places.last, last >= place { throw .invalid(what: "order of places") }
            places.append(place)
        }
    }
}

extension Acknowledge {
    fileprivate func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(index.rawValue)
        writer.write(UInt8(isGap ? 1 : 0))
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        index = try reader.readIndex()
        isGap = try reader.readBool()
    }
}

extension Forward {
    /// The number and the requests, each after its length.
    fileprivate func encode(into writer: inout ByteWriter) {
        bond.encode(into: &writer)
        writer.write(first)
        writer.write(UInt32(payloads.count))
        for payload in payloads { writer.write(UInt32(payload.count)) }
        for payload in payloads { writer.write(raw: payload) }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        bond = try Bond(from: &reader)
        first = try reader.readNumber("number of a request")
        let count = try reader.readCount(limit: WireLimits.entries, of: "number of requests")
        var lengths = ByteReader(try reader.readRegion(count: count * 4))
        var ends: ContiguousArray<Int> = []
        ends.reserveCapacity(count)
        for _ in 0..<count {
            ends.append(
                (ends.last ?? 0) + (try lengths.readCount(limit: WireLimits.entryBytes, of: "length of a request")))
        }
        guard ends.last ?? 0 <= WireLimits.messageBytes else {
            throw .tooLarge(
                what: "length of all requests", value: UInt64(ends.last ?? 0), limit: UInt64(WireLimits.messageBytes))
        }
        let region = Bytes(copying: try reader.readRegion(count: ends.last ?? 0))
        payloads = []
        payloads.reserveCapacity(count)
        var start = 0
        for end in ends {
            payloads.append(region[start..<end])
            start = end
        }
    }
}
