import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft's membership")
struct RaftMembershipTests {
    /// A leader of voters 0, 1 and 2 among five nodes; its entry without content, at 1, is committed.
    private func leader() -> SteppedServer {
        var options = RaftOptions()
        options.voters = 3
        var server = SteppedServer(of: 5, options: options)
        server.elect()
        server.match(1, from: 1)
        return server
    }

    /// The same with learner 3, by entry 2, which has caught up.
    private func leaderWithLearner() -> SteppedServer {
        var server = leader()
        server.ask(.addLearner(NodeID(3)))
        server.persist()
        server.match(2, from: 1)
        for _ in 0..<3 { server.heartbeat(answeredBy: [1, 2, 3], match: 2) }
        return server
    }

    private func voters(_ server: SteppedServer) -> [UInt32] {
        server.server.configurations.latest.voters.map(\.node.rawValue)
    }

    private func refusal(_ server: SteppedServer) -> String? {
        guard case .refused(.rejected(let reason))? = server.replies.first else { return nil }
        return reason
    }

    @Test(
        "a node that isn't in the cluster is sent nothing, a learner is sent the log, and its word counts for nothing")
    func learner() {
        var leader = leader()
        #expect(leader.sent(to: 3).isEmpty)
        leader.ask(.addLearner(NodeID(3)))
        #expect(leader.appends(to: 3).count == 1)
        leader.persist()
        leader.match(2, from: 3)
        #expect(leader.server.commitIndex == LogIndex(1))
        leader.match(2, from: 1)
        #expect(leader.server.commitIndex == LogIndex(2))
        #expect(leader.replies == [.done])
        #expect(leader.server.configurations.latest.learners == [NodeID(3)])
    }

    @Test("while two configurations overlap, a majority of each must hold what is committed")
    func joint() {
        var leader = leaderWithLearner()
        leader.ask(.setVoters([NodeID(0), NodeID(3)]))
        #expect(leader.server.configurations.latest.isJoint)
        leader.persist()
        // 0 and 1 are a majority of the old voters, but 0 alone is none of the new.
        leader.match(3, from: 1)
        #expect(leader.server.commitIndex == LogIndex(2))
        leader.match(3, from: 3)
        #expect(leader.server.commitIndex == LogIndex(3))
        #expect(!leader.server.configurations.latest.isJoint)
        #expect(voters(leader) == [0, 3])
        #expect(leader.replies.isEmpty, "the change isn't done before the new configuration is committed")
        leader.persist()
        leader.match(4, from: 3)
        #expect(leader.replies == [.done])
    }

    @Test("whoever has left is told so by the log, and then no more")
    func departing() {
        var leader = leaderWithLearner()
        leader.ask(.remove(NodeID(2)))
        leader.persist()
        leader.match(3, from: 1)
        #expect(leader.appends(to: 2).contains { $0.entries.contains { $0.index == LogIndex(4) } })
        leader.persist()
        leader.match(4, from: 1)
        leader.match(4, from: 2)
        leader.wait(leader.server.options.heartbeatInterval)
        leader.turn(.timer(RaftTimer.heartbeat))
        #expect(leader.appends(to: 2).isEmpty)
        #expect(!leader.appends(to: 1).isEmpty)
    }

    @Test(
        "a leader that is removed leads until the new configuration is committed, and then lets another begin at once")
    func removedLeader() {
        var leader = leader()
        leader.ask(.remove(NodeID(0)))
        leader.persist()
        leader.match(2, from: 1)
        leader.match(2, from: 2)
        #expect(!leader.server.configurations.latest.isJoint)
        #expect(voters(leader) == [1, 2])
        leader.request(.put(key: "k", value: "v"))
        leader.persist()
        leader.match(3, from: 1)
        #expect(leader.server.commitIndex == LogIndex(2), "its own copy doesn't count any more")
        leader.match(3, from: 2)
        #expect(leader.server.role == .follower)
        #expect(leader.sent(to: 1).contains { if case .timeoutNow = $0.message { true } else { false } })
        #expect(leader.disconnected == [ConnectionID(1)], "what becomes of the entry after it won't be known here")
        leader.wait(10 * SteppedServer.election)
        leader.turn(.timer(RaftTimer.election))
        #expect(leader.server.role == .follower)
    }

    @Test("one change at a time, and none before an entry of the own term is committed")
    func oneAtATime() {
        var options = RaftOptions()
        options.voters = 3
        var leader = SteppedServer(of: 5, options: options)
        leader.elect()
        leader.ask(.addLearner(NodeID(3)))
        #expect(refusal(leader)?.contains("under way") == true)
        leader.match(1, from: 1)
        leader.ask(.addLearner(NodeID(3)))
        #expect(leader.replies.isEmpty)
        leader.ask(.addLearner(NodeID(4)), 1)
        #expect(refusal(leader)?.contains("under way") == true)
    }

