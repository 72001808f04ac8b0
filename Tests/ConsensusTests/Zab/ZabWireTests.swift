import ByteCoding
import ProtocolKit
import RESP
import Testing
import Workload

@testable import Consensus

@Suite("Zab's messages, requests and answers on the wire")
struct ZabWireTests {
    static let bond = Bond(session: 5 << 32 | 3, epoch: Epoch(4))
    static let point = HistoryPoint(index: LogIndex(2), zxid: .z(1, 2))

    static let messages: [ZabMessage] = [
        .notification(
            Notification(
                round: 9, role: .looking, vote: Vote(epoch: Epoch(3), zxid: .z(3, 8), candidate: NodeID(2)))),
        .followerEpoch(
            FollowerEpoch(session: 7, acceptedEpoch: Epoch(3), acceptedFrom: NodeID(1), isReplacement: false)),
        .followerEpoch(FollowerEpoch(session: 7, acceptedEpoch: .zero, acceptedFrom: nil, isReplacement: true)),
        .newEpoch(bond),
        .epochAccepted(EpochAccepted(bond: bond, currentEpoch: Epoch(3), last: point, isPromise: true)),
        .synchronise(Synchronise(bond: bond, kind: .diff, point: point)),
        .synchronise(Synchronise(bond: bond, kind: .truncate, point: .start)),
        .snapshot(
            ZabSnapshotPart(
                bond: bond, mark: SnapshotMark(index: LogIndex(90), tag: Zxid.z(3, 50).rawValue), offset: 4_096,
                data: "some bytes", isLast: false)),
        .snapshotTaken(ZabSnapshotTaken(bond: bond, index: LogIndex(90), nextOffset: 8_192, isInstalled: true)),
        .newLeader(bond, point), .newLeaderAccepted(bond, LogIndex(90)), proposal(),
        .propose(Propose(bond: bond, previous: .start, committed: nil, own: .none, transactions: [])),
        .acknowledge(Acknowledge(bond: bond, index: LogIndex(3), isGap: true)), .commit(bond, LogIndex(3)),
        .forward(Forward(bond: bond, first: 1, payloads: [Bytes([1, 2]), Bytes(), Bytes([3])])),
        .sync(bond, 12), .synced(bond, number: 12, committed: LogIndex(40)),
        .ping(Ping(bond: bond, round: 30, committed: LogIndex(4), forwarded: 6)),
        .pong(Pong(bond: bond, round: 30, index: nil)), .introduce(5 << 32), .introduced(5 << 32, Epoch(4)),
    ]

