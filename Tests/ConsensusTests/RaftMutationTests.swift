import ProtocolKit
import Simulation
import Testing

@testable import Consensus

/// Every planted fault is seen: by chance under random faults of the right kind, and where that takes a rare coincidence
/// by a schedule written out by hand too. The unmutated protocol passes the same seeds and schedules.
@Suite("Raft's planted faults")
struct RaftMutationTests {
    /// Which ordeal brings a planted fault out, and the properties of which one is then found broken.
    private static let catches: [(RaftMutation, RaftOrdeal, [String])] = [
        (.forgetNoOperation, .harsh, ["linearizable"]),
        (.readWithoutLeaseCheck, .harsh, ["linearizable"]),
        (.skipSync, .duels, ["leader-completeness"]),
        (.voteTwice, .interrupted, ["election-safety"]),
        (.commitOldTerm, .interrupted, ["leader-completeness"]),
        (.truncateAlways, .repeated, ["leader-completeness"]),
        (.acknowledgeBeforeQuorum, .overlap, ["leader-completeness"]),
        (.noTruncate, .overlap, ["log-matching", "state-machine-safety"]),
        (.learnerCountsAsVoter, .overlap, ["election-safety", "leader-completeness", "state-machine-safety"]),
        (.changeBeforeCommit, .overlap, ["configuration-safety"]),
        (.forgetConfiguration, .overlap, ["configuration-safety"]),
        (.wipedVoterVotes, .wipes, ["election-safety", "leader-completeness", "convergence"]),
        (.transferKeepsLease, .handovers, ["linearizable"]),
        (.leaseFromReply, .lateAcknowledgements, ["linearizable"]),
    ]

    /// Faults that take a coincidence so rare that only a schedule written out by hand shows them.
    private static let byHand: Set<RaftMutation> = [.voteWithoutStickiness, .jointOneMajority]

    @Test("every planted fault of the catalogue has its ordeal or its schedule")
    func complete() {
        #expect(Self.byHand.union(Self.catches.map(\.0)) == Set(RaftMutation.allCases))
        #expect(RaftSystem.descriptor.mutations.map(\.name) == RaftMutation.allCases.map(\.rawValue))
    }

    @Test("a planted fault is caught by faults of the kind that brings it out", arguments: catches)
    private func caught(mutation: RaftMutation, in ordeal: RaftOrdeal, by properties: [String]) throws {
        try ordeal.expectCatch(of: mutation.rawValue, by: properties)
    }

    @Test("the protocol as it is passes the same seeds", arguments: RaftOrdeal.allCases)
    private func unmutated(ordeal: RaftOrdeal) throws {
        try ordeal.expectPass()
    }

    private func options(_ mutation: RaftMutation?) -> RaftOptions {
        var options = RaftOptions()
        options.mutation = mutation
        options.hasPreVote = false
        return options
    }

    private func ask(_ term: UInt64, last: UInt64 = 0, of lastTerm: UInt64 = 0) -> RaftMessage {
        .requestVote(
            RequestVote(term: Term(term), lastLogIndex: LogIndex(last), lastLogTerm: Term(lastTerm), isPreVote: false))
    }

    /// A server that has begun an election, its own vote durable.
    private func candidate(
        _ id: UInt32, of count: UInt32 = 3, term: UInt64 = 0, log: [UInt64] = [],
        mutation: RaftMutation?
    ) -> SteppedServer {
        var server = SteppedServer(id, of: count, options: options(mutation), term: term, log: log)
        server.wait(2 * SteppedServer.election)
        server.turn(.timer(RaftTimer.election))
        server.persist()
        return server
    }

