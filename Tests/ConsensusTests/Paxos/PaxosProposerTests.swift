import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("A Paxos proposer")
struct PaxosProposerTests {
    private func put(_ value: Bytes = "v") -> KeyValueCommand { .put(key: "k", value: value) }

    @Test("has a decree chosen by a majority's promises, then its acceptances, its own counting once they are durable")
    func bothPhases() throws {
        var proposer = Stepped(0)
        proposer.request(put())
        let ballot = Ballot(1, 0)
        #expect(proposer.said(to: 1) == .prepare(1, ballot))
        #expect(proposer.said(to: 2) == .prepare(1, ballot))
        proposer.receive(.promise(1, ballot), from: 1)
        #expect(proposer.sent(to: 1).isEmpty, "its own promise isn't durable")
        proposer.persist()
        let proposed = try #require(proposer.said(to: 2)?.proposal)
        #expect(proposed.ballot == ballot)
        #expect(try Decree(decoding: proposed.record.payload).commands == [KeyValueRequest(put()).payload])
        proposer.receive(.accepted(1, ballot), from: 2)
        #expect(proposer.replies.isEmpty, "its own acceptance isn't durable")
        proposer.persist()
        #expect(proposer.replies == [.done])
        #expect(proposer.node.decided == LogIndex(1))
    }

    @Test("proposes the value of the highest ballot that phase 1 finds, and its own decree in the next slot")
    func adopts() throws {
        var proposer = Stepped(0, of: 5)
        proposer.request(put("own"))
        proposer.receive(.preempted(1, Ballot(4, 3)), from: 3)
        proposer.endPause()
        let ballot = Ballot(5, 0)
        #expect(proposer.said(to: 1) == .prepare(1, ballot))
        proposer.persist()
        proposer.receive(
            .promise(1, ballot, PValue(ballot: Ballot(4, 3), record: .decree(1, by: 3, "newer"))), from: 1)
        proposer.receive(
            .promise(1, ballot, PValue(ballot: Ballot(2, 1), record: .decree(1, by: 1, "older"))), from: 2)
        #expect(proposer.said(to: 4)?.proposal == PValue(ballot: ballot, record: .decree(1, by: 3, "newer")))
        proposer.persist()
        proposer.receive(.accepted(1, ballot), from: 1)
        proposer.receive(.accepted(1, ballot), from: 4)
        #expect(proposer.node.decided == LogIndex(1))
        #expect(proposer.replies.isEmpty)
        #expect(proposer.said(to: 4) == .prepare(2, Ballot(1, 0), .init(1, ballot)))
    }

    @Test("takes up what its own acceptor has accepted")
    func adoptsOwn() {
        var proposer = Stepped(0)
        proposer.receive(.accept(.decree(1, by: 2), Ballot(3, 2)), from: 2)
        proposer.request(put("own"))
        proposer.endPause()
        proposer.persist()
        proposer.receive(.promise(1, Ballot(4, 0)), from: 1)
        #expect(proposer.said(to: 1)?.proposal == PValue(ballot: Ballot(4, 0), record: .decree(1, by: 2)))
    }

