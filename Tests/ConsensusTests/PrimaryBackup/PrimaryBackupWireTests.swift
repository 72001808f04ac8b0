import ByteCoding
import ProtocolKit
import Testing
import Workload

@testable import Consensus

@Suite("Primary-backup messages on the wire")
struct PrimaryBackupWireTests {
    static let messages: [PrimaryBackupMessage] = [
        .promiseRequest(PromiseRequest(epoch: ViewEpoch(7), isProbe: true)),
        .promise(
            ViewPromise(
                epoch: ViewEpoch(7), isProbe: false, promised: ViewEpoch(9), view: SteppedBackup.view(6, 2, 0, 2),
                end: LogEnd(epoch: ViewEpoch(6), index: LogIndex(12)))),
        .nomination,
        .viewProposal(SteppedBackup.view(7, 1, 0, 1, 2)),
        .viewAcceptance(ViewNumber(epoch: ViewEpoch(7), change: 3)),
        .outbid(ViewEpoch(8)),
        .update(Update(epoch: 7, after: 4, of: 2, [2, 3, 7, 7], commit: 4, round: 12)),
        .update(Update(epoch: 7, after: 4, of: 2, [], wantsAnswer: false)),
        .updateAnswer(UpdateAnswer(epoch: ViewEpoch(7), round: 4, isEligible: true, outcome: .matched(LogIndex(8)))),
        .updateAnswer(
            UpdateAnswer(
                epoch: ViewEpoch(7), round: 4, isEligible: false,
                outcome: .conflict(
                    previousIndex: LogIndex(8), conflictEpoch: ViewEpoch(2), conflictIndex: LogIndex(3)))),
        .snapshotPart(
            SnapshotTransferPart(
                epoch: ViewEpoch(7), mark: SnapshotMark(index: LogIndex(90), tag: 6), offset: 4_096, data: "some bytes",
                isLast: false)),
        .snapshotAnswer(
            SnapshotTransferAnswer(epoch: ViewEpoch(7), index: LogIndex(90), nextOffset: 8_192, isInstalled: true)),
    ]

    @Test("every message comes back as it was", arguments: messages)
    func roundTrip(message: PrimaryBackupMessage) throws {
        #expect(try PrimaryBackupMessage(decoding: message.encoded()) == message)
    }

    @Test("a message that is cut anywhere, or has more after it, is refused", arguments: messages)
    func truncated(message: PrimaryBackupMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try PrimaryBackupMessage(decoding: bytes[0..<count]) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try PrimaryBackupMessage(decoding: Bytes(bytes.array + [0])) }
    }

    @Test("falling epochs, unknown kinds and numbers near the end of their type are refused")
    func refused() {
        let falling = PrimaryBackupMessage.update(Update(epoch: 7, after: 4, of: 2, [3, 2]))
        #expect(throws: WireError.invalid(what: "order of epochs")) {
            try PrimaryBackupMessage(decoding: falling.encoded())
        }
        var large = Self.messages[0].encoded().array
        large.replaceSubrange(1..<9, with: Array(repeating: 255, count: 8))
        #expect(throws: WireError.self) { try PrimaryBackupMessage(decoding: Bytes(large)) }
        #expect(throws: WireError.self) { try PrimaryBackupMessage(decoding: Bytes([11])) }
    }

    @Test("random and damaged bytes are refused or understood, and nodes survive what is understood")
    func random() {
        var random = SeededGenerator(seed: 11)
        let makeBackup = { SteppedBackup(1, promised: 3, log: [1, 2, 3]) }
        let makePrimary = {
            var node = SteppedBackup(promised: 3, log: [1, 2, 3])
            node.takeOffice()
            return node
        }
        var (backup, primary, understood) = (makeBackup(), makePrimary(), 0)
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
            guard let message = try? PrimaryBackupMessage(decoding: Bytes(bytes)) else { continue }
            understood += 1
            if backup.node.isHalted { backup = makeBackup() }
            if primary.node.role != .primary { primary = makePrimary() }
            let sender = UInt32(random.below(4))
            backup.receive(message, from: sender)
            primary.receive(message, from: sender)
        }
        #expect(understood > 1_000)
    }
}
