import ByteCoding
import RESP
import Testing
import Workload

@testable import ProtocolKit

/// Parses one RESP command of words into a request.
func request(_ words: Bytes...) throws -> KeyValueRequest {
    var writer = ByteWriter()
    writer.writeArrayHeader(words.count)
    for word in words { writer.writeBulk(word) }
    return try request(parsing: writer.readable)
}

private func request(parsing region: UnsafeRawBufferPointer) throws -> KeyValueRequest {
    guard case .command(let command, let consumed) = try RESPCommandParser().parse(region) else {
        throw RESPError.invalidNumber
    }
    #expect(consumed == region.count)
    return try KeyValueRequest(command)
}

@Suite("Key-value requests")
struct KeyValueRequestTests {
    static let commands: [KeyValueCommand] = [
        .get(key: "k"), .get(key: Bytes()), .put(key: "k", value: "v"), .put(key: "k", value: Bytes()),
        .put(key: Bytes([0, 13, 10, 255]), value: Bytes([UInt8](0...255))), .delete(key: "key"),
        .compareAndSet(key: "k", expected: "old", value: "new"),
        .compareAndSet(key: "k", expected: Bytes(), value: Bytes()),
        .compareAndSet(key: "k", expected: nil, value: "new"), .increment(key: "n", by: 1),
        .increment(key: "n", by: -1), .increment(key: "n", by: .min), .increment(key: "n", by: .max),
        .append(key: "l", value: "piece"), .openSession,
    ]

    @Test("every command survives its binary form", arguments: commands)
    func payload(command: KeyValueCommand) {
        #expect(KeyValueCommand(KeyValueRequest(command)) == command)
        let stamp = SessionStamp(session: SessionID(9), sequence: 12, acknowledgedBelow: 3)
        #expect(KeyValueCommand(KeyValueRequest(command, stamp: stamp)) == command)
    }

    @Test("every command survives RESP, with and without a stamp", arguments: commands, [false, true])
    func resp(command: KeyValueCommand, isStamped: Bool) throws {
        let stamp = SessionStamp(session: SessionID(9), sequence: 12, acknowledgedBelow: 3)
        let original = KeyValueRequest(command, stamp: isStamped ? stamp : nil)
        var writer = ByteWriter()
        original.encode(into: &writer)
        #expect(try request(parsing: writer.readable) == original)
    }

    @Test("a put that lies in memory as a request carries it is coded without a copy, and alike")
    func laidOut() {
        let template = KeyValueRequest.putTemplate(keyBytes: 3, valueBytes: 4, filling: 7)
        let made = KeyValueRequest.put(key: "key", template: template) { $0[0] = 9 }
        let plain = KeyValueCommand.put(key: "key", value: Bytes([9, 7, 7, 7]))
        #expect(made == plain)
        #expect(KeyValueRequest(made) == KeyValueRequest(plain))
        guard case .put(let key, let value) = made else { return }
        func address(_ bytes: Bytes) -> UnsafeRawPointer? { bytes.withUnsafeBytes(\.baseAddress) }
        #expect(address(KeyValueRequest(made).payload).map { $0 + 5 } == address(key))
        let stamp = SessionStamp(session: SessionID(9), sequence: 12, acknowledgedBelow: 3)
        #expect(KeyValueRequest(made, stamp: stamp) == KeyValueRequest(plain, stamp: stamp))
        // Neighbours that are no request: another tag, another length, or not neighbours at all.
        let whole = Bytes([CommandTag.put, 3, 0, 0, 0] + Array("keyvalue".utf8))
        let mixed: [(Bytes, Bytes)] = [
            (whole[5..<7], whole[7..<13]), (whole[6..<8], whole[8..<13]), (key, whole[8..<13]), (value, key),
        ]
        for (key, value) in mixed {
            let command = KeyValueCommand.put(key: key, value: value)
            #expect(KeyValueCommand(KeyValueRequest(command)) == command)
        }
    }