    @Test(
        "what makes no sense is refused with the reason",
        arguments: [
            (RaftAdministration.addLearner(NodeID(9)), "there is no node 9"),
            (.addLearner(NodeID(1)), "node 1 is in the cluster already"),
            (.promote(NodeID(4)), "node 4 is not a learner"), (.remove(NodeID(4)), "node 4 is not in the cluster"),
            (.setVoters([NodeID(0), NodeID(4)]), "node 4 is neither a voter nor a learner"),
            (.transfer(NodeID(3)), "node 3 has no vote"), (.transfer(NodeID(0)), "node 0 leads already"),
        ])
    func nonsense(request: RaftAdministration, reason: String) {
        var leader = leaderWithLearner()
        leader.ask(request)
        #expect(refusal(leader) == reason)
    }

    @Test("a learner is given a vote only once it has caught up")
    func catchUp() {
        var leader = leader()
        leader.ask(.addLearner(NodeID(3)))
        leader.persist()
        leader.match(2, from: 1)
        leader.ask(.promote(NodeID(3)))
        #expect(refusal(leader)?.contains("has not caught up") == true)
        for _ in 0..<3 { leader.heartbeat(answeredBy: [1, 2, 3], match: 2) }
        leader.ask(.promote(NodeID(3)))
        #expect(leader.replies.isEmpty)
        #expect(voters(leader) == [0, 1, 2, 3])
    }

    @Test("a configuration that is truncated away gives way to the one before it")
    func truncation() {
        var follower = SteppedServer(1, of: 5, options: leader().server.options)
        let changed = RaftConfiguration(voters: [Voter(NodeID(0)), Voter(NodeID(1))], learners: [NodeID(3)])
        let record = LogRecord(
            index: LogIndex(1), tag: 1, kind: EntryKind.configuration.rawValue, payload: changed.encoded())
        follower.receive(
            .appendEntries(
                AppendEntries(
                    term: Term(1), previousIndex: .zero, previousTerm: .zero, commitIndex: .zero, round: 0,
                    entries: [record])), from: 0)
        #expect(voters(follower) == [0, 1])
        follower.receive(.appendEntries(AppendEntries(term: 2, after: 0, of: 0, [2])), from: 2)
        #expect(voters(follower) == [0, 1, 2])
    }

    @Test("the configuration is recovered with the log")
    func recovery() {
        let leader = leaderWithLearner()
        let records = Array(leader.server.log.records[leader.server.log.head...])
        let restarted = SteppedServer(
            0, of: 5, options: leader.server.options, term: 1, records: records, incarnation: 2)
        #expect(restarted.server.configurations.latest == leader.server.configurations.latest)
    }

    @Test("a server without a vote doesn't campaign, and sends nobody to a leader that has fallen silent")
    func silent() {
        var outsider = SteppedServer(4, of: 5, options: leader().server.options)
        outsider.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [])), from: 0)
        outsider.wait(3 * SteppedServer.election)
        outsider.turn(.timer(RaftTimer.election))
        #expect(outsider.server.currentTerm == Term(1))
        outsider.request(.get(key: "k"))
        #expect(outsider.replies == [.refused(.noLeader)])
    }

    @Test("a voter that the latest configuration leaves out campaigns until that is committed (thesis, section 4.2.2)")
    func leavingVoter() {
        var leader = leader()
        leader.ask(.remove(NodeID(0)))
        leader.persist()
        leader.match(2, from: 1)
        leader.match(2, from: 2)
        leader.persist()
        #expect(voters(leader) == [1, 2])
        // Nobody else has the entry that ends the overlap when it starts again.
        let log = leader.server.log
        var server = SteppedServer(
            0, of: 5, options: leader.server.options, term: 1, records: Array(log.records[log.head...]), incarnation: 2)
        server.wait(2 * SteppedServer.election)
        server.turn(.timer(RaftTimer.election))
        #expect(server.server.role == .preCandidate)
        for voter in [1, 2] as [UInt32] {
            server.receive(
                .voteResponse(VoteResponse(term: Term(2), isGranted: true, isPreVote: true)), from: voter)
        }
        server.persist()
        server.receive(.voteResponse(VoteResponse(term: Term(2), isGranted: true, isPreVote: false)), from: 1)
        #expect(server.server.role == .candidate, "its own vote counts for nothing")
        server.receive(.voteResponse(VoteResponse(term: Term(2), isGranted: true, isPreVote: false)), from: 2)
        #expect(server.server.role == .leader)
        server.persist()
        server.match(4, from: 1)
        server.match(4, from: 2)
        #expect(server.server.role == .follower, "it leaves once its successors have it all")
        server.wait(4 * SteppedServer.election)
        server.turn(.timer(RaftTimer.election))
        #expect(server.server.role == .follower)
    }

    private func asked(_ server: SteppedServer) -> [UInt32] {
        (0..<5).filter { node in
            server.sent(to: node).contains { if case .requestVote = $0.message { true } else { false } }
        }
    }

    @Test("a learner that hears nothing asks everyone, and a leader in whose configuration it isn't tells it so")
    func forgottenLearner() {
        var leader = leaderWithLearner()
        let log = leader.server.log
        var learner = SteppedServer(
            3, of: 5, options: leader.server.options, term: 1, records: Array(log.records[log.head...]))
        learner.wait(3 * SteppedServer.election)
        learner.turn(.timer(RaftTimer.election))
        #expect(asked(learner) == [0, 1, 2, 4])
        #expect(learner.server.role == .follower)
        leader.ask(.remove(NodeID(3)))
        leader.persist()
        leader.match(3, from: 1)
        // Its farewell was lost, and so is what a leader without memory of it knows.
        leader.match(3, from: 3)
        leader.heartbeat(answeredBy: [1, 2], match: 3)
        #expect(leader.appends(to: 3).isEmpty)
        for request in learner.sent(to: 0) { leader.receive(request.message, from: 3) }
        leader.heartbeat(answeredBy: [], match: 3)
        #expect(!leader.appends(to: 3).isEmpty)
    }

    @Test("whom the voters that a server knows don't answer, it asks everyone: they may have left")
    func oldConfiguration() {
        var voter = SteppedServer(0, of: 5, options: leader().server.options)
        voter.wait(2 * SteppedServer.election)
        voter.turn(.timer(RaftTimer.election))
        #expect(asked(voter) == [1, 2])
        voter.wait(2 * SteppedServer.election)
        voter.turn(.timer(RaftTimer.election))
        #expect(asked(voter) == [1, 2, 3, 4])
    }
}

