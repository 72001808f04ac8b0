import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Primary-backup: an asynchronous primary's writes may be lost")
struct PrimaryBackupRollbackTests {
    typealias Stepped = SteppedBackup

    private var options: PrimaryBackupOptions {
        var options = PrimaryBackupOptions()
        options.mode = .asynchronous
        options.snapshotBytes = 600
        options.snapshotChunkBytes = 16
        return options
    }

    /// A primary in office that has acknowledged and applied `count` writes which nobody else has.
    private func primary(_ count: UInt64) -> Stepped {
        var node = Stepped(options: options)
        node.takeOffice()
        node.match(1, from: 1)
        for sequence in 0..<count {
            node.request(.put(key: "k", value: Bytes("\(sequence)")), sequence)
            #expect(node.updates(to: 1).isEmpty, "what isn't durable isn't shipped")
            node.persist()
            #expect(node.replies == [.done])
            #expect(node.updates(to: 1).map(\.wantsAnswer) == [false])
        }
        return node
    }

    @Test("a write is answered after the own sync, and the log shipped afterwards")
    func answersAtOnce() {
        let node = primary(3)
        #expect(node.node.commitIndex == LogIndex(1))
        #expect(node.node.lastApplied == LogIndex(4))
        #expect(node.value == .value("2"))
    }

    @Test("when it returns, its entries give way, and its state loses what they did")
    func takesBack() {
        var node = primary(3)
        node.receive(.update(Update(epoch: 4, after: 1, of: 3, [4], commit: 1)), from: 1)
        #expect(node.count(.conflictTruncated) == 1)
        #expect(node.epochs == [3, 4])
        #expect(node.value == .absent)
        node.receive(.update(Update(epoch: 4, after: 2, of: 4, [], commit: 2)), from: 1)
        #expect(node.value == .value("4.2"))
    }

    @Test("what may still be lost is in no snapshot")
    func snapshotsWait() {
        var node = primary(20)
        #expect(node.node.frozen != nil)
        #expect(node.node.snapshots.isIdle)
        node.match(10, from: 1)
        #expect(node.node.snapshots.isIdle)
        node.match(21, from: 1)
        #expect(!node.node.snapshots.isIdle)
        #expect(node.node.snapshots.mark.index <= LogIndex(21))
    }

    @Test("with a snapshot stored, the state is read back from it and the log")
    func rebuilds() throws {
        var node = primary(20)
        node.match(21, from: 1)
        var stored: [UInt8] = []
        for _ in 0..<100 where node.node.snapshots.stored == nil {
            for effect in node.effects.list { if case .writeSnapshot(let data) = effect { stored += data.array } }
            node.persist()
        }
        let mark = try #require(node.node.snapshots.stored)
        for sequence in 20..<25 as Range<UInt64> {
            node.request(.put(key: "k", value: "lost"), sequence)
            node.persist()
        }
        #expect(node.value == .value("lost"))
        node.receive(.update(Update(epoch: 4, after: 21, of: 3, [4], commit: 21)), from: 1)
        var reads = 0
        while let rebuilding = node.node.rebuilding, reads < 100 {
            #expect(BackupNode.stateIsHidden(node.node))
            let end = min(Int(rebuilding.nextOffset) + 16, stored.count)
            node.turn(
                .snapshotRead(
                    SnapshotPart(
                        transfer: rebuilding.transfer, mark: mark, offset: rebuilding.nextOffset,
                        data: Bytes(Array(stored[Int(rebuilding.nextOffset)..<end])), isLast: end == stored.count)))
            reads += 1
        }
        #expect(reads > 1)
        #expect(node.value == .value("19"))
        #expect(node.node.lastApplied == LogIndex(21))
    }

    @Test("a heartbeat is answered, and tells how far the backups are")
    func heartbeats() {
        var node = primary(2)
        node.heartbeat()
        #expect(node.updates(to: 1).map(\.wantsAnswer) == [true])
        var backup = Stepped(1, options: options)
        backup.receive(.update(Update(epoch: 3, after: 0, of: 0, [3, 3], wantsAnswer: false)), from: 0)
        backup.persist()
        #expect(backup.answers(to: 0).isEmpty)
        backup.receive(.update(Update(epoch: 3, after: 2, of: 3, [], round: 5)), from: 0)
        #expect(backup.answers(to: 0).map(\.answer.outcome) == [.matched(LogIndex(2))])
    }
}

extension PrimaryBackup<KeyValueStore> {
    /// Whether the state isn't shown because it is being put together.
    static func stateIsHidden(_ node: Self) -> Bool { PrimaryBackupSystem.replicaState(of: node) == nil }
}
