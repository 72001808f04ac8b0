import Benchmark
import ByteCoding
import Consensus
import ProtocolKit
import RESP

/// What a leader sends when 64 writes of 256 bytes are at hand.
private func sampleMessage() -> RaftMessage {
    let entries = (0..<64).map { number in
        let request = KeyValueRequest(.put(key: sampleKey(number), value: sampleValue(UInt64(number))))
        return LogRecord(
            index: LogIndex(UInt64(1_001 + number)), tag: 3, kind: EntryKind.command.rawValue, payload: request.payload)
    }
    return .appendEntries(
        AppendEntries(
            term: Term(3), previousIndex: LogIndex(1_000), previousTerm: Term(3), commitIndex: LogIndex(990), round: 7,
            entries: ContiguousArray(entries)))
}

struct AppendEntriesEncoding: HotPath, ~Copyable {
    private let message = sampleMessage()
    private var writer = ByteWriter(capacity: 64 << 10)

    mutating func run(_ count: Int) {
        for _ in 0..<count {
            writer.removeAll()
            message.encode(into: &writer)
        }
        blackHole(writer.count)
    }
}

struct AppendEntriesDecoding: HotPath, ~Copyable {
    private var writer = ByteWriter(capacity: 64 << 10)

    init() {
        sampleMessage().encode(into: &writer)
    }

    mutating func run(_ count: Int) throws {
        var entries = 0
        for _ in 0..<count {
            var reader = ByteReader(writer.readable)
            if case .appendEntries(let message) = try RaftMessage(from: &reader) { entries += message.entries.count }
            try reader.expectEnd()
        }
        guard entries == 64 * count else { throw WrongAnswer(what: "\(entries) entries of \(64 * count)") }
    }
}

/// 64 commands as a client's pipeline brings them.
private func samplePipeline() -> ByteWriter {
    var writer = ByteWriter(capacity: 64 << 10)
    for number in 0..<64 {
        writer.writeArrayHeader(3)
        writer.writeBulk(literal: "SET")
        writer.writeBulk(sampleKey(number))
        writer.writeBulk(sampleValue())
    }
    return writer
}

struct CommandParsing: HotPath, ~Copyable {
    private let pipeline = samplePipeline()
    private let parser = RESPCommandParser()

    mutating func run(_ count: Int) throws {
        let all = pipeline.readable
        var rest = all
        var bytes = 0
        for _ in 0..<count {
            guard case .command(let command, let consumed) = try parser.parse(rest) else {
                throw WrongAnswer(what: "no command")
            }
            bytes &+= command[2].count
            rest = consumed == rest.count ? all : UnsafeRawBufferPointer(rebasing: rest[consumed...])
        }
        guard bytes == 256 * count else { throw WrongAnswer(what: "\(bytes) bytes of \(256 * count)") }
    }
}

/// The way of a write into the cluster: parsed in place, then laid out as log and wire carry it.
struct CommandCoding: HotPath, ~Copyable {
    private let pipeline = samplePipeline()
    private let parser = RESPCommandParser()

    mutating func run(_ count: Int) throws {
        let all = pipeline.readable
        var rest = all
        var bytes = 0
        for _ in 0..<count {
            guard case .command(let command, let consumed) = try parser.parse(rest) else {
                throw WrongAnswer(what: "no command")
            }
            bytes &+= try KeyValueRequest(command).payload.count
            rest = consumed == rest.count ? all : UnsafeRawBufferPointer(rebasing: rest[consumed...])
        }
        blackHole(bytes)
    }
}

struct ReplyParsing: HotPath, ~Copyable {
    private var replies = ByteWriter(capacity: 64 << 10)
    private let expected: RESPValue

    init(_ reply: RESPValue) {
        expected = reply
        for _ in 0..<64 { replies.write(reply) }
    }

    mutating func run(_ count: Int) throws {
        let all = replies.readable
        var rest = all
        var last = RESPValue.null
        for _ in 0..<count {
            guard let (value, consumed) = try RESPValue.parse(rest) else { throw WrongAnswer(what: "no reply") }
            last = value
            rest = consumed == rest.count ? all : UnsafeRawBufferPointer(rebasing: rest[consumed...])
        }
        guard last == expected else { throw WrongAnswer(what: "\(last)") }
    }
}