@Suite("Raft servers that have lost their disk")
struct RaftReplacementTests {
    private func vote(_ birth: UInt32) -> RaftMessage {
        .voteResponse(VoteResponse(term: Term(1), isGranted: true, isPreVote: false, birth: Birth(birth)))
    }

    @Test("its vote doesn't count")
    func vote() {
        var options = RaftOptions()
        options.hasPreVote = false
        var candidate = SteppedServer(options: options)
        candidate.wait(2 * SteppedServer.election)
        candidate.turn(.timer(RaftTimer.election))
        candidate.persist()
        candidate.receive(vote(3), from: 1)
        #expect(candidate.server.role == .candidate)
        candidate.receive(vote(0), from: 1)
        #expect(candidate.server.role == .candidate, "what the lost disk had promised is forgotten")
        candidate.receive(vote(0), from: 2)
        #expect(candidate.server.role == .leader)
    }

    @Test("it keeps in mind that it is another, and neither campaigns nor knows who votes")
    func birth() throws {
        let server = SteppedServer(1, incarnation: 4, isReplacement: true)
        #expect(server.server.configurations.latest.voters.isEmpty)
        let stored = try RaftHardState(decoding: #require(server.hardStates.last))
        #expect(stored.birth == Birth(4))
        var restarted = Server(id: NodeID(1), members: (0..<3).map(NodeID.init), options: RaftOptions())
        var effects = Effects<Server>()
        restarted.step(
            .start(Recovery(incarnation: 5, seed: 1, hardState: stored.encoded())), at: server.now, effects: &effects)
        #expect(restarted.birth == Birth(4))
        #expect(restarted.configurations.latest.voters.isEmpty)
    }

    @Test("what it acknowledges counts once its new disk is admitted, by both majorities, which it is by itself")
    func admission() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.match(1, from: 2)
        func answer(_ index: UInt64) {
            leader.receive(
                .appendResponse(
                    AppendResponse(
                        term: leader.server.currentTerm, round: leader.server.reads.round,
                        outcome: .matched(LogIndex(index)), birth: Birth(4))), from: 2)
        }
        answer(0)
        #expect(leader.server.peers[1].match == .zero)
        leader.request(.put(key: "k", value: "v"))
        leader.persist()
        answer(2)
        #expect(leader.server.commitIndex == LogIndex(1))
        leader.match(2, from: 1)
        #expect(leader.server.commitIndex == LogIndex(2))
        for _ in 0..<4 where !leader.server.configurations.latest.isJoint {
            leader.heartbeat(answeredBy: [1], match: 2)
            answer(2)
        }
        #expect(leader.server.configurations.latest.isJoint)
        leader.persist()
        answer(3)
        #expect(leader.server.commitIndex == LogIndex(2), "the former voters 0 and 1 must agree")
        leader.match(3, from: 1)
        #expect(leader.server.configurations.latest.voter(NodeID(2))?.birth == Birth(4))
        leader.persist()
        answer(4)
        #expect(leader.server.commitIndex == LogIndex(4))
    }
}
