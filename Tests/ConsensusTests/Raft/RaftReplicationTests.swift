import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft replication")
struct RaftReplicationTests {
    @Test("a turn's requests leave in one AppendEntries for each follower, and a turn's entries get one answer")
    func batching() throws {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.match(1, from: 2)
        let requests = (0..<5).map {
            Input<Server>.request(
                .content(KeyValueRequest(.put(key: "k", value: "v"))),
                RequestToken(connection: ConnectionID(1), sequence: $0))
        }
        leader.turn(requests[0], requests[1], requests[2], requests[3], requests[4])
        for peer in [1, 2] as [UInt32] {
            #expect(leader.appends(to: peer).map(\.entries.count) == [5])
        }

        var follower = SteppedServer(1)
        follower.turn(
            .message(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1, 1])), from: NodeID(0)),
            .message(.appendEntries(AppendEntries(term: 1, after: 2, of: 1, [1])), from: NodeID(0)))
        let acknowledgements = follower.acknowledgements(to: 0)
        #expect(acknowledgements.count == 1)
        #expect(acknowledgements.first?.response.outcome == .matched(LogIndex(3)))
        #expect(acknowledgements.first?.after == follower.effects.lastTicket)
    }

    @Test("up to a window of AppendEntries are under way, each continuing the last")
    func pipelining() {
        var options = RaftOptions()
        options.window = 3
        var leader = SteppedServer(options: options)
        leader.elect()
        leader.match(1, from: 1)
        var sent: [AppendEntries] = []
        for sequence in 0..<5 {
            leader.request(.put(key: "k", value: "v"), UInt64(sequence))
            sent += leader.appends(to: 1)
        }
        #expect(sent.map(\.previousIndex.rawValue) == [1, 2, 3])
        leader.match(2, from: 1)
        #expect(leader.appends(to: 1).map(\.entries.count) == [2])
    }

    @Test("the leader counts its own copy only when it is durable; followers may be first")
    func parallelWrite() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.put(key: "k", value: "v"))
        #expect(leader.appends(to: 2).isEmpty == false || leader.appends(to: 1).isEmpty == false)
        leader.match(2, from: 1)
        #expect(leader.replies.isEmpty)
        leader.match(2, from: 2)
        #expect(leader.replies == [.done])
    }

    @Test("with parallel=off nothing leaves before it is durable here")
    func serialWrite() {
        var options = RaftOptions()
        options.isParallel = false
        var leader = SteppedServer(options: options)
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.put(key: "k", value: "v"))
        #expect(leader.appends(to: 1).isEmpty)
        leader.persist()
        #expect(leader.appends(to: 1).map(\.entries.count) == [1])
    }

    @Test("an entry of an older term is committed only with one of the leader's own (figure 8)")
    func commitRule() {
        var leader = SteppedServer(term: 2, log: [1, 2])
        leader.elect()
        leader.match(2, from: 1)
        #expect(leader.server.commitIndex == .zero)
        leader.match(3, from: 1)
        #expect(leader.server.commitIndex == LogIndex(3))
    }

    @Test("a quorum of five is three, and stale answers don't take a match back")
    func quorum() {
        var leader = SteppedServer(of: 5)
        leader.wait(2 * SteppedServer.election)
        leader.turn(.timer(RaftTimer.election))
        for peer in [1, 2] as [UInt32] {
            leader.receive(.voteResponse(VoteResponse(term: Term(1), isGranted: true, isPreVote: true)), from: peer)
        }
        leader.persist()
        leader.receive(.voteResponse(VoteResponse(term: Term(1), isGranted: true, isPreVote: false)), from: 1)
        #expect(leader.server.role == .candidate)
        leader.receive(.voteResponse(VoteResponse(term: Term(1), isGranted: true, isPreVote: false)), from: 1)
        #expect(leader.server.role == .candidate)
        leader.receive(.voteResponse(VoteResponse(term: Term(1), isGranted: true, isPreVote: false)), from: 2)
        #expect(leader.server.role == .leader)
        leader.persist()
        leader.match(1, from: 1)
        leader.match(0, from: 1)
        #expect(leader.server.commitIndex == .zero)
        leader.match(1, from: 3)
        #expect(leader.server.commitIndex == LogIndex(1))
    }

    @Test("a follower refuses entries that its log doesn't lead up to, and says by whole terms where to look")
    func conflictHints() throws {
        var follower = SteppedServer(1, term: 3, log: [1, 1, 2, 2, 2])
        follower.receive(.appendEntries(AppendEntries(term: 4, after: 9, of: 4, [4])), from: 0)
        #expect(
            follower.acknowledgements(to: 0).first?.response.outcome
                == .conflict(previousIndex: LogIndex(9), conflictTerm: .zero, conflictIndex: LogIndex(6)))
        follower.receive(.appendEntries(AppendEntries(term: 4, after: 5, of: 3, [4])), from: 0)
        #expect(
            follower.acknowledgements(to: 0).first?.response.outcome
                == .conflict(previousIndex: LogIndex(5), conflictTerm: Term(2), conflictIndex: LogIndex(3)))
        #expect(follower.terms == [1, 1, 2, 2, 2])
    }

    @Test(
        "a leader backs up to its last entry of the conflicting term, or past the term if it has none",
        arguments: [
            // Leader's log, follower's (figure 7 of the paper, and gaps), where the next probe starts.
            ([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], [1, 1, 1, 4, 4, 5, 5, 6, 6], 9),
            ([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], [1, 1, 1, 4], 4),
            ([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], [1, 1, 1, 4, 4, 4, 4], 5),
            ([1, 1, 1, 4, 4, 5, 5, 6, 6, 6], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3),
        ] as [([UInt64], [UInt64], UInt64)])
    func backtracking(leaderTerms: [UInt64], followerTerms: [UInt64], expected: UInt64) {
        var leader = SteppedServer(term: 7, log: leaderTerms)
        var follower = SteppedServer(1, term: 7, log: followerTerms)
        leader.elect()
        var previous: [UInt64] = []
        var messages = leader.appends(to: 1)
        leader.wait(leader.server.options.heartbeatInterval)
        leader.turn(.timer(RaftTimer.heartbeat))
        messages = leader.appends(to: 1)
        for _ in 0..<20 where !messages.isEmpty {
            previous.append(messages[0].previousIndex.rawValue)
            follower.receive(.appendEntries(messages[0]), from: 0)
            follower.persist()
            var responses = follower.acknowledgements(to: 0)
            if responses.isEmpty {
                follower.receive(.appendEntries(messages[0]), from: 0)
                responses = follower.acknowledgements(to: 0)
            }
            guard let response = responses.last?.response else { break }
            leader.receive(.appendResponse(response), from: 1)
            if case .matched(let match) = response.outcome, match == leader.server.log.lastIndex { break }
            messages = leader.appends(to: 1)
        }
        #expect(follower.terms == leader.terms)
        #expect(previous.contains(expected))
        #expect(previous.count <= 4)
    }

    @Test("only a real conflict truncates: old and repeated messages leave the log as it is")
    func noNeedlessTruncation() {
        var follower = SteppedServer(1)
        let before = follower.server.log.truncations
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1, 1, 1])), from: 0)
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1])), from: 0)
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 1, of: 1, [1])), from: 0)
        #expect(follower.terms == [1, 1, 1])
        #expect(follower.server.log.truncations == before)
        follower.receive(.appendEntries(AppendEntries(term: 2, after: 1, of: 1, [2])), from: 2)
        #expect(follower.terms == [1, 2])
        #expect(follower.server.log.truncations == before + 1)
    }

    @Test("a committed entry is never overwritten: the server stops instead")
    func committedConflict() {
        var follower = SteppedServer(1)
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1], commit: 1)), from: 0)
        #expect(follower.server.commitIndex == LogIndex(1))
        follower.receive(.appendEntries(AppendEntries(term: 2, after: 0, of: 0, [2])), from: 2)
        #expect(follower.server.isHalted)
        #expect(follower.terms == [1])
    }

    @Test("a follower commits no further than it knows to agree with the leader")
    func commitIsBounded() {
        var follower = SteppedServer(1, term: 1, log: [1, 1, 1])
        follower.receive(.appendEntries(AppendEntries(term: 2, after: 1, of: 1, [], commit: 3)), from: 0)
        #expect(follower.server.commitIndex == LogIndex(1))
    }

    @Test(
        "a deposed leader answers a command that its successor commits, and refuses one only once another has its place"
    )
    func uncertainOutcome() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.increment(key: "n", by: 1), 0)
        leader.request(.increment(key: "n", by: 1), 1)
        let kept = leader.server.log[LogIndex(2)]
        let message = AppendEntries(
            term: Term(2), previousIndex: LogIndex(1), previousTerm: Term(1), commitIndex: LogIndex(2), round: 0,
            entries: [kept, SteppedServer.entry(3, term: 2)])
        leader.receive(.appendEntries(message), from: 2)
        #expect(leader.server.role == .follower)
        #expect(leader.replies == [.integer(1)])
        leader.receive(.appendEntries(AppendEntries(term: 2, after: 3, of: 2, [], commit: 3)), from: 2)
        #expect(leader.replies == [.refused(.redirect(NodeID(2)))])
    }

    @Test("an overwritten command that comes back by a later leader gets its answer")
    func resurrected() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.increment(key: "n", by: 1), 0)
        let command = leader.server.log[LogIndex(2)]
        leader.receive(.appendEntries(AppendEntries(term: 2, after: 1, of: 1, [2])), from: 2)
        #expect(leader.terms == [1, 2])
        let message = AppendEntries(
            term: Term(3), previousIndex: LogIndex(1), previousTerm: Term(1), commitIndex: LogIndex(2), round: 0,
            entries: [command])
        leader.receive(.appendEntries(message), from: 1)
        #expect(leader.replies == [.integer(1)])
    }

    @Test("who isn't leader says who is; who has too much under way refuses")
    func refusals() {
        var follower = SteppedServer(1)
        follower.request(.put(key: "k", value: "v"))
        #expect(follower.replies == [.refused(.noLeader)])
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [])), from: 2)
        follower.request(.put(key: "k", value: "v"))
        #expect(follower.replies == [.refused(.redirect(NodeID(2)))])

        var options = RaftOptions()
        options.maximumUncommittedEntries = 2
        var leader = SteppedServer(options: options)
        leader.elect()
        leader.match(1, from: 1)
        for sequence in 0..<UInt64(3) { leader.request(.put(key: "k", value: "v"), sequence) }
        #expect(leader.replies == [.refused(.overloaded)])
    }

    @Test("a link that went down is probed again from what is known to match")
    func linkDown() {
        var leader = SteppedServer()
        leader.elect()
        leader.match(1, from: 1)
        leader.request(.put(key: "k", value: "v"))
        leader.turn(.linkDown(NodeID(1)))
        leader.request(.put(key: "k", value: "v"), 1)
        #expect(leader.appends(to: 1).isEmpty)
        leader.turn(.linkUp(NodeID(1)))
        #expect(leader.appends(to: 1).map(\.entries.count) == [2])
    }
}
