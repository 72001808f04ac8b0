import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Zab: synchronisation and recovery")
struct ZabSynchronisationTests {
    private func isFrom(_ id: UInt32, _ envelope: SteppedEnsemble.Envelope) -> Bool { envelope.from == NodeID(id) }

    private func synchronisations(_ ensemble: SteppedEnsemble, to id: UInt32) -> [Synchronise] {
        ensemble.sent.compactMap {
            if $0.to == NodeID(id), case .synchronise(let message) = $0.message { message } else { nil }
        }
    }

    @Test("DIFF: a follower that lacks the end of the leader's history is told what it lacks")
    func diff() {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...3))
        ensemble.prepare(1, accepted: 1, current: 1, history: .run(1, 1...5))
        ensemble.prepare(2, accepted: 1, current: 1, history: .run(1, 1...5))
        ensemble.establish()
        #expect(ensemble.leader == 2)
        let points = synchronisations(ensemble, to: 0)
        #expect(points.first?.kind == .diff)
        #expect(points.first?.point == HistoryPoint(index: LogIndex(3), zxid: .z(1, 3)))
        let told = ensemble.sent.compactMap { envelope -> [LogIndex]? in
            guard envelope.to == NodeID(0), case .propose(let message) = envelope.message else { return nil }
            return message.transactions.map(\.index)
        }
        #expect(told.joined().elementsEqual([LogIndex(4), LogIndex(5)]))
        #expect(ensemble.history(0) == .run(1, 1...5))
        // All of the leader's initial history is committed with its establishment.
        #expect(ensemble.servers.allSatisfy { $0?.lastApplied == LogIndex(5) })
    }

    @Test("TRUNC: what the leader's history doesn't have goes, from the disk too")
    func truncation() {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...6))
        for id in 1...2 { ensemble.prepare(id, accepted: 2, current: 2, history: .run(1, 1...2) + .run(2, 1...2)) }
        ensemble.establish()
        #expect(ensemble.leader == 2)
        let points = synchronisations(ensemble, to: 0)
        #expect(points.map(\.kind).prefix(2) == [.truncate, .diff])
        #expect(points.allSatisfy { $0.point == HistoryPoint(index: LogIndex(2), zxid: .z(1, 2)) })
        let expected: [Zxid] = .run(1, 1...2) + .run(2, 1...2)
        #expect((0..<3).allSatisfy { ensemble.history($0) == expected })
        ensemble.kill(0)
        ensemble.start(0)
        #expect(ensemble.history(0) == expected)
    }

    @Test(
        "a follower in line whose late word made the leader begin again says where its history ends, and removes nothing"
    )
    func lateWord() throws {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...6))
        for id in 1...2 { ensemble.prepare(id, accepted: 2, current: 2, history: .run(1, 1...2) + .run(2, 1...2)) }
        ensemble.establish()
        let truncation = try #require(synchronisations(ensemble, to: 0).first { $0.kind == .truncate })
        let before = ensemble.history(0)
        let count = ensemble.sent.count
        ensemble.step(0, .message(.synchronise(truncation), from: NodeID(2)))
        let told = ensemble.sent.dropFirst(count).compactMap { envelope in
            if case .epochAccepted(let message) = envelope.message { message.last } else { nil }
        }
        #expect(told == [try #require(ensemble.servers[0]).history.last])
        #expect(ensemble.history(0) == before)
    }

    /// Server 0 is away while so much is written that the others give up the history before their snapshots.
    private func snapshotted(writes: Int = 200) -> SteppedEnsemble {
        var options = ZabOptions()
        options.snapshotBytes = 1_024
        options.snapshotChunkBytes = 256
        var ensemble = SteppedEnsemble(options: options)
        ensemble.establish()
        ensemble.kill(0)
        for number in 0..<writes {
            ensemble.request(.put(key: Bytes("key \(number % 50)"), value: "some value"), at: 2)
            ensemble.settle()
        }
        return ensemble
    }

    @Test("SNAP: a follower whose next transaction is given up gets a snapshot in parts, and goes on from it")
    func snapshot() throws {
        var ensemble = snapshotted()
        #expect(try #require(ensemble.servers[2]).history.base.index > .zero)
        ensemble.start(0)
        ensemble.settle()
        ensemble.wait(2 * ensemble.options.electionTimeout)
        let parts = ensemble.sent.count { if case .snapshot = $0.message { $0.to == NodeID(0) } else { false } }
        #expect(parts > 3)
        #expect(ensemble.isServing(0))
        let leader = try #require(ensemble.servers[2])
        #expect(ensemble.servers[0]?.lastApplied == leader.lastApplied)
        #expect(ensemble.servers[0]?.machine.digest == leader.machine.digest)
        // What follows comes as proposals.
        ensemble.request(.put(key: "key 1", value: "another"), at: 0)
        ensemble.settle()
        ensemble.request(.get(key: "key 1"), at: 0)
        #expect(ensemble.answers(at: 0).last == .ordered(.value("another"), .z(1, 201)))
    }

    @Test("a process recovers from its snapshot and the history behind it, and has the same state when it follows")
    func recovery() throws {
        var ensemble = snapshotted(writes: 150)
        let before = try #require(ensemble.servers[1])
        let stored = try #require(before.snapshots.stored)
        ensemble.kill(1)
        ensemble.start(1)
        let restarted = try #require(ensemble.servers[1])
        #expect(restarted.lastApplied == stored.index && restarted.appliedZxid == Zxid(stored.tag))
        #expect(restarted.history.last == before.history.last)
        #expect(restarted.currentEpoch == before.currentEpoch && restarted.acceptedEpoch == before.acceptedEpoch)
        ensemble.settle()
        ensemble.wait(2 * ensemble.options.electionTimeout)
        #expect(ensemble.servers[1]?.machine.digest == before.machine.digest)
    }

    @Test("a snapshot that can't be read stops the process; so does a hard state")
    func damaged() {
        let mark = SnapshotMark(index: LogIndex(3), tag: Zxid.z(1, 3).rawValue)
        for recovery in [
            Recovery(incarnation: 2, seed: 1, hardState: nil, snapshot: (mark: mark, data: "nonsense"), log: []),
            Recovery(incarnation: 2, seed: 1, hardState: "nonsense", snapshot: nil, log: []),
        ] {
            var server = ZabServer(id: NodeID(0), members: (0..<3).map(NodeID.init))
            var effects = Effects<ZabServer>()
            server.step(.start(recovery), at: Now(monotonic: 0, wall: 0), effects: &effects)
            #expect(server.isHalted)
        }
    }

    @Test("NEWLEADER is acknowledged once the history is durable, and the leader isn't established before")
    func newLeaderDurable() {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...1))
        ensemble.prepare(2, accepted: 1, current: 1, history: .run(1, 1...4))
        ensemble.start(0, 2)
        ensemble.settle()
        // The disk becomes slow when the epoch is accepted.
        ensemble.wait(4 * ensemble.options.heartbeatInterval) { envelope in
            if case .synchronise = envelope.message { true } else { false }
        }
        #expect(ensemble.servers[0]?.acceptedEpoch == Epoch(2))
        ensemble.slowDisk(0)
        ensemble.wait(2 * ensemble.options.heartbeatInterval)
        #expect(ensemble.history(0) == .run(1, 1...4) && ensemble.servers[0]?.currentEpoch == Epoch(2))
        func isAcknowledged() -> Bool {
            ensemble.sent.contains { if case .newLeaderAccepted = $0.message { true } else { false } }
        }
        #expect(!isAcknowledged() && ensemble.leader == nil)
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        #expect(ensemble.answers(at: 2) == [.refusal(.noLeader)])
        ensemble.sync(0)
        #expect(isAcknowledged())
        ensemble.settle()
        #expect(ensemble.leader == 2)
    }

    @Test("every message of phases 1 and 2 that is lost is sent again", arguments: 0..<8)
    func lossy(phase: Int) {
        var ensemble = SteppedEnsemble()
        ensemble.prepare(0, accepted: 1, current: 1, history: .run(1, 1...9))
        for id in 1...2 { ensemble.prepare(id, accepted: 2, current: 2, history: .run(1, 1...2) + .run(2, 1...2)) }
        var isLost = false
        ensemble.start(0, 1, 2)
        let loses: (SteppedEnsemble.Envelope) -> Bool = { envelope in
            guard !isLost, envelope.from == NodeID(0) || envelope.to == NodeID(0) else { return false }
            switch (phase, envelope.message) {
            case (0, .followerEpoch), (1, .newEpoch), (2, .epochAccepted), (3, .synchronise), (4, .newLeader),
                (5, .newLeaderAccepted), (6, .commit), (7, .propose):
                isLost = true
            default: break
            }
            return isLost
        }
        ensemble.settle(losing: loses)
        ensemble.wait(3 * ensemble.options.electionTimeout, losing: loses)
        #expect(isLost)
        #expect(ensemble.servers.allSatisfy { $0?.phase == .broadcast && $0?.lastApplied == LogIndex(4) })
        #expect(ensemble.history(0) == .run(1, 1...2) + .run(2, 1...2))
    }

    @Test("what was committed survives a crash of all, and what wasn't durable anywhere doesn't")
    func blackout() {
        var ensemble = SteppedEnsemble()
        ensemble.establish()
        ensemble.request(.put(key: "a", value: "1"), at: 2)
        ensemble.settle()
        #expect(ensemble.answers(at: 2) == [.ordered(.done, .z(1, 1))])
        for id in 0...2 { ensemble.slowDisk(id) }
        ensemble.request(.put(key: "a", value: "2"), at: 2)
        ensemble.settle()
        #expect(ensemble.answers(at: 2).count == 1)
        for id in 0...2 { ensemble.kill(id) }
        for id in 0...2 { ensemble.slowDisk(id, false) }
        ensemble.establish()
        #expect((0..<3).allSatisfy { ensemble.history($0) == .run(1, 1...1) })
        ensemble.request(.get(key: "a"), at: 0, on: 5)
        #expect(ensemble.answers(at: 0, on: 5) == [.ordered(.value("1"), .z(1, 1))])
    }
}
