import ByteCoding
import ProtocolKit
import Testing

@testable import Commit

@Suite("Participant, step by step")
struct ParticipantTests {
    /// Participant 0 (node 1 of 4) with accounts 0, 3, 6 ... 27 of 1,000 each. Transactions 1 to 9 are used up.
    static func open(options: VariantOptions = VariantOptions(), mutation: String? = nil) throws -> CommitBench {
        let bench = try CommitBench(1, options: options, mutation: mutation)
        bench.receive(CommitBench.begin(1, .open(first: 0, count: 30, balance: 1_000)))
        bench.receive(.commit(id: 1))
        bench.step(.timer(TwoPhaseCommit.acknowledgementTimer))
        return bench
    }

    static func post(_ account: UInt32, _ delta: Int64) -> Work { .post(Posting(account: account, delta: delta), nil) }

    @Test("a yes leaves only when the prepare record is durable")
    func forcesPrepare() throws {
        let bench = try Self.open()
        let effects = bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        #expect(effects.kinds == [.prepare])
        #expect(effects.votes == [.yes])
        #expect(effects.sends.map(\.after) == [bench.effects.lastTicket])
        #expect(bench.node.participant.balance(of: 0) == 1_000, "nothing changes before the decision")
    }

    @Test("a commit is applied, recorded, and acknowledged after its record is durable")
    func commits() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        let effects = bench.receive(.commit(id: 10))
        #expect(effects.kinds == [.commit])
        #expect(bench.node.participant.balance(of: 0) == 990)
        let flushed = bench.step(.timer(TwoPhaseCommit.acknowledgementTimer))
        #expect(flushed.messages == [.acknowledge([10])])
        #expect(flushed.sends[0].after == bench.effects.lastTicket)
    }

    @Test("an acknowledgement travels with the next yes")
    func carries() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        bench.receive(.commit(id: 10))
        let effects = bench.receive(CommitBench.begin(11, Self.post(3, 10)))
        guard case .vote(let ballot)? = effects.messages.first else { throw Failure() }
        #expect(ballot.acknowledged == [10])
        #expect(bench.step(.timer(TwoPhaseCommit.acknowledgementTimer)).messages.isEmpty)
    }

    @Test(
        "an overdrawn or unknown account is a vote of no, of which nothing is written",
        arguments: [(UInt32(0), Int64(-1_001), AbortReason.insufficientFunds), (30, 1, .noSuchAccount)])
    func votesNo(account: UInt32, delta: Int64, reason: AbortReason) throws {
        let bench = try Self.open()
        let effects = bench.receive(CommitBench.begin(10, Self.post(account, delta)))
        #expect(effects.votes == [.no(reason)])
        #expect(effects.kinds.isEmpty)
        #expect(bench.receive(CommitBench.begin(11, Self.post(0, -1))).votes == [.yes], "no lock is left")
    }

    @Test("an abort leaves the balance and lets the lock go; its record isn't waited for")
    func aborts() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        let effects = bench.receive(.abort(id: 10))
        #expect(effects.isEmpty, "an abort is neither forced nor acknowledged")
        #expect(bench.node.participant.balance(of: 0) == 1_000)
        let next = bench.receive(CommitBench.begin(11, Self.post(0, -1)))
        #expect(next.kinds == [.abort, .prepare])
        #expect(next.votes == [.yes])
    }

    @Test("under wait-die the older waits and goes on after the holder; the younger dies")
    func waitDie() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(20, Self.post(0, -10)))
        #expect(bench.receive(CommitBench.begin(21, Self.post(0, -1))).votes == [.no(.lockConflict)])
        #expect(bench.receive(CommitBench.begin(15, Self.post(0, -1))).votes.isEmpty, "it waits")
        #expect(bench.receive(CommitBench.begin(12, Self.post(0, -1))).votes.isEmpty, "it waits too")
        let effects = bench.receive(.commit(id: 20))
        #expect(effects.votes == [.yes])
        #expect(bench.node.participant.waiting.count == 1)
    }

    @Test("a waiter that a new holder is older than dies")
    func waitDieHandover() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(20, Self.post(0, -10)))
        bench.receive(CommitBench.begin(12, Self.post(0, -1)))
        bench.receive(CommitBench.begin(15, Self.post(0, -1)))
        let effects = bench.receive(.commit(id: 20))
        #expect(effects.votes == [.yes, .no(.lockConflict)], "12 goes on, and 15 may not wait for it")
    }

    @Test("under no-wait every conflict is a vote of no")
    func noWait() throws {
        let bench = try Self.open(options: VariantOptions([("locking", "no-wait")]))
        bench.receive(CommitBench.begin(20, Self.post(0, -10)))
        #expect(bench.receive(CommitBench.begin(15, Self.post(0, -1))).votes == [.no(.lockConflict)])
    }

    @Test("a reader keeps its locks until its vote, and votes no when they were lost")
    func reads() throws {
        let bench = try Self.open()
        let effects = bench.receive(CommitBench.begin(20, .read(first: 0, count: 0)))
        guard case .values(20, let stamp, let values)? = effects.messages.first else { throw Failure() }
        #expect(values == [10_000])
        #expect(bench.receive(CommitBench.begin(21, Self.post(0, -1))).votes == [.no(.lockConflict)])
        #expect(bench.receive(.prepareRead(id: 20, stamp: stamp + 1)).votes == [.no(.locksLost)])
        #expect(bench.receive(.prepareRead(id: 20, stamp: stamp)).votes == [.readOnly])
        #expect(bench.receive(CommitBench.begin(22, Self.post(0, -1))).votes == [.yes])
        #expect(bench.receive(.prepareRead(id: 20, stamp: stamp)).votes == [.no(.locksLost)])
    }

    @Test("a waiting reader isn't starved by later transfers on free accounts")
    func noStarvation() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(30, Self.post(0, -10)))
        #expect(bench.receive(CommitBench.begin(20, .read(first: 0, count: 0))).messages.isEmpty, "it waits")
        #expect(bench.receive(CommitBench.begin(31, Self.post(3, -1))).votes == [.no(.lockConflict)])
        let effects = bench.receive(.commit(id: 30))
        guard case .values(20, _, let values)? = effects.messages.first else { throw Failure() }
        #expect(values == [9_990])
    }

    @Test("a PREPARE that comes again is answered alike, and one of a decided transaction not at all")
    func repeated() throws {
        let bench = try Self.open()
        let message = CommitBench.begin(10, Self.post(0, -10))
        bench.receive(message)
        let again = bench.receive(message)
        #expect(again.votes == [.yes])
        #expect(again.kinds.isEmpty)
        bench.receive(.commit(id: 10))
        #expect(bench.receive(message).isEmpty)
        bench.receive(CommitBench.begin(11, Self.post(3, 1), oldest: 11))
        #expect(bench.node.participant.decided.outcome(of: TransactionID(10)) == nil, "forgotten")
        #expect(bench.receive(message).isEmpty, "too old to be prepared again")
        #expect(bench.node.participant.balance(of: 0) == 990)
    }

    @Test("a commit that comes again is acknowledged once its record is durable")
    func repeatedCommit() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        bench.receive(.commit(id: 10))
        let effects = bench.receive(.commit(id: 10))
        #expect(effects.messages == [.acknowledge([10])])
        #expect(effects.sends[0].after == bench.effects.lastTicket)
    }

    @Test("after a restart an undecided branch is in doubt: it holds its locks and asks")
    func inDoubt() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        let again = try bench.restarted()
        #expect(again.node.participant.balance(of: 0) == 1_000)
        #expect(again.receive(CommitBench.begin(11, Self.post(0, -1))).votes == [.no(.lockConflict)])
        again.now += .seconds(1)
        #expect(again.step(.timer(TwoPhaseCommit.tickTimer)).messages == [.inquire(id: 10)])
        again.receive(.commit(id: 10))
        #expect(again.node.participant.balance(of: 0) == 990)
        #expect(try again.restarted(incarnation: 3).node.participant.balance(of: 0) == 990)
    }

    @Test("a checkpoint keeps balances, decisions and prepared branches, and empties the log")
    func checkpoint() throws {
        let bench = try Self.open(options: VariantOptions([("checkpoint", "10")]))
        bench.receive(CommitBench.begin(10, Self.post(27, -7)))
        for id in UInt64(11)...40 {
            bench.receive(CommitBench.begin(id, Self.post(0, -1)))
            bench.receive(.commit(id: id))
        }
        #expect(bench.snapshot != nil)
        #expect(bench.log.count < 10)
        let again = try bench.restarted()
        #expect(again.node.participant.balance(of: 0) == 970)
        #expect(again.node.participant.decided.outcome(of: TransactionID(40)) == true)
        again.receive(.commit(id: 10))
        #expect(again.node.participant.balance(of: 27) == 993)
    }

    @Test("records that a checkpoint contains are not redone on top of it")
    func undiscarded() throws {
        let bench = try Self.open(options: VariantOptions([("checkpoint", "10")]))
        bench.receive(CommitBench.begin(10, Self.post(27, -7)))
        for id in UInt64(11)...14 {
            bench.receive(CommitBench.begin(id, Self.post(0, -1)))
            bench.receive(.commit(id: id))
        }
        let mark = try #require(bench.snapshot?.mark)
        #expect(bench.undiscarded.contains { $0.index <= mark.index })
        let recovery = Recovery(incarnation: 2, seed: 1, snapshot: bench.snapshot, log: bench.undiscarded)
        let again = try CommitBench(1, recovery: recovery)
        #expect(again.node.participant.branches.filter { $0.state == .prepared }.count == 1)
        again.receive(.commit(id: 10))
        #expect(again.node.participant.branches.allSatisfy { $0.state == .free })
        #expect(again.node.participant.balance(of: 0) == 996)
    }

    @Test("readers and waiters of a coordinator that fell silent are let go; prepared branches never")
    func lettingGo() throws {
        let bench = try Self.open()
        bench.receive(CommitBench.begin(10, Self.post(0, -10)))
        bench.receive(CommitBench.begin(9, Self.post(0, -1)))
        bench.now += .seconds(60)
        bench.step(.timer(TwoPhaseCommit.tickTimer))
        #expect(bench.node.participant.waiting.isEmpty)
        #expect(bench.node.participant.branchCount == 1)
        #expect(bench.receive(CommitBench.begin(12, Self.post(0, -1))).votes == [.no(.lockConflict)])
    }

    @Test("an unreadable log halts the node")
    func unreadable() throws {
        let record = LogRecord(index: LogIndex(1), tag: 1, kind: 1, payload: Bytes([9]))
        let bench = try CommitBench(1, recovery: Recovery(incarnation: 2, seed: 1, log: [record]))
        let isHalted = bench.effects.list.contains { if case .halt = $0 { true } else { false } }
        #expect(isHalted)
    }
}

private struct Failure: Error {}

@Suite("Sharding")
struct ShardingTests {
    @Test("a range's places at all participants are the range", arguments: 1...8)
    func places(participants: Int) {
        let sharding = Sharding(participants: participants)
        for first in UInt32(0)..<12 {
            for count in UInt32(0)..<12 {
                for participant in 0..<participants {
                    let expected = (first..<first + count).filter { sharding.participant(of: $0) == participant }
                        .map { sharding.place(of: $0) }
                    let places = sharding.places(first: first, count: count, at: participant)
                    #expect(Array(places) == expected)
                }
            }
        }
    }
}
