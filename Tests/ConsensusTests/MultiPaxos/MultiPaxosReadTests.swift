import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Multi-Paxos's reads outside the log")
struct MultiPaxosReadTests {
    private let ballot = Ballot.round(1, of: 0)

    private func options(_ reads: MultiPaxosReads) -> MultiPaxosOptions {
        var options = MultiPaxosOptions()
        options.reads = reads
        return options
    }

    /// The latest round that the last turn told node 1 of.
    private func round(_ leader: Stepped<MultiPaxosServer>) throws -> UInt64 {
        try #require(leader.accepts(to: 1).last).round
    }

    @Test("by read-index wait for a quorum's answer to a round that began after they came, and write nothing")
    func readIndex() throws {
        var leader = Stepped(leader: 0, by: 1, options: options(.readIndex))
        let before = try round(leader)
        leader.request(.get(key: "k"))
        let after = try round(leader)
        #expect(after > before && leader.appended.isEmpty)
        leader.receive(.accepted(ballot, through: 0, round: before), from: 1)
        #expect(leader.replies.isEmpty)
        leader.receive(.accepted(ballot, through: 0, round: after, isVoter: false), from: 2)
        #expect(leader.replies.isEmpty, "a learner's word is none")
        leader.receive(.accepted(ballot, through: 0, round: after), from: 1)
        #expect(leader.replies == [.absent])
    }

    @Test("need no disk: an acceptor that has something to write answers the round ahead of that")
    func confirmed() throws {
        var acceptor = Stepped(node: 1, options: options(.readIndex))
        acceptor.receive(.accept(ballot, round: 5), from: 0)
        acceptor.persist()
        acceptor.receive(.accept(ballot, round: 6, .command(1, born: ballot)), from: 0)
        let answers = acceptor.sent(to: 0)
        #expect(answers.map(\.message).first == .confirmed(.init(ballot: ballot, round: 6)))
        #expect(answers.map(\.message).last == .accepted(ballot, through: 1, round: 6))
        #expect(try #require(answers.first).after < #require(answers.last).after)

        var leader = Stepped(leader: 0, by: 1, options: options(.readIndex))
        leader.request(.get(key: "k"))
        leader.receive(.confirmed(.init(ballot: .round(7, of: 0), round: try round(leader))), from: 1)
        #expect(leader.replies.isEmpty, "it is of another ballot")
        leader.request(.get(key: "k"), 1)
        leader.receive(.confirmed(.init(ballot: ballot, round: leader.node.reads.round)), from: 1)
        #expect(leader.replies == [.absent, .absent])
    }

    @Test("wait until a new leader has decided what phase 1 found", arguments: [MultiPaxosReads.readIndex, .lease])
    func inherited(reads: MultiPaxosReads) {
        var leader = Stepped(node: 0, options: options(reads))
        leader.campaign()
        let old = Ballot.round(1, of: 2)
        let value = PValue(ballot: old, record: .command(1, born: old, "written"))
        let higher = Ballot.round(2, of: 0)
        leader.receive(.preempted(old), from: 1)
        leader.campaign()
        leader.receive(.promise(higher, value), from: 1)
        leader.persist()
        leader.receive(.accepted(higher, through: 0, round: leader.node.reads.round), from: 1)
        leader.request(.get(key: "k"))
        leader.receive(.accepted(higher, through: 0, round: leader.node.reads.round), from: 1)
        #expect(leader.replies.isEmpty)
        leader.persist()
        leader.receive(.accepted(higher, through: 1, round: leader.node.reads.round), from: 1)
        leader.heartbeat()
        leader.receive(.accepted(higher, through: 1, round: leader.node.reads.round), from: 1)
        #expect(leader.replies == [.value("written")])
    }

    @Test("under a lease are answered at once, for less than the promise of a quorum from when its round was sent")
    func lease() {
        let options = options(.lease)
        var leader = Stepped(leader: 0, by: 1, options: options)
        leader.request(.get(key: "k"))
        #expect(leader.replies.isEmpty, "nobody has answered yet")
        leader.heartbeat()
        let sentAt = leader.nanoseconds
        leader.wait(options.electionTimeout / 2)
        leader.receive(.accepted(ballot, through: 0, round: leader.node.reads.round), from: 1)
        #expect(leader.replies == [.absent])
        leader.nanoseconds = sentAt + options.leaseDuration - 1
        leader.request(.get(key: "k"), 1)
        #expect(leader.replies == [.absent])
        leader.nanoseconds = sentAt + options.leaseDuration
        leader.request(.get(key: "k"), 2)
        #expect(leader.replies.isEmpty)
        #expect(options.leaseDuration < options.electionTimeout)
    }

    @Test("under a lease: a node that restarts promises nobody for an election timeout, since it may have promised one")
    func restart() {
        for reads in [MultiPaxosReads.log, .lease] {
            let options = options(reads)
            var acceptor = Stepped(node: 1, options: options).restarted()
            let started = acceptor.nanoseconds
            acceptor = acceptor.restarted()
            acceptor.nanoseconds = started + options.electionTimeout - 1
            acceptor.receive(.prepare(ballot), from: 0)
            #expect((acceptor.promise(to: 0) == nil) == (reads == .lease))
            acceptor.wait(1)
            acceptor.receive(.prepare(ballot), from: 0)
            #expect(acceptor.promise(to: 0) != nil)
        }
    }

    @Test("that wait are sent away when their leader gives way, and none has had an effect")
    func steppedDown() {
        var leader = Stepped(leader: 0, by: 1, options: options(.readIndex))
        leader.request(.get(key: "k"))
        leader.receive(.accept(.round(2, of: 2)), from: 2)
        #expect(leader.replies == [.refused(.noLeader)])
        leader.receive(.accepted(ballot, through: 0, round: leader.node.reads.round), from: 1)
        #expect(leader.replies.isEmpty)
    }
}
