import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft elections")
struct RaftElectionTests {
    private func request(_ term: UInt64, last: UInt64 = 0, of lastTerm: UInt64 = 0, pre: Bool = false) -> RaftMessage {
        .requestVote(
            RequestVote(
                term: Term(term), lastLogIndex: LogIndex(last), lastLogTerm: Term(lastTerm), isPreVote: pre))
    }

    @Test("a vote is given once a term, durably before it is told")
    func oneVote() throws {
        var follower = SteppedServer()
        follower.receive(request(1), from: 1)
        #expect(follower.vote(to: 1)?.isGranted == true)
        #expect(try #require(follower.sent(to: 1).first).after == follower.effects.lastTicket)
        #expect(
            try RaftHardState(decoding: #require(follower.hardStates.last))
                == RaftHardState(term: Term(1), vote: NodeID(1)))
        follower.receive(request(1), from: 2)
        #expect(follower.vote(to: 2)?.isGranted == false)
        follower.receive(request(1), from: 1)
        #expect(follower.vote(to: 1)?.isGranted == true)
    }

    @Test("a restarted server remembers its vote")
    func votePersists() {
        var follower = SteppedServer(term: 4, vote: 2, incarnation: 2)
        follower.wait(SteppedServer.election)
        follower.receive(request(4), from: 1)
        #expect(follower.vote(to: 1)?.isGranted == false)
        follower.receive(request(4), from: 2)
        #expect(follower.vote(to: 2)?.isGranted == true)
    }

    @Test(
        "a vote goes only to a log that is at least as up to date",
        arguments: [(3, 2, false), (2, 3, false), (3, 3, true), (1, 4, true), (4, 3, true)])
    func upToDate(last: UInt64, lastTerm: UInt64, isGranted: Bool) {
        var follower = SteppedServer(term: 4, log: [1, 1, 3])
        follower.receive(request(5, last: last, of: lastTerm), from: 1)
        #expect(follower.vote(to: 1)?.isGranted == isGranted)
        #expect(follower.server.currentTerm == Term(5))
    }

    @Test("within the election timeout of a leader's word neither vote nor term moves; a restart counts as such a word")
    func stickiness() {
        var follower = SteppedServer()
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [])), from: 1)
        follower.wait(SteppedServer.election - 1)
        for pre in [true, false] {
            follower.receive(request(9, pre: pre), from: 2)
            #expect(follower.vote(to: 2) == nil)
            #expect(follower.server.currentTerm == Term(1))
        }
        follower.wait(1)
        follower.receive(request(9), from: 2)
        #expect(follower.vote(to: 2)?.isGranted == true)

        var restarted = SteppedServer(term: 1, incarnation: 2)
        restarted.wait(SteppedServer.election - 1)
        restarted.receive(request(2), from: 2)
        #expect(restarted.vote(to: 2) == nil)
        restarted.wait(1)
        restarted.receive(request(2), from: 2)
        #expect(restarted.vote(to: 2)?.isGranted == true)
    }

    @Test("a pre-vote changes nothing, neither for who asks nor for who answers")
    func preVote() {
        var candidate = SteppedServer(term: 3)
        candidate.wait(2 * SteppedServer.election)
        candidate.turn(.timer(RaftTimer.election))
        #expect(candidate.server.role == .preCandidate)
        #expect(candidate.server.currentTerm == Term(3))
        #expect(candidate.hardStates.isEmpty)

        var voter = SteppedServer(term: 3)
        voter.receive(request(4, pre: true), from: 1)
        #expect(voter.vote(to: 1) == VoteResponse(term: Term(4), isGranted: true, isPreVote: true))
        #expect(voter.server.currentTerm == Term(3))
        #expect(voter.hardStates.isEmpty)
        voter.receive(request(3, pre: true), from: 1)
        #expect(voter.vote(to: 1) == VoteResponse(term: Term(3), isGranted: false, isPreVote: true))
    }

    @Test("the own vote counts once it is durable")
    func ownVote() {
        var single = SteppedServer(of: 1)
        single.wait(2 * SteppedServer.election)
        single.turn(.timer(RaftTimer.election))
        #expect(single.server.role == .candidate)
        single.persist()
        #expect(single.server.role == .leader)
        #expect(single.server.commitIndex == .zero)
        single.persist()
        #expect(single.server.commitIndex == LogIndex(1))
    }

    @Test("a leader without a quorum's word for an election timeout steps down, and sends its readers away")
    func checkQuorum() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.get(key: "k"))
        leader.wait(SteppedServer.election - 1)
        leader.turn(.timer(RaftTimer.heartbeat))
        #expect(leader.server.role == .leader)
        leader.wait(1)
        leader.turn(.timer(RaftTimer.heartbeat))
        #expect(leader.server.role == .follower)
        #expect(leader.replies == [.refused(.noLeader)])
    }

    @Test("a higher term in any answer deposes a leader")
    func deposed() {
        var leader = SteppedServer()
        leader.elect()
        leader.receive(
            .appendResponse(AppendResponse(term: Term(9), round: 0, outcome: .matched(.zero))), from: 2)
        #expect(leader.server.role == .follower)
        #expect(leader.server.currentTerm == Term(9))
        #expect(leader.hardStates.count == 1)
    }

    @Test("election timeouts are drawn between one and two times the shortest, differently for each seed")
    func timeouts() {
        var drawn: Set<UInt64> = []
        for seed in 0..<50 {
            var server = Server(id: NodeID(0), members: [NodeID(0), NodeID(1), NodeID(2)])
            var effects = Effects<Server>()
            server.step(
                .start(Recovery(incarnation: 1, seed: UInt64(seed))), at: Now(monotonic: 0, wall: 0), effects: &effects)
            #expect((SteppedServer.election..<2 * SteppedServer.election).contains(server.electionTimeout))
            drawn.insert(server.electionTimeout)
        }
        #expect(drawn.count > 40)
    }
}