    @Test("a voter that forgets its vote in a crash elects two leaders", arguments: [nil, RaftMutation.voteTwice])
    func voteTwice(mutation: RaftMutation?) throws {
        var first = candidate(0, mutation: mutation)
        var second = candidate(1, mutation: mutation)
        var voter = SteppedServer(2, options: options(mutation))
        voter.receive(ask(1), from: 0)
        first.receive(.voteResponse(try #require(voter.vote(to: 0))), from: 2)
        #expect(first.server.role == .leader)

        let stored = try RaftHardState(decoding: #require(voter.hardStates.last))
        voter = SteppedServer(
            2, options: options(mutation), term: stored.term.rawValue, vote: stored.vote?.rawValue, incarnation: 2)
        voter.wait(SteppedServer.election)
        voter.receive(ask(1), from: 1)
        second.receive(.voteResponse(try #require(voter.vote(to: 1))), from: 2)

        var safety = ElectionSafety<KeyValueStore>()
        let servers = [first.server, second.server, voter.server]
        #expect(safety.check(servers, changed: 0) == nil)
        #expect((safety.check(servers, changed: 1) != nil) == (mutation != nil))
    }

    @Test(
        "an entry of an old term that is committed by counting can be lost (figure 8)",
        arguments: [nil, RaftMutation.commitOldTerm])
    func figure8(mutation: RaftMutation?) {
        // (c) S1 leads term 4 and has brought its entry of term 2 to a majority; (d) S5 leads term 5 without it.
        var s1 = candidate(0, of: 5, term: 3, log: [1, 2], mutation: mutation)
        for peer in [1, 2] as [UInt32] {
            s1.receive(.voteResponse(VoteResponse(term: Term(4), isGranted: true, isPreVote: false)), from: peer)
        }
        s1.persist()
        s1.match(2, from: 1)
        s1.match(2, from: 2)
        var s5 = candidate(4, of: 5, term: 4, log: [1, 3], mutation: mutation)
        for peer in [1, 2] as [UInt32] {
            var voter = SteppedServer(peer, of: 5, options: options(mutation), term: 4, log: [1, 2])
            voter.receive(ask(5, last: 2, of: 3), from: 4)
            if let vote = voter.vote(to: 4) { s5.receive(.voteResponse(vote), from: peer) }
        }
        #expect(s5.server.role == .leader)

        var completeness = LeaderCompleteness<KeyValueStore>()
        let servers = [s1.server, nil, nil, nil, s5.server]
        let wrong = completeness.check(servers, changed: 0) ?? completeness.check(servers, changed: 4)
        #expect((wrong != nil) == (mutation != nil))
    }

    @Test(
        "a lease that runs from a late acknowledgement outlives the follower's promise: a stale read",
        arguments: [nil, RaftMutation.leaseFromReply])
    func lease(mutation: RaftMutation?) throws {
        var options = options(mutation)
        options.reads = .lease
        var old = SteppedServer(options: options)
        old.elect()
        old.match(1, from: 1)
        old.wait(options.heartbeatInterval)
        old.turn(.timer(RaftTimer.heartbeat))
        let sentAt = old.nanoseconds
        let heartbeat = try #require(old.appends(to: 1).last)

        // Server 1 hears the heartbeat at once; its answer takes most of an election timeout.
        var follower = SteppedServer(1, options: options, term: 1, log: [1])
        follower.nanoseconds = sentAt
        follower.receive(.appendEntries(heartbeat), from: 0)
        old.nanoseconds = sentAt + SteppedServer.election * 8 / 10
        old.match(1, from: 1)

        // Its promise over, it elects server 2, which commits a write with it.
        follower.nanoseconds = sentAt + SteppedServer.election
        let term = old.server.currentTerm.rawValue
        follower.receive(ask(term + 1, last: 1, of: 1), from: 2)
        #expect(follower.vote(to: 2)?.isGranted == true)
        follower.receive(
            .appendEntries(AppendEntries(term: term + 1, after: 1, of: 1, [term + 1], commit: 2)), from: 2)
        #expect(follower.server.machine.query(KeyValueRequest(.get(key: "k")).payload) == .value("v"))

        old.nanoseconds = sentAt + SteppedServer.election * 12 / 10
        old.request(.get(key: "k"))
        #expect(old.replies == (mutation == nil ? [] : [.absent]))
    }

    @Test(
        "a voter that has forgotten what it acknowledged elects a leader without it",
        arguments: [nil, RaftMutation.wipedVoterVotes])
    func wipedVoter(mutation: RaftMutation?) throws {
        // Servers 0 and 1 have committed an entry of term 1; server 1 then loses its disk, and server 2 has nothing.
        var old = SteppedServer(options: options(mutation))
        old.elect()
        old.match(1, from: 1)
        #expect(old.server.commitIndex == LogIndex(1))
        var candidate = candidate(2, term: 1, mutation: mutation)
        var wiped = SteppedServer(1, options: options(mutation), incarnation: 2, isReplacement: true)
        wiped.wait(SteppedServer.election)
        wiped.receive(ask(2), from: 2)
        candidate.receive(.voteResponse(try #require(wiped.vote(to: 2))), from: 1)
        #expect((candidate.server.role == .leader) == (mutation != nil))

        var completeness = LeaderCompleteness<KeyValueStore>()
        let servers = [old.server, nil, candidate.server]
        let wrong = completeness.check(servers, changed: 0) ?? completeness.check(servers, changed: 2)
        #expect((wrong != nil) == (mutation != nil))
    }

    @Test(
        "a vote against a promise elects a second leader while the first one's lease runs: a stale read",
        arguments: [nil, RaftMutation.voteWithoutStickiness])
    func stickiness(mutation: RaftMutation?) throws {
        var options = options(mutation)
        options.reads = .lease
        var old = SteppedServer(options: options)
        old.elect()
        old.match(1, from: 1)
        old.wait(options.heartbeatInterval)
        old.turn(.timer(RaftTimer.heartbeat))
        let heartbeat = try #require(old.appends(to: 1).last)
        var follower = SteppedServer(1, options: options, term: 1, log: [1])
        follower.nanoseconds = old.nanoseconds
        follower.receive(.appendEntries(heartbeat), from: 0)
        old.match(1, from: 1)

        // Server 2, which hears nothing from the leader, asks for a vote that server 1 has promised not to give.
        let term = old.server.currentTerm.rawValue
        follower.receive(ask(term + 1, last: 1, of: 1), from: 2)
        #expect((follower.vote(to: 2)?.isGranted == true) == (mutation != nil))
        old.request(.get(key: "k"))
        #expect(old.replies == [.absent], "the lease runs, whatever server 2 may have committed")
    }

    @Test(
        "while configurations overlap, a majority of one of them commits what the other can lose",
        arguments: [nil, RaftMutation.jointOneMajority])
    func joint(mutation: RaftMutation?) {
        var options = options(mutation)
        options.voters = 3
        let new = RaftConfiguration(
            voters: [2, 3, 4].map { Voter(NodeID($0)) }, outgoing: [0, 1, 2].map { Voter(NodeID($0)) })
        let record = LogRecord(
            index: LogIndex(1), tag: 1, kind: EntryKind.configuration.rawValue, payload: new.encoded())
        var leader = SteppedServer(2, of: 5, options: options, term: 1, records: [record])
        leader.wait(2 * SteppedServer.election)
        leader.turn(.timer(RaftTimer.election))
        leader.persist()
        leader.receive(.voteResponse(VoteResponse(term: Term(2), isGranted: true, isPreVote: false)), from: 3)
        // Servers 2 and 3 are a majority of the new voters only: 0 and 1 may have elected another.
        #expect((leader.server.role == .leader) == (mutation != nil))
        if mutation == nil {
            leader.receive(.voteResponse(VoteResponse(term: Term(2), isGranted: true, isPreVote: false)), from: 0)
            #expect(leader.server.role == .leader)
        }
        leader.persist()
        leader.match(2, from: 3)
        #expect((leader.server.commitIndex == LogIndex(2)) == (mutation != nil))
    }
}
