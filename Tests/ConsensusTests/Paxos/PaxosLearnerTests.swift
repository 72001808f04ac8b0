import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("A Paxos learner")
struct PaxosLearnerTests {
    private static var smallSnapshots: PaxosOptions {
        var options = PaxosOptions()
        options.snapshotBytes = 2_000
        options.snapshotChunkBytes = 256
        return options
    }

    /// Nodes 0 and 1 of three after so many decrees of node 0's, of which node 2 has heard nothing.
    private func compacted(_ decrees: UInt64) -> SteppedCluster<PaxosServer> {
        var cluster = SteppedCluster<PaxosServer>(3, options: Self.smallSnapshots)
        for sequence in 0..<decrees {
            cluster[0].request(
                .put(key: Bytes("key \(sequence % 20)"), value: Bytes("value \(sequence)")), sequence)
            cluster.settle(0, 1)
            cluster[2].outbox.removeAll()
        }
        cluster.lose(2)
        return cluster
    }

    @Test("hears of a decision with the next 1a, at no cost")
    func notice() {
        var learner = Stepped(1)
        learner.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        #expect(learner.node.decided == .zero)
        learner.receive(.prepare(2, Ballot(1, 0), .init(1, Ballot(2, 0))), from: 0)
        #expect(learner.node.applied == LogIndex(1))
        #expect(learner.sent(to: 0).map(\.message) == [.promise(2, Ballot(1, 0))])
    }

    @Test("doesn't take what it accepted in a lower ballot for what was chosen, and asks")
    func lowerBallot() {
        var learner = Stepped(1)
        learner.receive(.accept(.decree(1, by: 0, "lost"), Ballot(2, 0)), from: 0)
        learner.receive(.notice(.init(1, Ballot(3, 2))), from: 2)
        #expect(learner.node.decided == .zero)
        #expect(learner.said(to: 2) == .learn(1))
        let chosen = PValue(ballot: Ballot(3, 2), record: .decree(1, by: 2, "chosen"))
        learner.receive(.decisions(.init(base: .zero, values: [chosen], notice: .init(1, Ballot(3, 2)))), from: 2)
        #expect(learner.node.decided == LogIndex(1))
        #expect(learner.node.slots[LogIndex(1)] == chosen.record)
    }

    @Test("takes what it accepted in a higher ballot than the choosing one, which can have no other value")
    func higherBallot() {
        var learner = Stepped(1)
        learner.receive(.accept(.decree(1, by: 0), Ballot(4, 2)), from: 2)
        learner.receive(.notice(.init(1, Ballot(2, 0))), from: 0)
        #expect(learner.node.applied == LogIndex(1))
    }

    @Test("keeps a learned decision as if accepted in its highest promise, and is told of no other since")
    func learnedAbovePromise() {
        var learner = Stepped(1)
        learner.receive(.prepare(1, Ballot(7, 0)), from: 0)
        let chosen = PValue(ballot: Ballot(3, 2), record: .decree(1, by: 2))
        learner.receive(.decisions(.init(base: .zero, values: [chosen], notice: .init(1, Ballot(3, 2)))), from: 2)
        #expect(learner.node.slots.ballot(at: LogIndex(1)) == Ballot(7, 0))
    }

    @Test("a snapshot takes the place of the decided slots, in memory and in the journal, but for a tail")
    func compaction() throws {
        let cluster = compacted(200)
        let mark = try #require(cluster[0].disk.synced.snapshot?.mark)
        #expect(mark.index > LogIndex(100))
        #expect(cluster[0].node.slots.base > .zero && cluster[0].node.slots.base < mark.index)
        #expect(try #require(cluster[0].disk.written.log.first).index > LogIndex(1))
    }

    @Test("a node recovers from its snapshot and its journal, without what it didn't know to be decided")
    func recovery() {
        var cluster = compacted(200)
        let digest = cluster[0].node.machine.digest
        cluster.crash(0)
        #expect(cluster[0].node.decided >= LogIndex(199))
        cluster[0].turn(.linkUp(NodeID(1)))
        cluster[1].turn(.timer(PaxosTimer.tick))
        cluster.settle(0, 1)
        cluster[0].request(.get(key: "key 1"), 300)
        cluster.settle(0, 1)
        #expect(cluster[0].node.decided == LogIndex(201))
        #expect(cluster[0].node.machine.digest == digest)
    }

    @Test("a node that lags behind the others' logs fetches a snapshot, and the slots after it")
    func catchUp() {
        var cluster = compacted(200)
        cluster[2].turn(.linkUp(NodeID(0)))
        cluster.settle(0, 2)
        #expect(cluster[2].node.decided > LogIndex(100), "what the snapshot stands for")
        cluster[0].turn(.timer(PaxosTimer.tick))
        cluster.settle(0, 2)
        #expect(cluster[2].node.decided == LogIndex(200))
        #expect(cluster[2].node.slots.base > .zero)
        #expect(cluster[2].node.machine.digest == cluster[0].node.machine.digest)
        cluster.crash(2)
        #expect(cluster[2].node.decided > LogIndex(100))
    }

    @Test("whose decree may be in a fetched snapshot ends its clients' connections: it can't tell them the outcome")
    func outcomeUnknown() {
        var cluster = compacted(200)
        cluster[2].request(.increment(key: "n", by: 1))
        cluster[2].persist()
        cluster[2].receive(.promise(1, Ballot(1, 2)), from: 1)
        #expect(cluster[2].node.decree?.proposedFor == LogIndex(1))
        cluster.lose(2)
        cluster[2].turn(.linkUp(NodeID(0)))
        var ended: [ConnectionID] = []
        for _ in 0..<200 where cluster[2].node.decided == .zero {
            cluster.deliver(from: 2, to: 0)
            if !cluster[0].reads.isEmpty { cluster[0].readSnapshot() }
            cluster.deliver(from: 0, to: 2)
            cluster[2].persist()
            ended += cluster[2].disconnected
        }
        #expect(ended == [ConnectionID(1)])
        #expect(cluster[2].node.decree == nil)
    }

    @Test("what can't be read on the disk halts a node with the reason")
    func damaged() {
        let marker = JournalMarker(slot: LogIndex(1), decided: .zero).encoded()
        let value = LogRecord(index: LogIndex(2), tag: 5, kind: EntryKind.command.rawValue, payload: "no decree")
        for records in [
            [LogRecord(index: LogIndex(1), tag: 9, kind: AcceptanceJournal.markerKind, payload: "?")],
            [LogRecord(index: LogIndex(1), tag: 9, kind: AcceptanceJournal.promiseKind, payload: "?")],
            [LogRecord(index: LogIndex(1), tag: 9, kind: EntryKind.command.rawValue, payload: "v")],
            [LogRecord(index: LogIndex(1), tag: 9, kind: AcceptanceJournal.markerKind, payload: marker), value],
        ] {
            let node = Stepped(1, log: records)
            #expect(node.halts.count == 1)
            #expect(node.node.isHalted)
        }
    }
}