    @Test("counts no answer of another ballot, phase or slot, and none twice")
    func counts() {
        var proposer = Stepped(0, of: 5)
        proposer.request(put())
        proposer.persist()
        proposer.receive(.promise(1, Ballot(1, 0)), from: 1)
        proposer.receive(.promise(1, Ballot(1, 0)), from: 1)
        proposer.receive(.promise(2, Ballot(1, 0)), from: 2)
        proposer.receive(.promise(1, Ballot(2, 0)), from: 2)
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 2)
        #expect(proposer.sent(to: 4).isEmpty)
        proposer.receive(.promise(1, Ballot(1, 0)), from: 2)
        #expect(proposer.said(to: 4)?.proposal?.ballot == Ballot(1, 0))
        proposer.persist()
        proposer.receive(.promise(1, Ballot(1, 0)), from: 3)
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 1)
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 1)
        proposer.receive(.accepted(1, Ballot(9, 0)), from: 2)
        #expect(proposer.node.decided == .zero)
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 3)
        #expect(proposer.node.decided == LogIndex(1))
    }

    @Test("that is preempted keeps its decree's name, pauses longer each time and then outbids")
    func backsOff() throws {
        var proposer = Stepped(0)
        proposer.request(put())
        let name = proposer.node.decree?.name
        for attempt in 0..<12 {
            let ballot = try #require(proposer.node.proposal?.ballot)
            let foreign = Ballot(ballot.round + 5, 2)
            proposer.receive(.preempted(1, foreign), from: 1)
            #expect(proposer.node.proposal == nil)
            let pause = try #require(proposer.node.pausedUntil) - proposer.nanoseconds
            #expect(pause <= 1 + 2 * min(proposer.node.options.backOff << UInt64(attempt), .seconds(1)))
            proposer.endPause()
            #expect(try #require(proposer.node.proposal?.ballot) > foreign)
        }
        #expect(proposer.node.decree?.name == name)
    }

    @Test("uses no ballot twice, though none is durable before it is used")
    func ballotsAreUnique() {
        var proposer = Stepped(0)
        proposer.request(put("first"))
        let first = proposer.node.proposal?.ballot
        proposer = proposer.restarted()
        proposer.request(put("second"))
        #expect(first == Ballot(round: 1, incarnation: 1, node: NodeID(0)))
        #expect(proposer.node.proposal?.ballot == Ballot(round: 1, incarnation: 2, node: NodeID(0)))
    }

    @Test("makes one decree of all commands that wait, as many as fit, and refuses what it can't keep")
    func batches() throws {
        var options = PaxosOptions()
        options.batchCommands = 2
        options.maximumWaiting = 3
        var proposer = Stepped(0, options: options)
        for sequence in 0..<4 { proposer.request(put(Bytes("\(sequence)")), UInt64(sequence)) }
        #expect(proposer.replies.isEmpty)
        proposer.request(put("refused"), 4)
        #expect(proposer.replies == [.refused(.overloaded)])
        proposer.persist()
        proposer.receive(.promise(1, Ballot(1, 0)), from: 1)
        proposer.persist()
        proposer.receive(.accepted(1, Ballot(1, 0)), from: 1)
        #expect(proposer.replies == [.done])
        proposer.persist()
        proposer.receive(.promise(2, Ballot(1, 0)), from: 1)
        let payload = try #require(proposer.said(to: 1)?.proposal?.record.payload)
        #expect(
            try Decree(decoding: payload).commands == [put("1"), put("2")].map { KeyValueRequest($0).payload })
    }

    @Test("asks those again that haven't answered")
    func resends() {
        var proposer = Stepped(0)
        proposer.request(put())
        proposer.receive(.promise(1, Ballot(1, 0)), from: 1)
        proposer.wait(proposer.node.options.resendInterval)
        proposer.turn(.timer(PaxosTimer.tick))
        #expect(proposer.sent(to: 1).map(\.message) == [.notice(.nothing)])
        #expect(proposer.sent(to: 2).map(\.message) == [.notice(.nothing), .prepare(1, Ballot(1, 0))])
    }

    @Test("gives way to another proposer that is at work")
    func gives() {
        var proposer = Stepped(0)
        proposer.receive(.prepare(1, Ballot(3, 2)), from: 2)
        proposer.request(put())
        #expect(proposer.node.proposal == nil)
        proposer.endPause()
        #expect(proposer.node.proposal?.ballot == Ballot(4, 0))
    }

    @Test("two that compete agree, and both clients are answered")
    func duel() {
        var cluster = SteppedCluster<PaxosServer>(3)
        cluster[0].request(put("zero"))
        cluster[1].request(put("one"))
        for _ in 0..<20 {
            cluster.settle(0, 1, 2)
            for node in 0..<2 where cluster[node].node.pausedUntil != nil { cluster[node].endPause() }
        }
        for node in 0..<3 { cluster[node].turn(.timer(PaxosTimer.tick)) }
        cluster.settle(0, 1, 2)
        #expect(cluster[0].node.decree == nil && cluster[1].node.decree == nil)
        for node in 0..<3 {
            #expect(cluster[node].node.decided == LogIndex(2))
            #expect(cluster[node].node.machine.digest == cluster[0].node.machine.digest)
        }
    }
}
