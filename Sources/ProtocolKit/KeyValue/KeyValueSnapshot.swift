import ByteCoding

/// A frozen key-value store on its way to disk or to a peer.
///
/// A chunk is a sequence of tagged items: time, key with value, session with its answers.
public struct KeyValueSnapshot: StateSnapshot {
    fileprivate static let timeTag: UInt8 = 0
    fileprivate static let itemTag: UInt8 = 1
    fileprivate static let sessionTag: UInt8 = 2

    private let store: KeyValueStore
    private var shard = 0
    private var item = 0
    private var session = 0
    private var hasWrittenTime = false

    init(_ store: KeyValueStore) {
        self.store = store
    }

    /// The next chunk, or nil after the last.
    public mutating func nextChunk(bytes: Int) -> Bytes? {
        var writer = ByteWriter(capacity: bytes + 4096)
        if !hasWrittenTime {
            hasWrittenTime = true
            writer.write(Self.timeTag)
            writer.write(store.replicatedMilliseconds)
        }
        while shard < store.shards.count, writer.count < bytes {
            guard item < store.shards[shard].items.count else {
                shard += 1
                item = 0
                continue
            }
            let next = store.shards[shard].items[item]
            writer.write(Self.itemTag)
            writer.write(next.key)
            writer.write(Bytes(next.value))
            item += 1
        }
        while shard == store.shards.count, session < store.sessions.sessions.count, writer.count < bytes {
            Self.write(store.sessions.sessions[session], into: &writer)
            session += 1
        }
        return writer.isEmpty ? nil : writer.bytes()
    }

    private static func write(_ session: SessionTable.Session, into writer: inout ByteWriter) {
        writer.write(sessionTag)
        writer.write(session.id.rawValue)
        writer.write(session.acknowledgedBelow)
        writer.write(session.lastActiveMilliseconds)
        writer.write(UInt32(session.answers.count))
        for (sequence, response) in session.answers {
            writer.write(sequence)
            response.encodeAnswer(into: &writer)
        }
    }
}

extension KeyValueStore {
    /// A frozen copy; costs the table of shards, not their contents.
    public func snapshot() -> KeyValueSnapshot {
        KeyValueSnapshot(self)
    }

    /// Takes the next chunk of a snapshot.
    public mutating func restore(chunk: Bytes) throws(WireError) {
        try chunk.withUnsafeBytes { (region) throws(WireError) in
            var reader = ByteReader(region)
            while reader.remaining > 0 {
                let tag = try reader.read(UInt8.self)
                switch tag {
                case KeyValueSnapshot.timeTag: replicatedMilliseconds = try reader.read()
                case KeyValueSnapshot.itemTag:
                    let key = try reader.readBytes(limit: KeyValueLimits.keyBytes)
                    restore(key: key, value: try reader.readBytes(limit: KeyValueLimits.valueBytes))
                case KeyValueSnapshot.sessionTag: try sessions.restore(try Self.readSession(from: &reader))
                default: throw .unknownTag(what: "snapshot item", value: UInt64(tag))
                }
            }
        }
    }

    private static func readSession(from reader: inout ByteReader) throws(WireError) -> SessionTable.Session {
        var session = SessionTable.Session(
            id: SessionID(try reader.read()), acknowledgedBelow: try reader.read(),
            lastActiveMilliseconds: try reader.read(), answers: [])
        for _ in 0..<(try reader.readCount(limit: Int(SessionTable.maximumWindow), of: "answers")) {
            let sequence: UInt64 = try reader.read()
            if let last = session.answers.last, last.sequence >= sequence { throw .invalid(what: "order of answers") }
            session.answers.append((sequence, try KeyValueResponse(answerFrom: &reader)))
        }
        return session
    }
}

extension KeyValueResponse {
    fileprivate func encodeAnswer(into writer: inout ByteWriter) {
        switch self {
        case .done: writer.write(UInt8(0))
        case .absent: writer.write(UInt8(1))
        case .value(let bytes):
            writer.write(UInt8(2))
            writer.write(bytes)
        case .integer(let number):
            writer.write(UInt8(3))
            writer.write(number)
        case .refused(let refusal):
            writer.write(UInt8(4))
            if case .rejected(let text) = refusal { writer.write(Bytes(text)) } else { writer.write(Bytes()) }
        }
    }

    fileprivate init(answerFrom reader: inout ByteReader) throws(WireError) {
        let tag = try reader.read(UInt8.self)
        switch tag {
        case 0: self = .done
        case 1: self = .absent
        case 2: self = .value(try reader.readBytes(limit: KeyValueLimits.valueBytes))
        case 3: self = .integer(try reader.read())
        case 4: self = .refused(.rejected(try reader.readBytes(limit: 4096).text))
        default: throw .unknownTag(what: "answer", value: UInt64(tag))
        }
    }
}
