import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Multi-Paxos's leader in phase 2")
struct MultiPaxosLeaderTests {
    private let ballot = Ballot.round(1, of: 0)

    private func put(_ value: Bytes = "v") -> KeyValueCommand { .put(key: "k", value: value) }

    @Test("has a value chosen by a quorum's acceptances, its own counting once it is durable")
    func choosing() throws {
        var leader = Stepped(leader: 0, of: 5, by: 1, 2)
        leader.request(put())
        for peer in 1...4 as ClosedRange<UInt32> {
            let accept = try #require(leader.accepts(to: peer).last)
            #expect(accept.ballot == ballot && accept.values == [.command(1, born: ballot)])
        }
        leader.receive(.accepted(ballot, through: 1), from: 3)
        leader.receive(.accepted(ballot, through: 1), from: 3)
        #expect(leader.node.decided == .zero, "who answers twice counts once")
        leader.receive(.accepted(ballot, through: 1), from: 4)
        #expect(leader.node.decided == .zero, "its own isn't durable")
        leader.persist()
        #expect(leader.replies == [.done])
        #expect(leader.node.decided == LogIndex(1))
    }

    @Test("counts nothing of another ballot, of a learner's, or beyond what it has proposed")
    func counting() {
        var leader = Stepped(leader: 0, by: 1)
        leader.request(put())
        leader.persist()
        leader.receive(.accepted(.round(0, of: 0), through: 1), from: 1)
        leader.receive(.accepted(.round(9, of: 0), through: 1), from: 1)
        leader.receive(.accepted(ballot, through: 2), from: 1)
        leader.receive(.accepted(ballot, through: 1, isVoter: false), from: 1)
        leader.receive(.accepted(ballot, through: 1), from: 7)
        #expect(leader.node.decided == .zero)
        leader.receive(.accepted(ballot, through: 1), from: 2)
        #expect(leader.node.decided == LogIndex(1))
    }

    @Test("has as many Accepts under way to an acceptor as the window has room for, without waiting for answers")
    func pipeline() {
        var options = MultiPaxosOptions()
        (options.batchValues, options.window) = (1, 2)
        var leader = Stepped(leader: 0, by: 1, options: options)
        var sent: [UInt64] = []
        for sequence in 0..<4 as Range<UInt64> {
            leader.request(put(), sequence)
            sent += leader.accepts(to: 1).flatMap { $0.values.map(\.index.rawValue) }
        }
        #expect(sent == [1, 2])
        leader.receive(.accepted(ballot, through: 1), from: 1)
        #expect(leader.accepts(to: 1).flatMap { $0.values.map(\.index.rawValue) } == [3])
        #expect(leader.accepts(to: 2).isEmpty, "node 2 has answered nothing")
    }

    @Test("applies what is chosen in the order of the slots, whatever was chosen first")
    func order() {
        var leader = Stepped(leader: 0, by: 1)
        leader.request(put("first"), 0)
        leader.request(put("second"), 1)
        leader.persist()
        leader.receive(.accepted(ballot, through: 0, strays: 2...2), from: 1)
        #expect(leader.node.decided == .zero && leader.replies.isEmpty)
        leader.receive(.accepted(ballot, through: 1), from: 2)
        #expect(leader.node.decided == LogIndex(2))
        #expect(leader.replies == [.done, .done])
    }

    @Test("sends again what a round shows to be lost")
    func lost() throws {
        var leader = Stepped(leader: 0, by: 1)
        leader.request(put())
        leader.persist()
        leader.heartbeat()
        let round = try #require(leader.accepts(to: 1).last).round
        leader.receive(.accepted(ballot, through: 0, round: round), from: 1)
        leader.heartbeat()
        let next = try #require(leader.accepts(to: 1).last)
        if next.values.isEmpty {
            leader.receive(.accepted(ballot, through: 0, round: next.round), from: 1)
        }
        #expect(leader.accepts(to: 1).last?.values.first?.index == LogIndex(1))
    }