    @Test("a get of a key that lies in memory as a request carries it is coded without a copy, and alike")
    func laidOutGet() {
        var memory: [UInt8] = [CommandTag.get]
        let start = KeyValueRequest.layOutGet(in: &memory) { $0 += Array("key".utf8) }
        let whole = Bytes(memory)
        let key = whole[start..<whole.count]
        func address(_ bytes: Bytes) -> UnsafeRawPointer? { bytes.withUnsafeBytes(\.baseAddress) }
        let coded = KeyValueRequest(.get(key: key))
        #expect(coded == KeyValueRequest(.get(key: "key")))
        #expect(address(coded.payload).map { $0 + 5 } == address(key))
        let names = KeyNames.of(.register, count: 20)
        #expect(address(KeyValueRequest(.get(key: names[17])).payload).map { $0 + 5 } == address(names[17]))
        // A part of the key, what stands before it, and a key after another tag.
        let other = Bytes([CommandTag.put, 3, 0, 0, 0] + Array("key".utf8))
        for key in [whole[start..<start + 2], whole[start + 1..<whole.count], whole[0..<start], other[5..<8]] {
            #expect(KeyValueCommand(KeyValueRequest(.get(key: key))) == .get(key: key))
        }
    }

    @Test("key names are the same whether kept or made", arguments: [KeyValueNaming.Space.register, .counter, .list])
    func names(space: KeyValueNaming.Space) {
        let names = KeyNames.of(space, count: 1_200)
        for number in [0, 9, 10, 99, 100, 999, 1_199, 1_200, 54_321] {
            #expect(names[number] == KeyValueNaming.key(space, number))
            #expect(names[number].text.dropFirst() == "\(number)")
        }
    }

    @Test("a stamp is carried by writes and not by reads")
    func stamps() throws {
        let write = try request("session", "5", "6", "2", "set", "k", "v")
        let stamp = write.payload.withUnsafeBytes { KeyValueView($0)?.stamp }
        #expect(stamp == SessionStamp(session: SessionID(5), sequence: 6, acknowledgedBelow: 2))
        #expect(!write.isRead)
        let read = try request("SESSION", "5", "6", "2", "GET", "k")
        #expect(read == KeyValueRequest(.get(key: "k")))
        #expect(read.isRead)
    }

    @Test("words of Redis mean what they do there")
    func words() throws {
        #expect(try request("INCR", "n") == KeyValueRequest(.increment(key: "n", by: 1)))
        #expect(try request("decr", "n") == KeyValueRequest(.increment(key: "n", by: -1)))
        #expect(try request("IncrBy", "n", "-7") == KeyValueRequest(.increment(key: "n", by: -7)))
        #expect(try request("SETNX", "k", "v") == KeyValueRequest(.compareAndSet(key: "k", expected: nil, value: "v")))
    }

    @Test(
        "what isn't a command is refused",
        arguments: [
            ["NOSUCH"], ["GET"], ["GET", "a", "b"], ["SET", "k"], ["SET", "k", "v", "EX"], ["DEL"], ["DEL", "a", "b"],
            ["CAS", "k", "v"], ["SETNX", "k"], ["APPEND", "k"], ["INCR"], ["INCR", "n", "1"], ["INCRBY", "n"],
            ["INCRBY", "n", "x"], ["INCRBY", "n", "9223372036854775808"], ["SESSION"], ["SESSION", "1", "1", "1"],
            ["SESSION", "0", "1", "1", "INCR", "n"], ["SESSION", "1", "0", "1", "INCR", "n"],
            ["SESSION", "1", "1", "-1", "INCR", "n"], ["SESSION", "x", "1", "1", "INCR", "n"],
            ["SESSION", "1", "1", "1", "INCR"], ["SESSION", "1", "1", "1", "SESSION", "1", "1", "1", "INCR", "n"],
            ["SESSION.OPEN", "x"], [""],
        ])
    func refused(words: [String]) {
        var writer = ByteWriter()
        writer.writeArrayHeader(words.count)
        for word in words { writer.writeBulk(Bytes(word)) }
        #expect(throws: CommandError.self) { try request(parsing: writer.readable) }
    }

