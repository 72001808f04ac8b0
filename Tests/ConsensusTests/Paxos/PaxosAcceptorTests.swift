import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("A Paxos acceptor")
struct PaxosAcceptorTests {
    @Test("promises the highest ballot that it has heard of, once that is durable, and refuses lower ones")
    func promises() throws {
        var acceptor = Stepped(1)
        acceptor.receive(.prepare(1, Ballot(2, 0)), from: 0)
        let (message, ticket) = try #require(acceptor.sent(to: 0).first)
        #expect(message == .promise(1, Ballot(2, 0)))
        #expect(ticket > .none && ticket == acceptor.effects.lastTicket)
        acceptor.receive(.prepare(1, Ballot(1, 2)), from: 2)
        #expect(acceptor.said(to: 2) == .preempted(1, Ballot(2, 0)))
        #expect(acceptor.sent(to: 2).first?.after == ticket, "the promise that it speaks of isn't durable yet")
        acceptor.receive(.prepare(1, Ballot(3, 2)), from: 2)
        #expect(acceptor.said(to: 2) == .promise(1, Ballot(3, 2)))
    }

    @Test("accepts in no ballot below its promise, and in that one or a higher")
    func accepts() throws {
        var acceptor = Stepped(1)
        acceptor.receive(.prepare(1, Ballot(3, 2)), from: 2)
        acceptor.persist()
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        #expect(acceptor.said(to: 0) == .preempted(1, Ballot(3, 2)))
        #expect(acceptor.node.slots.last == .zero)
        acceptor.receive(.accept(.decree(1, by: 2), Ballot(3, 2)), from: 2)
        let (message, ticket) = try #require(acceptor.sent(to: 2).first)
        #expect(message == .accepted(1, Ballot(3, 2)))
        #expect(ticket == acceptor.effects.lastTicket, "an acceptance is durable before it is told")
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(4, 0)), from: 0)
        #expect(acceptor.said(to: 0) == .accepted(1, Ballot(4, 0)))
    }

    @Test("writes what comes twice once, and answers both")
    func repeated() {
        var acceptor = Stepped(1)
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        #expect(!acceptor.appended.isEmpty)
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        #expect(acceptor.appended.isEmpty)
        #expect(acceptor.said(to: 0) == .accepted(1, Ballot(2, 0)))
        acceptor.receive(.prepare(1, Ballot(2, 0)), from: 0)
        #expect(acceptor.appended.isEmpty)
    }

    @Test("tells a later proposer what it has accepted in the highest ballot")
    func tells() {
        var acceptor = Stepped(1)
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        acceptor.receive(.accept(.decree(1, by: 2), Ballot(3, 2)), from: 2)
        acceptor.receive(.prepare(1, Ballot(4, 0)), from: 0)
        #expect(
            acceptor.said(to: 0)
                == .promise(1, Ballot(4, 0), PValue(ballot: Ballot(3, 2), record: .decree(1, by: 2))))
    }

    @Test("keeps promises and acceptances over a crash; slots have nothing to do with each other")
    func remembers() {
        var acceptor = Stepped(1)
        acceptor.receive(.accept(.decree(2, by: 0), Ballot(2, 0)), from: 0)
        acceptor.receive(.prepare(1, Ballot(7, 2)), from: 2)
        acceptor.persist()
        acceptor.receive(.accept(.decree(3, by: 0), Ballot(2, 0)), from: 0)
        acceptor = acceptor.restarted()
        acceptor.receive(.prepare(1, Ballot(6, 0)), from: 0)
        #expect(acceptor.said(to: 0) == .preempted(1, Ballot(7, 2)))
        acceptor.receive(.prepare(2, Ballot(3, 2)), from: 2)
        #expect(
            acceptor.said(to: 2) == .promise(2, Ballot(3, 2), PValue(ballot: Ballot(2, 0), record: .decree(2, by: 0))))
        acceptor.receive(.prepare(3, Ballot(3, 2)), from: 2)
        #expect(acceptor.said(to: 2) == .promise(3, Ballot(3, 2)), "that acceptance wasn't durable, nor was it told")
    }

    @Test("that has lost its disk promises and accepts nothing, after further starts neither, and still learns")
    func replaced() {
        var acceptor = Stepped(1)
        acceptor.receive(.prepare(1, Ballot(7, 2)), from: 2)
        acceptor.persist()
        acceptor = acceptor.restarted(losingDisk: true)
        acceptor.persist()
        for _ in 0..<2 {
            #expect(acceptor.node.status.role == "learner")
            acceptor.receive(.prepare(1, Ballot(6, 0)), from: 0)
            #expect(acceptor.sent(to: 0).isEmpty)
            acceptor.receive(.accept(.decree(1, by: 0), Ballot(6, 0)), from: 0)
            #expect(acceptor.sent(to: 0).isEmpty)
            acceptor = acceptor.restarted()
        }
        let value = PValue(ballot: Ballot(6, 0), record: .decree(1, by: 0))
        acceptor.receive(.decisions(.init(base: .zero, values: [value], notice: .init(1, Ballot(6, 0)))), from: 0)
        #expect(acceptor.node.applied == LogIndex(1))
    }

    @Test("tells the decision to whoever asks in a decided slot")
    func decidedSlot() {
        var acceptor = Stepped(1)
        acceptor.receive(.accept(.decree(1, by: 0), Ballot(2, 0)), from: 0)
        acceptor.receive(.notice(.init(1, Ballot(2, 0))), from: 0)
        acceptor.receive(.prepare(1, Ballot(9, 2)), from: 2)
        let value = PValue(ballot: Ballot(2, 0), record: .decree(1, by: 0))
        #expect(
            acceptor.said(to: 2)
                == .decisions(.init(base: .zero, values: [value], notice: .init(1, Ballot(2, 0)))))
    }

    @Test("passes over slots out of reach, strangers, and ballots that aren't their sender's")
    func passesOver() {
        var acceptor = Stepped(1)
        acceptor.receive(.prepare(1 + PaxosLimits.reach, Ballot(1, 0)), from: 0)
        acceptor.receive(.prepare(1, Ballot(1, 9)), from: 9)
        acceptor.receive(.accept(.decree(1, by: 2), Ballot(1, 2)), from: 0)
        #expect(acceptor.outbox.isEmpty)
        #expect(acceptor.disk.written.log.isEmpty)
    }
}
