import ByteCoding
import ProtocolKit
import Testing

@testable import Consensus

@Suite("Multi-Paxos's phase 1")
struct MultiPaxosPhase1Tests {
    private let first = Ballot.round(1, of: 0)

    private func put(_ value: Bytes = "v") -> KeyValueCommand { .put(key: "k", value: value) }

    @Test("is run once for all slots, and the candidate promises last, durably, before it leads")
    func once() throws {
        var candidate = Stepped(node: 0)
        candidate.campaign()
        #expect(candidate.sent(to: 1).map(\.message) == [.prepare(first)])
        #expect(candidate.node.promised == .zero && candidate.hardStates.isEmpty)
        candidate.receive(.promise(first), from: 2)
        let written = try MultiPaxosHardState(decoding: #require(candidate.hardStates.last))
        #expect(written.promised == first)
        #expect(candidate.node.role == .candidate, "its own promise isn't durable")
        candidate.persist()
        #expect(candidate.node.role == .leader)
        for sequence in 0..<3 {
            candidate.request(put(), UInt64(sequence))
            let messages = candidate.sent(to: 1).map(\.message)
            #expect(messages.count == 1 && candidate.accepts(to: 1).first?.values.count == 1)
        }
    }

    @Test("needs a phase-1 quorum's promises of its own ballot, each in full and counted once")
    func quorum() {
        var candidate = Stepped(node: 0, of: 5)
        candidate.campaign()
        candidate.receive(.promise(first), from: 1)
        candidate.receive(.promise(first), from: 1)
        candidate.receive(.promise(.round(2, of: 0)), from: 2)
        candidate.receive(.promise(first, from: 2), from: 2)
        candidate.receive(.promise(first), from: 9)
        #expect(candidate.node.promised == .zero)
        candidate.receive(.promise(first, next: 7), from: 3)
        #expect(candidate.said(to: 3) == .prepare(first, from: 7))
        #expect(candidate.node.promised == .zero, "node 3 has more to tell")
        candidate.receive(.promise(first, from: 7), from: 3)
        candidate.persist()
        #expect(candidate.node.role == .leader)
    }

    @Test("proposes again the value of each slot's highest ballot, and no-ops in the gaps")
    func proposesAgain() throws {
        var candidate = Stepped(node: 0, of: 5)
        let (low, high) = (Ballot.round(2, of: 1), Ballot.round(3, of: 3))
        candidate.receive(.accept(low, .command(1, born: low, "own")), from: 1)
        candidate.persist()
        candidate.campaign()
        let ballot = candidate.node.ballot
        let newer = LogRecord.command(1, born: high, "newer")
        let last = LogRecord.command(3, born: low, "last")
        candidate.receive(.promise(ballot, PValue(ballot: high, record: newer)), from: 1)
        candidate.receive(
            .promise(
                ballot, PValue(ballot: low, record: .command(1, born: low, "own")), PValue(ballot: low, record: last)),
            from: 2)
        candidate.persist()
        let accept = try #require(candidate.accepts(to: 4).first)
        #expect(accept.ballot == ballot && accept.values.map(\.index.rawValue) == [1, 2, 3])
        #expect(accept.values[0] == newer && accept.values[2] == last)
        #expect(accept.values[1].kind == EntryKind.noOperation.rawValue)
        #expect(candidate.node.decided == .zero, "found isn't chosen")
    }

    @Test("takes what an acceptor knows to be decided for decided, in the ballot that it reports")
    func knownToBeDecided() {
        var candidate = Stepped(node: 0)
        candidate.campaign()
        let old = Ballot.round(1, of: 2)
        let value = PValue(ballot: old, record: .command(1, born: old, "chosen"))
        candidate.receive(.promise(first, decided: 1, value), from: 1)
        candidate.persist()
        #expect(candidate.node.applied == LogIndex(1))
        #expect(candidate.node.machine.query(KeyValueRequest(.get(key: "k")).payload) == .value("chosen"))
    }

    @Test("outbids what preempted it, asks again after a silence, and goes on while the parts of a promise come")
    func patience() {
        var candidate = Stepped(node: 0)
        candidate.campaign()
        candidate.receive(.preempted(.round(4, of: 2)), from: 2)
        candidate.campaign()
        let ballot = candidate.node.ballot
        #expect(ballot == .round(5, of: 0))
        for part in 1...10 as ClosedRange<UInt64> {
            candidate.wait(candidate.node.options.electionTimeout / 2)
            candidate.receive(.promise(ballot, from: part, next: part + 1), from: 1)
            candidate.turn(.timer(MultiPaxosTimer.election))
            #expect(candidate.sent(to: 1).isEmpty)
        }
        candidate.campaign()
        #expect(candidate.said(to: 1) == .prepare(ballot), "nothing was promised in it: to begin again is to ask again")
    }

    @Test("leads in no ballot twice, over a crash either")
    func ballotsAreUnique() {
        var node = Stepped(leader: 0, by: 1)
        #expect(node.node.ballot == first)
        node = node.restarted()
        node.campaign()
        #expect(node.node.ballot == .round(2, of: 0))
    }
}

@Suite("Multi-Paxos's acceptor in phase 1")
struct MultiPaxosPromiseTests {
    private let low = Ballot.round(2, of: 1)
    private let high = Ballot.round(2, of: 2)

