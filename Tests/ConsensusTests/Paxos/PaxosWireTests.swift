import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Paxos messages on the wire")
struct PaxosWireTests {
    private static let value = PValue(ballot: Ballot(3, 1), record: .decree(5, by: 2))
    static let messages: [PaxosMessage] = [
        .prepare(5, Ballot(3, 0), .init(4, Ballot(2, 2))), .promise(5, Ballot(3, 0)),
        .promise(5, Ballot(4, 0), value), .accept(.decree(5, by: 0), Ballot(3, 0), .init(4, Ballot(2, 2))),
        .accepted(5, Ballot(3, 0)), .preempted(5, Ballot(9, 2)), .notice(.init(4, Ballot(2, 2))), .learn(5),
        .decisions(
            .init(
                base: LogIndex(2), values: [value, PValue(ballot: Ballot(3, 1), record: .decree(6, by: 1))],
                notice: .init(9, Ballot(2, 2)))),
        .snapshotRequest(SnapshotFetchRequest(offset: 4_096)),
        .snapshotPart(
            SnapshotFetchPart(
                mark: SnapshotMark(index: LogIndex(90), tag: 70), offset: 4_096, data: "some bytes", isLast: true)),
    ]

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: PaxosMessage) throws {
        #expect(try PaxosMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: PaxosMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try PaxosMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try PaxosMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("unknown tags, numbers near the end of their type and values that contradict their place are refused")
    func contradictions() {
        #expect(throws: WireError.self) { try PaxosMessage(decoding: Bytes([99])) }
        for message in Self.messages.prefix(9) {
            var bytes = message.encoded().array
            bytes.replaceSubrange(1..<9, with: Array(repeating: 255, count: 8))
            #expect(throws: WireError.self) { try PaxosMessage(decoding: Bytes(bytes)) }
        }
        #expect(throws: WireError.invalid(what: "slot of a promise")) {
            try PaxosMessage(decoding: PaxosMessage.promise(4, Ballot(4, 0), Self.value).encoded())
        }
        let gap = PaxosMessage.decisions(
            .init(base: .zero, values: [Self.value, Self.value], notice: .nothing))
        #expect(throws: WireError.invalid(what: "order of decisions")) {
            try PaxosMessage(decoding: gap.encoded())
        }
    }

    @Test("a value that is no decree is refused, whatever is wrong with it")
    func notADecree() {
        let sound = LogRecord.decree(1, by: 0).payload.array
        var long = sound
        long[8] = 200
        for payload in [[], [1, 2, 3], Array(sound.dropLast()), sound + [0], long] {
            let record = LogRecord(
                index: LogIndex(1), tag: Ballot(1, 0).rawValue, kind: EntryKind.command.rawValue,
                payload: Bytes(payload))
            #expect(throws: WireError.self) {
                try PaxosMessage(decoding: PaxosMessage.accept(record, Ballot(1, 0)).encoded())
            }
        }
    }

    @Test("random and damaged bytes are refused or understood, and a node survives what is understood")
    func random() {
        var random = SeededGenerator(seed: 11)
        var acceptor = Stepped(1)
        var proposer = Stepped(0)
        var understood = 0
        for round in 0..<6_000 {
            var bytes: [UInt8]
            if round % 4 == 0 {
                bytes = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                bytes = Self.messages[random.below(Self.messages.count)].encoded().array
                for _ in 0...random.below(3) {
                    bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            guard let message = try? PaxosMessage(decoding: Bytes(bytes)) else { continue }
            understood += 1
            acceptor.receive(message, from: UInt32(random.below(4)))
            proposer.receive(message, from: UInt32(random.below(4)))
            if round % 50 == 0 {
                acceptor = Stepped(1)
                proposer = Stepped(0)
                proposer.request(.put(key: "k", value: "v"))
                proposer.persist()
            }
        }
        #expect(understood > 1_000)
        #expect(!acceptor.node.isHalted && !proposer.node.isHalted)
    }
}
