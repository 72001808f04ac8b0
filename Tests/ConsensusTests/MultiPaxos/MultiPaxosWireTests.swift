import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Multi-Paxos messages on the wire")
struct MultiPaxosWireTests {
    private static let low = Ballot.round(2, of: 1)
    private static let high = Ballot.round(3, of: 2)
    static let messages: [MultiPaxosMessage] = [
        .prepare(high, from: 5), .promise(high, from: 5, decided: 4),
        .promise(
            high, from: 5, decided: 4, PValue(ballot: low, record: .command(5, born: .round(1, of: 0))),
            PValue(ballot: low, record: .command(9, born: low, "")), next: 12),
        .accept(high, decided: 4, round: 17),
        .accept(high, decided: 4, .command(5, born: low), .command(6, born: high)),
        .accepted(high, through: 6, round: 17), .accepted(high, through: 6, strays: 8...9, isVoter: false),
        .confirmed(.init(ballot: high, round: 17)), .preempted(high),
        .snapshotOffer(.init(ballot: high, slot: LogIndex(90))),
        .snapshotRequest(SnapshotFetchRequest(offset: 4_096)),
        .snapshotPart(
            SnapshotFetchPart(
                mark: SnapshotMark(index: LogIndex(90), tag: 0), offset: 4_096, data: "some bytes", isLast: true)),
    ]

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: MultiPaxosMessage) throws {
        #expect(try MultiPaxosMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: MultiPaxosMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try MultiPaxosMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try MultiPaxosMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("unknown tags, numbers near the end of their type and values that contradict their place are refused")
    func contradictions() {
        #expect(throws: WireError.self) { try MultiPaxosMessage(decoding: Bytes([0])) }
        #expect(throws: WireError.self) { try MultiPaxosMessage(decoding: Bytes([99])) }
        for message in Self.messages.prefix(10) {
            for start in stride(from: 1, through: message.encoded().count - 8, by: 8).prefix(message.numbers) {
                var bytes = message.encoded().array
                bytes.replaceSubrange(start..<start + 8, with: Array(repeating: 255, count: 8))
                #expect(throws: WireError.self) { try MultiPaxosMessage(decoding: Bytes(bytes)) }
            }
        }
        let value = PValue(ballot: Self.low, record: .command(5, born: Self.low))
        let young = PValue(ballot: Self.low, record: .command(5, born: Self.high))
        let unknown = LogRecord(index: LogIndex(5), tag: Self.low.rawValue, kind: 77, payload: "v")
        let wrong: [MultiPaxosMessage] = [
            .promise(Self.high, from: 5, value, value), .promise(Self.high, from: 6, value),
            .promise(Self.high, from: 5, young), .promise(Self.high, from: 5, value, next: 5),
            .promise(Self.high, from: 5, PValue(ballot: Self.low, record: unknown)),
            .accept(Self.low, .command(1, born: Self.high)), .accept(Self.low, .command(0, born: Self.low)),
            .accept(Self.low, unknown), .accepted(Self.low, through: 1, strays: 1...1).reversed,
        ]
        for message in wrong {
            #expect(throws: WireError.self, "\(message)") { try MultiPaxosMessage(decoding: message.encoded()) }
        }
    }

    @Test("random and damaged bytes are refused or understood, and a node survives what is understood")
    func random() {
        var random = SeededGenerator(seed: 12)
        var nodes = [Stepped(node: 1), Stepped(leader: 0, by: 1)]
        var understood = 0
        for round in 0..<4_000 {
            var bytes: [UInt8]
            if round % 4 == 0 {
                bytes = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                bytes = Self.messages[random.below(Self.messages.count)].encoded().array
                for _ in 0...random.below(3) {
                    bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            guard let message = try? MultiPaxosMessage(decoding: Bytes(bytes)) else { continue }
            understood += 1
            for node in nodes.indices { nodes[node].receive(message, from: UInt32(random.below(4))) }
            if round % 50 == 0 {
                nodes = [Stepped(node: 1), Stepped(leader: 0, by: 1)]
                nodes[1].request(.put(key: "k", value: "v"))
                nodes[1].persist()
            }
        }
        #expect(understood > 1_000)
        #expect(nodes.allSatisfy { !$0.node.isHalted })
    }
}

extension MultiPaxosMessage {
    /// How many bounded numbers come right after the tag.
    fileprivate var numbers: Int {
        switch self {
        case .promise, .accepted: 5
        case .accept(let message): message.values.isEmpty ? 3 : 4
        case .preempted: 1
        default: 2
        }
    }

    /// The same with the ends of the stretch beyond a gap swapped.
    fileprivate var reversed: MultiPaxosMessage {
        guard case .accepted(var message) = self else { return self }
        message.strayFirst = message.strayLast.next
        return .accepted(message)
    }
}