    @Test("waits for its own disk first with parallel=off")
    func sequential() {
        var options = MultiPaxosOptions()
        options.isParallel = false
        var leader = Stepped(leader: 0, by: 1, options: options)
        leader.request(put())
        #expect(leader.accepts(to: 1).isEmpty)
        leader.persist()
        #expect(leader.accepts(to: 1).isEmpty == false)
    }

    @Test("steps down when no quorum is heard from, and its commands wait for what a later leader decides")
    func stepsDown() {
        for isLost in [false, true] {
            var leader = Stepped(leader: 0, by: 1)
            leader.request(put("own"))
            leader.persist()
            leader.wait(2 * leader.node.options.electionTimeout)
            leader.heartbeat()
            #expect(leader.node.role == .follower)
            #expect(leader.replies.isEmpty, "it may still be decided")
            let later = Ballot.round(2, of: 1)
            let other = LogRecord.command(1, born: later, "other")
            let value = isLost ? other : leader.node.slots[LogIndex(1)]
            leader.receive(.accept(later, decided: 1, value), from: 1)
            #expect(leader.replies == [isLost ? .refused(.redirect(NodeID(1))) : .done])
        }
    }

    @Test("brings a node that has lost its disk up to date, though it had counted more for it")
    func replaced() {
        var options = MultiPaxosOptions()
        (options.batchValues, options.window) = (1, 1)
        var cluster = SteppedCluster(multiPaxos: 3, options: options)
        cluster.elect(0, by: 1)
        for sequence in 0..<5 as Range<UInt64> { cluster[0].request(put(), sequence) }
        cluster.settle(0, 1, 2)
        #expect(cluster[0].node.decided == LogIndex(5))
        cluster.crash(1, losingDisk: true)
        cluster[0].turn(.linkUp(NodeID(1)))
        for _ in 0..<3 {
            cluster.settle(0, 1, 2)
            cluster.wait(options.heartbeatInterval)
            cluster[0].turn(.timer(MultiPaxosTimer.heartbeat))
        }
        cluster.settle(0, 1, 2)
        #expect(cluster[1].node.applied == LogIndex(5))
        #expect(cluster[1].node.machine.digest == cluster[0].node.machine.digest)
    }

    @Test("offers its snapshot to who lacks what is compacted away, and then sends what follows")
    func snapshot() {
        var options = MultiPaxosOptions()
        (options.snapshotBytes, options.snapshotChunkBytes) = (2_000, 256)
        var cluster = SteppedCluster(multiPaxos: 3, options: options)
        cluster.elect(0, by: 1)
        for sequence in 0..<2_000 as Range<UInt64> {
            cluster[0].request(put(Bytes("\(sequence)")), sequence)
            if sequence % 20 == 0 { cluster.settle(0, 1) }
            cluster[0].outbox.removeAll { $0.peer == NodeID(2) }
        }
        cluster.settle(0, 1)
        #expect(cluster[0].node.slots.base > .zero)
        cluster.lose(2)
        cluster[2] = cluster[2].restarted()
        cluster[0].turn(.linkUp(NodeID(2)))
        for _ in 0..<6 {
            cluster.settle(0, 1, 2)
            cluster.wait(options.heartbeatInterval)
            cluster[0].turn(.timer(MultiPaxosTimer.heartbeat))
        }
        cluster.settle(0, 1, 2)
        #expect(cluster[2].node.applied == cluster[0].node.applied)
        #expect(cluster[2].node.machine.digest == cluster[0].node.machine.digest)
        #expect(cluster[2].node.slots.base > .zero, "the first slots came as a snapshot")
    }
}

@Suite("Multi-Paxos's acceptor in phase 2")
struct MultiPaxosAcceptorTests {
    private let ballot = Ballot.round(2, of: 1)