    @Test("keys and values are bounded")
    func bounds() throws {
        let longest = Bytes([UInt8](repeating: 0x6B, count: KeyValueLimits.keyBytes))
        let tooLong = Bytes([UInt8](repeating: 0x6B, count: KeyValueLimits.keyBytes + 1))
        #expect(throws: Never.self) { try request("GET", longest) }
        #expect(throws: CommandError.tooLong(what: "key", limit: KeyValueLimits.keyBytes)) {
            try request("GET", tooLong)
        }
        #expect(throws: CommandError.tooLong(what: "key", limit: KeyValueLimits.keyBytes)) {
            try request("INCR", tooLong)
        }
        let value = Bytes([UInt8](repeating: 0, count: KeyValueLimits.valueBytes + 1))
        #expect(throws: CommandError.tooLong(what: "value", limit: KeyValueLimits.valueBytes)) {
            try request("SET", "k", value)
        }
        #expect(throws: CommandError.tooLong(what: "value", limit: KeyValueLimits.valueBytes)) {
            try request("CAS", "k", value, "v")
        }
    }

    @Test("malformed payloads never trap the store", arguments: UInt64(1)...10)
    func malformed(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var store = KeyValueStore()
        _ = store.apply(KeyValueRequest(.openSession).payload, at: LogIndex(1))
        for round in 0..<3_000 {
            var payload: [UInt8]
            if generator.chance(0.5) {
                payload = (0..<generator.below(40)).map { _ in UInt8(generator.below(256)) }
                if !payload.isEmpty { payload[0] = UInt8(generator.below(10)) | (generator.chance(0.5) ? 0x80 : 0) }
            } else {
                let stamp = SessionStamp(
                    session: SessionID(1), sequence: generator.next() >> UInt64(generator.below(64)),
                    acknowledgedBelow: generator.next() >> UInt64(generator.below(64)))
                let command = Self.commands[generator.below(Self.commands.count)]
                payload = KeyValueRequest(command, stamp: generator.chance(0.5) ? stamp : nil).payload.array
                if generator.chance(0.5) { payload.removeLast(generator.below(payload.count)) }
                if !payload.isEmpty, generator.chance(0.3) {
                    payload[generator.below(payload.count)] = UInt8(generator.below(256))
                }
            }
            let request = KeyValueRequest(payload: Bytes(payload))
            _ = store.apply(request.payload, at: LogIndex(UInt64(round + 2)))
            _ = store.query(request.payload)
            _ = KeyValueCommand(request)
        }
        #expect(store.apply(KeyValueRequest(.put(key: "k", value: "v")).payload, at: LogIndex(9_999)) == .done)
    }

    @Test("a payload that can't be decoded gets a refusal")
    func refusal() {
        var store = KeyValueStore()
        for bytes: [UInt8] in [[], [2], [2, 0, 0, 0], [2, 5, 0, 0, 0, 1], [99, 0, 0, 0, 0], [4, 0, 0, 0, 0, 9]] {
            guard case .refused(.rejected) = store.apply(Bytes(bytes), at: LogIndex(1)) else {
                Issue.record("\(bytes) was accepted")
                continue
            }
        }
        #expect(store.count == 0)
        #expect(store.query(KeyValueRequest(.put(key: "k", value: "v")).payload).refusal != nil)
    }
}

@Suite("Refusals on the client port")
struct RefusalTests {
    private func written(_ refusal: Refusal, address: String?) throws -> Refusal {
        var writer = ByteWriter()
        refusal.encode(into: &writer) { _ in address }
        guard case .error(let line)? = try RESPValue.parse(writer.readable)?.value else {
            throw RESPError.invalidNumber
        }
        return Refusal(errorLine: line)
    }

    @Test(
        "read back as written",
        arguments: [
            Refusal.redirect(NodeID(2)), .noLeader, .overloaded, .sessionExpired, .rejected("value is not an integer"),
        ])
    func roundTrip(refusal: Refusal) throws {
        #expect(try written(refusal, address: "127.0.0.1:7000") == refusal)
    }

    @Test("a redirect to a node whose address isn't known asks to try again")
    func unknownAddress() throws {
        #expect(try written(.redirect(NodeID(2)), address: nil) == .noLeader)
    }

    @Test("other servers' errors are rejections with their text")
    func others() {
        #expect(Refusal(errorLine: "WRONGTYPE Operation") == .rejected("WRONGTYPE Operation"))
        #expect(Refusal(errorLine: "MOVED x y") == .rejected("MOVED x y"))
        #expect(Refusal(errorLine: "MOVED") == .rejected("MOVED"))
        #expect(Refusal(errorLine: "MOVED 99999999999 h:1") == .rejected("MOVED 99999999999 h:1"))
        #expect(Refusal(errorLine: "") == .rejected(""))
        #expect(Refusal(errorLine: "ERR") == .rejected(""))
    }
}