    @Test("promises the highest ballot it has heard of, once that is durable, keeps it over a crash and refuses lower")
    func promises() throws {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.prepare(high), from: 2)
        #expect(acceptor.promise(to: 2)?.ballot == high)
        #expect(acceptor.sent(to: 2).first?.after == acceptor.effects.lastTicket)
        acceptor.receive(.prepare(low), from: 1)
        #expect(acceptor.said(to: 1) == .preempted(high))
        acceptor.persist()
        acceptor = acceptor.restarted()
        acceptor.receive(.prepare(low), from: 1)
        #expect(acceptor.said(to: 1) == .preempted(high))
        acceptor.receive(.prepare(high), from: 2)
        #expect(acceptor.promise(to: 2)?.ballot == high, "the same ballot is promised again")
        #expect(acceptor.hardStates.isEmpty, "and needn't be written again")
    }

    @Test("tells every accepted value from the slot on that is asked for, decided ones too")
    func tellsAll() throws {
        var acceptor = Stepped(node: 0)
        let values = (1...3).map { LogRecord.command($0, born: low, Bytes("\($0)")) }
        acceptor.receive(.accept(low, decided: 2, values[0], values[1], values[2]), from: 1)
        acceptor.persist()
        acceptor.wait(2 * acceptor.node.options.electionTimeout)
        acceptor.receive(.prepare(high, from: 2), from: 2)
        let promise = try #require(acceptor.promise(to: 2))
        #expect(promise.values.map(\.record) == Array(values[1...]))
        #expect(promise.values.allSatisfy { $0.ballot == low })
        #expect(promise.decided == LogIndex(2) && promise.next == .zero)
    }

    @Test("tells in parts what doesn't fit into one message")
    func tellsInParts() throws {
        var options = MultiPaxosOptions()
        options.batchValues = 1
        var acceptor = Stepped(node: 0, options: options)
        for slot in 1...40 as ClosedRange<UInt64> {
            acceptor.receive(.accept(low, .command(slot, born: low)), from: 1)
        }
        acceptor.persist()
        acceptor.wait(2 * options.electionTimeout)
        var (next, told) = (LogIndex(1), [UInt64]())
        while next > .zero {
            acceptor.receive(.prepare(high, from: next.rawValue), from: 2)
            let promise = try #require(acceptor.promise(to: 2))
            #expect(promise.first == next && promise.values.count <= 16)
            told += promise.values.map(\.record.index.rawValue)
            next = promise.next
        }
        #expect(told == Array(1...40))
    }

    @Test("promises nobody else within the shortest election timeout of hearing from a leader")
    func loyalty() {
        var acceptor = Stepped(node: 0)
        acceptor.receive(.accept(low), from: 1)
        acceptor.persist()
        acceptor.wait(acceptor.node.options.electionTimeout - 1)
        acceptor.receive(.prepare(high), from: 2)
        #expect(acceptor.sent(to: 2).isEmpty)
        #expect(acceptor.node.promised == low)
        acceptor.wait(1)
        acceptor.receive(.prepare(high), from: 2)
        #expect(acceptor.promise(to: 2)?.ballot == high)
    }

    @Test("a leader promises nobody, and gives way to who leads in a higher ballot")
    func leader() {
        var leader = Stepped(leader: 0, by: 1)
        leader.receive(.prepare(high), from: 2)
        #expect(leader.sent(to: 2).isEmpty && leader.node.role == .leader)
        leader.receive(.accept(high), from: 2)
        #expect(leader.node.role == .follower && leader.node.promised == high)
        leader.request(.put(key: "k", value: "v"))
        #expect(leader.replies == [.refused(.redirect(NodeID(2)))])
    }

    @Test("that has lost its disk promises nothing and wants to lead nothing, after further starts neither")
    func learner() {
        var acceptor = Stepped(node: 0).restarted(losingDisk: true)
        for _ in 0..<2 {
            acceptor.persist()
            acceptor.receive(.prepare(high), from: 2)
            #expect(acceptor.sent(to: 2).isEmpty)
            acceptor.campaign()
            #expect(acceptor.node.role == .follower && acceptor.sent(to: 1).isEmpty)
            acceptor = acceptor.restarted()
        }
        acceptor.receive(.accept(high, .command(1, born: high)), from: 2)
        #expect(acceptor.said(to: 2) == .accepted(high, through: 1, isVoter: false))
    }
}
