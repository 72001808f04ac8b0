import ProtocolKit
import Testing

@testable import Consensus

@Suite("Raft reads")
struct RaftReadTests {
    private func leader(_ reads: RaftReads) -> SteppedServer {
        var options = RaftOptions()
        options.reads = reads
        var leader = SteppedServer(options: options)
        leader.elect()
        return leader
    }

    @Test("a new leader serves no read before an entry of its own term is committed")
    func waitsForOwnTerm() {
        var leader = leader(.readIndex)
        leader.request(.get(key: "k"))
        leader.match(0, from: 1)
        #expect(leader.replies.isEmpty)
        leader.match(1, from: 1)
        #expect(leader.replies.isEmpty)
        #expect(leader.appends(to: 1).map(\.round) == [leader.server.reads.round])
        leader.match(1, from: 1)
        #expect(leader.replies == [.absent])
    }

    @Test("one round confirms all reads that wait for it, and a round begun before a read doesn't")
    func readIndex() {
        var leader = leader(.readIndex)
        leader.match(1, from: 1)
        let before = leader.server.reads.round
        leader.request(.get(key: "a"), 0)
        #expect(leader.appends(to: 1).count == 1)
        #expect(leader.appends(to: 1).first?.entries.isEmpty == true)
        leader.match(1, from: 1, round: before)
        #expect(leader.replies.isEmpty)
        leader.match(1, from: 2, round: before + 1)
        #expect(leader.replies == [.absent])

        let get = KeyValueRequest(.get(key: "k"))
        leader.turn(
            .request(.content(get), RequestToken(connection: ConnectionID(1), sequence: 1)),
            .request(.content(get), RequestToken(connection: ConnectionID(1), sequence: 2)))
        #expect(leader.appends(to: 1).count == 1)
        leader.match(1, from: 1)
        #expect(leader.replies == [.absent, .absent])
    }

    @Test("a read through the log waits for its entry")
    func log() {
        var leader = leader(.log)
        leader.match(1, from: 1)
        leader.request(.get(key: "k"))
        #expect(leader.server.log.lastIndex == LogIndex(2))
        leader.persist()
        #expect(leader.replies.isEmpty)
        leader.match(2, from: 1)
        #expect(leader.replies == [.absent])
    }

    @Test(
        "a lease runs from the sending of the round that a quorum acknowledged, a tenth short of the election timeout")
    func lease() {
        var leader = leader(.lease)
        leader.wait(SteppedServer.election / 2)
        leader.turn(.timer(RaftTimer.heartbeat))
        let sentAt = leader.nanoseconds
        leader.wait(SteppedServer.election / 2)
        leader.match(1, from: 1)
        leader.nanoseconds = sentAt + SteppedServer.election * 9 / 10 - 1
        leader.request(.get(key: "k"), 0)
        #expect(leader.replies == [.absent])
        leader.wait(1)
        leader.request(.get(key: "k"), 1)
        #expect(leader.replies.isEmpty)
        leader.match(1, from: 2)
        #expect(leader.replies == [.absent])
    }

    @Test("a deposed leader sends waiting reads to its successor")
    func deposed() {
        var leader = leader(.readIndex)
        leader.match(1, from: 1)
        leader.request(.get(key: "k"))
        leader.receive(.appendEntries(AppendEntries(term: 2, after: 1, of: 1, [])), from: 2)
        #expect(leader.replies == [.refused(.noLeader)])
        leader.request(.get(key: "k"), 1)
        #expect(leader.replies == [.refused(.redirect(NodeID(2)))])
    }

    @Test("a follower confirms a round without waiting for the disk, and entries only after it")
    func confirmsAtOnce() throws {
        var follower = SteppedServer(1)
        follower.receive(.appendEntries(AppendEntries(term: 1, after: 0, of: 0, [1], round: 3)), from: 0)
        let both = follower.acknowledgements(to: 0)
        #expect(both.map(\.response.outcome) == [.matched(.zero), .matched(LogIndex(1))])
        #expect(both.map(\.response.round) == [3, 3])
        #expect(both[0].after < both[1].after)
        #expect(both[0].after == follower.server.hardStateTicket)
    }
}