    /// Three proposals after the history's second transaction, the first and the last asked for by the receiver.
    static func proposal(_ zxids: [Zxid] = [.z(1, 3), .z(4, 1), .z(4, 2)], places: [UInt32] = [0, 2]) -> ZabMessage {
        let transactions = zxids.enumerated().map { offset, zxid in
            LogRecord(
                index: LogIndex(UInt64(offset) + 3), tag: zxid.rawValue, kind: EntryKind.command.rawValue,
                payload: KeyValueRequest(.put(key: "k", value: "v")).payload)
        }
        return .propose(
            Propose(
                bond: bond, previous: point, committed: LogIndex(2),
                own: OwnProposals(first: 4, places: ContiguousArray(places)),
                transactions: ContiguousArray(transactions)))
    }

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: ZabMessage) throws {
        #expect(try ZabMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: ZabMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try ZabMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try ZabMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("identifiers that fall, repeat or are of a later epoch than the message's are refused")
    func order() {
        for zxids in [[Zxid.z(1, 2)], [.z(1, 3), .z(1, 3)], [.z(4, 2), .z(4, 1)], [.z(5, 1)]] {
            #expect(throws: WireError.invalid(what: "order of identifiers")) {
                try ZabMessage(decoding: Self.proposal(zxids, places: []).encoded())
            }
        }
        #expect(throws: WireError.invalid(what: "place of a request")) {
            try ZabMessage(decoding: Self.proposal(places: [0, 3]).encoded())
        }
        #expect(throws: WireError.invalid(what: "order of places")) {
            try ZabMessage(decoding: Self.proposal(places: [1, 1]).encoded())
        }
    }

    @Test("epochs, indices and counts near the end of their type are refused before anything is made of them")
    func oversized() {
        let late = Bond(session: 1, epoch: Epoch(1 << 23))
        #expect(throws: WireError.self) { try ZabMessage(decoding: ZabMessage.newEpoch(late).encoded()) }
        let far = ZabMessage.commit(Self.bond, LogIndex(.max))
        #expect(throws: WireError.self) { try ZabMessage(decoding: far.encoded()) }
        var bytes = ZabMessage.forward(Forward(bond: Self.bond, first: 1, payloads: [])).encoded().array
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [255, 255, 255, 255])
        #expect(throws: WireError.self) { try ZabMessage(decoding: Bytes(bytes)) }
    }

    @Test("random and damaged bytes are refused or understood, and processes survive what is understood")
    func random() {
        var random = SeededGenerator(seed: 11)
        func established() -> SteppedEnsemble {
            var ensemble = SteppedEnsemble()
            ensemble.establish()
            for _ in 0..<3 { ensemble.request(.put(key: "a", value: "1"), at: 2) }
            ensemble.settle()
            return ensemble
        }
        let fresh = established()
        // Messages of the ensemble's own bonds reach further than those of others.
        let real = fresh.sent.map(\.message)
        var ensemble = fresh
        var understood = 0
        for round in 0..<6_000 {
            var bytes: [UInt8]
            if round % 4 == 0 {
                bytes = (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                let pool = round % 2 == 0 ? Self.messages : real
                bytes = pool[random.below(pool.count)].encoded().array
                for _ in 0...random.below(2) {
                    bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            guard let message = try? ZabMessage(decoding: Bytes(bytes)) else { continue }
            understood += 1
            if understood % 64 == 0 { ensemble = fresh }
            ensemble.step(random.below(3), .message(message, from: NodeID(UInt32(random.below(4)))))
            _ = ensemble.takeNetwork()
        }
        #expect(understood > 1_000)
    }

    // MARK: Clients

    private func parse(_ words: [String]) throws -> OrderedRequest<KeyValueRequest> {
        var writer = ByteWriter()
        writer.writeArrayHeader(words.count)
        for word in words { writer.writeBulk(Bytes(word)) }
        guard case .command(let command, _) = try RESPCommandParser().parse(writer.readable) else {
            throw CommandError.unknownCommand("nothing")
        }
        return try OrderedRequest(command)
    }

    @Test("AFTER is read in either case and written as it is read; a command without it is plain")
    func after() throws {
        for (words, zxid) in [
            (["AFTER", "0", "GET", "k"], Zxid.zero), (["after", "12", "SET", "k", "v"], Zxid(12)),
            (["AFTER", "\(Int64.max)", "SET", "k", "v"], Zxid(UInt64(Int64.max))),
        ] {
            let request = try parse(words)
            #expect(request.lastSeen == zxid)
            var writer = ByteWriter()
            request.encode(into: &writer)
            guard case .command(let command, _) = try RESPCommandParser().parse(writer.readable) else {
                Issue.record("what is written is no command")
                continue
            }
            let again = try OrderedRequest<KeyValueRequest>(command)
            #expect(again.lastSeen == zxid && again.content == request.content)
        }
        #expect(try parse(["GET", "k"]).lastSeen == nil)
    }

    @Test("nonsense behind AFTER is refused with what would be right")
    func nonsense() throws {
        #expect(throws: CommandError.wrongArguments(usage: "AFTER zxid command ...")) { try parse(["AFTER", "1"]) }
        for number in ["-1", "x", "9223372036854775808"] {
            #expect(throws: CommandError.notAnInteger(argument: "zxid")) { try parse(["AFTER", number, "GET", "k"]) }
        }
        #expect(throws: CommandError.self) { try parse(["AFTER", "1", "DANCE"]) }
    }
}