    @Test("accepts in its promised ballot or a higher one, which that promises, and in no lower one")
    func promised() {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.prepare(ballot), from: 1)
        acceptor.receive(.accept(.round(1, of: 2), .command(1, born: .round(1, of: 2))), from: 2)
        #expect(acceptor.said(to: 2) == .preempted(ballot))
        #expect(acceptor.node.slots.last == .zero)
        acceptor.receive(.accept(ballot, .command(1, born: ballot)), from: 1)
        #expect(acceptor.said(to: 1) == .accepted(ballot, through: 1))
        #expect(acceptor.sent(to: 1).last?.after == acceptor.node.journal.ticket, "not before it is durable")
        let higher = Ballot.round(2, of: 2)
        acceptor.receive(.accept(higher, .command(1, born: ballot)), from: 2)
        #expect(acceptor.node.promised == higher && acceptor.node.slots.ballot(at: LogIndex(1)) == higher)
    }

    @Test("accepts in whatever order, and says what it has beyond a gap")
    func gaps() {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.accept(ballot, .command(2, born: ballot), .command(3, born: ballot)), from: 1)
        #expect(acceptor.sent(to: 1).map(\.message).last == .accepted(ballot, through: 0, strays: 2...3))
        acceptor.receive(.accept(ballot, decided: 3, .command(1, born: ballot)), from: 1)
        #expect(acceptor.said(to: 1) == .accepted(ballot, through: 3))
        #expect(acceptor.node.applied == LogIndex(3))
    }

    @Test("answers all Accepts of a turn with one message, and writes what comes twice once")
    func batches() {
        var acceptor = Stepped(node: 0)
        let values = (1...2).map { LogRecord.command($0, born: ballot) }
        acceptor.turn(
            .message(.accept(ballot, values[0]), from: NodeID(1)),
            .message(.accept(ballot, values[1]), from: NodeID(1)))
        #expect(acceptor.sent(to: 1).map(\.message) == [.accepted(ballot, through: 2)])
        acceptor.receive(.accept(ballot, values[0], values[1]), from: 1)
        #expect(acceptor.appended.isEmpty)
        #expect(acceptor.said(to: 1) == .accepted(ballot, through: 2))
    }

    @Test("takes for decided only what it has accepted in the leader's ballot")
    func learning() {
        var acceptor = Stepped(node: 0)
        let old = Ballot.round(1, of: 2)
        acceptor.receive(.accept(old, .command(1, born: old, "lost")), from: 2)
        acceptor.receive(.accept(ballot, decided: 1), from: 1)
        #expect(acceptor.node.decided == .zero)
        #expect(acceptor.said(to: 1) == .accepted(ballot, through: 0))
        acceptor.receive(.accept(ballot, decided: 1, .command(1, born: ballot, "chosen")), from: 1)
        #expect(acceptor.node.applied == LogIndex(1))
        #expect(acceptor.node.machine.query(KeyValueRequest(.get(key: "k")).payload) == .value("chosen"))
    }

    @Test("keeps what it has accepted over a crash, and loses what wasn't durable")
    func recovers() {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.accept(ballot, .command(1, born: ballot)), from: 1)
        acceptor.persist()
        acceptor.receive(.accept(ballot, .command(2, born: ballot)), from: 1)
        acceptor = acceptor.restarted()
        #expect(acceptor.node.slots.last == LogIndex(1))
        #expect(acceptor.node.slots.ballot(at: LogIndex(1)) == ballot)
        #expect(acceptor.node.promised == ballot)
    }

    @Test("passes over strangers, ballots that aren't their sender's, and slots out of reach")
    func strangers() {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.accept(.round(3, of: 7), .command(1, born: .round(3, of: 7))), from: 7)
        acceptor.receive(.accept(ballot, .command(1, born: ballot)), from: 2)
        acceptor.receive(.prepare(ballot), from: 2)
        #expect(acceptor.effects.list.isEmpty)
        acceptor.receive(.accept(ballot, .command(PaxosLimits.reach + 1, born: ballot)), from: 1)
        #expect(acceptor.node.slots.last == .zero)
    }
}
