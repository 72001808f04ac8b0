import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft's leadership transfer")
struct RaftHandoverTests {
    private func leader(reads: RaftReads = .readIndex, mutation: RaftMutation? = nil) -> SteppedServer {
        var options = RaftOptions()
        options.reads = reads
        options.mutation = mutation
        var server = SteppedServer(options: options)
        server.elect()
        server.match(1, from: 1)
        server.heartbeat(answeredBy: [1, 2], match: 1)
        return server
    }

    private func isAsked(_ server: SteppedServer, _ peer: UInt32) -> Bool {
        server.sent(to: peer).contains { if case .timeoutNow = $0.message { true } else { false } }
    }

    @Test("the target is asked to take over once it has the whole log; meanwhile commands are refused")
    func ask() {
        var leader = leader()
        leader.request(.put(key: "k", value: "v"))
        leader.ask(.transfer(NodeID(2)))
        #expect(!isAsked(leader, 2))
        leader.request(.put(key: "k", value: "w"), 1)
        #expect(leader.replies == [.refused(.noLeader)])
        leader.match(2, from: 2)
        #expect(isAsked(leader, 2))
        leader.receive(
            .appendEntries(AppendEntries(term: leader.server.currentTerm.rawValue + 1, after: 2, of: 1, [2])), from: 2)
        #expect(leader.replies == [.done])
    }

    @Test("the operator learns that another was elected")
    func another() {
        var leader = leader()
        leader.ask(.transfer(NodeID(2)))
        leader.receive(
            .appendEntries(AppendEntries(term: leader.server.currentTerm.rawValue + 1, after: 1, of: 1, [2])), from: 1)
        #expect(leader.replies == [.refused(.rejected("node 1 was elected instead of 2"))])
    }

    @Test("it is given up after an election timeout, and commands are served again")
    func abort() {
        var leader = leader()
        leader.ask(.transfer(NodeID(2)))
        leader.wait(SteppedServer.election)
        leader.match(1, from: 1)
        leader.turn(.timer(RaftTimer.handover))
        #expect(leader.replies == [.refused(.rejected("node 2 did not take over within an election timeout"))])
        leader.request(.put(key: "k", value: "v"))
        #expect(leader.replies.isEmpty)
        #expect(leader.server.log.lastIndex == LogIndex(2))
    }

    @Test(
        "no lease outlives the question, not even if nothing comes of it: it may be heeded late",
        arguments: [nil, RaftMutation.transferKeepsLease])
    func lease(mutation: RaftMutation?) {
        var leader = leader(reads: .lease, mutation: mutation)
        leader.request(.get(key: "k"))
        #expect(leader.replies == [.absent])
        leader.ask(.transfer(NodeID(2)))
        leader.request(.get(key: "k"), 1)
        #expect(leader.replies == (mutation == nil ? [] : [.absent]))
        for _ in 0..<6 { leader.heartbeat(answeredBy: [1, 2], match: 1) }
        leader.turn(.timer(RaftTimer.handover))
        leader.heartbeat(answeredBy: [1, 2], match: 1)
        leader.request(.get(key: "k"), 2)
        #expect(leader.replies == (mutation == nil ? [] : [.absent]))
    }

    @Test(
        "who is asked by its leader campaigns at once, and is voted for by those who have just heard from that leader")
    func takeOver() {
        var target = SteppedServer(2)
        var voter = SteppedServer(1)
        for follower in [1, 2] as [UInt32] {
            let word = RaftMessage.appendEntries(AppendEntries(term: 1, after: 0, of: 0, []))
            if follower == 1 { voter.receive(word, from: 0) } else { target.receive(word, from: 0) }
        }
        target.receive(.timeoutNow(TimeoutNow(term: Term(1))), from: 1)
        #expect(target.server.role == .follower, "only its leader may ask")
        target.receive(.timeoutNow(TimeoutNow(term: Term(1))), from: 0)
        #expect(target.server.role == .candidate)
        target.persist()
        for case .requestVote(let request) in target.sent(to: 1).map(\.message) {
            voter.receive(.requestVote(request), from: 2)
        }
        let ask = RequestVote(
            term: Term(2), lastLogIndex: .zero, lastLogTerm: .zero, isPreVote: false, isTakingOver: true)
        voter.receive(.requestVote(ask), from: 2)
        #expect(voter.vote(to: 2)?.isGranted == true)
    }
}
