import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Raft messages on the wire")
struct RaftWireTests {
    static let messages: [RaftMessage] = [
        .requestVote(RequestVote(term: Term(3), lastLogIndex: LogIndex(9), lastLogTerm: Term(2), isPreVote: true)),
        .voteResponse(VoteResponse(term: Term(3), isGranted: true, isPreVote: false)),
        .appendEntries(AppendEntries(term: 7, after: 4, of: 2, [2, 3, 7, 7], commit: 4, round: 12)),
        .appendEntries(AppendEntries(term: 7, after: 4, of: 2, [])),
        .appendResponse(AppendResponse(term: Term(7), round: 4, outcome: .matched(LogIndex(8)))),
        .appendResponse(
            AppendResponse(
                term: Term(7), round: 4,
                outcome: .conflict(
                    previousIndex: LogIndex(8), conflictTerm: Term(2), conflictIndex: LogIndex(3)))),
        .installSnapshot(
            InstallSnapshot(
                term: Term(7), mark: SnapshotMark(index: LogIndex(90), tag: 6), offset: 4_096, data: "some bytes",
                isLast: false)),
        .snapshotResponse(
            SnapshotResponse(
                term: Term(7), index: LogIndex(90), nextOffset: 8_192, isInstalled: true, birth: Birth(2))),
        .timeoutNow(TimeoutNow(term: Term(7))),
        .appendEntries(
            AppendEntries(
                term: Term(7), previousIndex: .zero, previousTerm: .zero, commitIndex: .zero, round: 1,
                entries: [
                    LogRecord(
                        index: LogIndex(1), tag: 7, kind: EntryKind.configuration.rawValue,
                        payload: configuration.encoded())
                ])),
    ]

    private static let configuration = RaftConfiguration(
        voters: [Voter(NodeID(0)), Voter(NodeID(2), Birth(7))], outgoing: [Voter(NodeID(0)), Voter(NodeID(2))],
        learners: [NodeID(4)])

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: RaftMessage) throws {
        #expect(try RaftMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: RaftMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try RaftMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try RaftMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("numbers near the end of their type, lengths without their bytes and falling terms are refused")
    func oversized() {
        var counts = RaftWireTests.messages[2].encoded().array
        counts.replaceSubrange(41..<45, with: [255, 255, 255, 255])
        #expect(throws: WireError.self) { try RaftMessage(decoding: Bytes(counts)) }
        var terms = RaftWireTests.messages[0].encoded().array
        terms.replaceSubrange(1..<9, with: Array(repeating: 255, count: 8))
        #expect(throws: WireError.self) { try RaftMessage(decoding: Bytes(terms)) }
        let falling = RaftMessage.appendEntries(AppendEntries(term: 7, after: 4, of: 2, [3, 2]))
        #expect(throws: WireError.invalid(what: "order of terms")) {
            try RaftMessage(decoding: falling.encoded())
        }
        #expect(throws: WireError.self) { try NoMessage(decoding: Bytes([1])) }
    }

    @Test("an entry that should be a configuration and isn't is refused, on the wire and on the disk")
    func notAConfiguration() {
        let record = LogRecord(
            index: LogIndex(1), tag: 1, kind: EntryKind.configuration.rawValue, payload: Bytes([1, 2, 3]))
        let message = RaftMessage.appendEntries(
            AppendEntries(
                term: Term(1), previousIndex: .zero, previousTerm: .zero, commitIndex: .zero, round: 0,
                entries: [record]))
        #expect(throws: WireError.self) { try RaftMessage(decoding: message.encoded()) }
        #expect(SteppedServer(1, term: 1, records: [record]).server.isHalted)
    }

    @Test("random and damaged bytes are refused or understood, and a server survives what is understood")
    func random() {
        var random = SeededGenerator(seed: 11)
        var server = SteppedServer(1, term: 3, log: [1, 2, 3])
        var leader = SteppedServer(term: 3, log: [1, 2, 3])
        leader.elect()
        var understood = 0
        for round in 0..<20_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                bytes = Self.messages[random.below(Self.messages.count)].encoded().array
                for _ in 0...random.below(3) {
                    bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            guard let message = try? RaftMessage(decoding: Bytes(bytes)) else { continue }
            understood += 1
            if server.server.isHalted { server = SteppedServer(1, term: 3, log: [1, 2, 3]) }
            server.receive(message, from: UInt32(random.below(4)))
            if leader.server.role != .leader {
                leader = SteppedServer(term: 3, log: [1, 2, 3])
                leader.elect()
            }
            leader.receive(message, from: UInt32(random.below(4)))
        }
        #expect(understood > 1_000)
    }
}
