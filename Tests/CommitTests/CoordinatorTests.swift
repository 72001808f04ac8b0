import ProtocolKit
import Testing

@testable import Commit

@Suite("Coordinator, step by step")
struct CoordinatorTests {
    static let first = UInt64(1) << 40 | 1
    static let transfer = BankOperation.transfer(id: 7, from: 0, to: 1, amount: 10)

    @Test("all votes of yes: the commit record is forced before client and participants are told")
    func commits() throws {
        let bench = try CommitBench(0)
        let begun = bench.ask(Self.transfer)
        #expect(begun.sends.map(\.to) == [1, 2])
        #expect(begun.kinds.isEmpty)
        #expect(bench.receive(CommitBench.yes(Self.first), from: 1).isEmpty)
        let decided = bench.receive(CommitBench.yes(Self.first), from: 2)
        #expect(decided.kinds == [.commit])
        #expect(decided.replies.map(\.response) == [.result(.committed)])
        #expect(decided.replies[0].after == bench.effects.lastTicket)
        #expect(decided.messages == [.commit(id: Self.first), .commit(id: Self.first)])
        #expect(decided.sends.allSatisfy { $0.after == bench.effects.lastTicket })
    }

    @Test("the same vote twice is one vote")
    func oneVoteEach() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        #expect(bench.receive(CommitBench.yes(Self.first), from: 1).kinds.isEmpty)
        #expect(bench.receive(CommitBench.yes(Self.first), from: 3).kinds.isEmpty, "a stranger's vote")
    }

    @Test("one no: aborted without a record, told to the others only, and forgotten")
    func aborts() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 2)
        let effects = bench.receive(CommitBench.no(Self.first, .insufficientFunds), from: 1)
        #expect(effects.kinds.isEmpty)
        #expect(effects.sends.map(\.to) == [2])
        #expect(effects.messages == [.abort(id: Self.first)])
        #expect(effects.replies.map(\.response) == [.result(.aborted(.insufficientFunds))])
        #expect(bench.node.coordinator.transactionCount == 0)
        #expect(bench.log.isEmpty)
    }

    @Test("a missing vote is an abort when its time is up")
    func timesOut() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        bench.now += .milliseconds(999)
        #expect(bench.step(.timer(TwoPhaseCommit.tickTimer)).replies.isEmpty)
        bench.now += .milliseconds(1)
        let effects = bench.step(.timer(TwoPhaseCommit.tickTimer))
        #expect(effects.replies.map(\.response) == [.result(.aborted(.unavailable))])
        #expect(effects.messages == [.abort(id: Self.first), .abort(id: Self.first)])
    }

    @Test("many time-outs at once leave the later transactions to be sent again")
    func manyTimeouts() throws {
        let bench = try CommitBench(0)
        for number in UInt64(0)..<1_100 { bench.ask(Self.transfer, number) }
        bench.now += .milliseconds(700)
        for number in UInt64(1_100)..<1_110 { bench.ask(Self.transfer, number) }
        bench.now += .milliseconds(300)
        let effects = bench.step(.timer(TwoPhaseCommit.tickTimer))
        #expect(effects.replies.count == 1_100)
        let prepared = effects.messages.count { if case .prepare = $0 { true } else { false } }
        #expect(prepared == 20)
        #expect(bench.node.coordinator.transactionCount == 10)
    }

    @Test("who asks about an unknown transaction is told that it aborted; about an undecided one, nothing")
    func presumedAbort() throws {
        let bench = try CommitBench(0)
        #expect(bench.receive(.inquire(id: 5), from: 1).messages == [.abort(id: 5)])
        bench.ask(Self.transfer)
        #expect(bench.receive(.inquire(id: Self.first), from: 1).isEmpty)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        bench.receive(CommitBench.yes(Self.first), from: 2)
        let answer = bench.receive(.inquire(id: Self.first), from: 1)
        #expect(answer.messages == [.commit(id: Self.first)])
        #expect(answer.sends[0].after == bench.effects.lastTicket, "not before the record is durable")
    }

    @Test("all acknowledgements: the transaction is forgotten, and the end recorded with the next commit")
    func ends() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        bench.receive(CommitBench.yes(Self.first), from: 2)
        #expect(bench.receive(.acknowledge([Self.first]), from: 1).kinds.isEmpty)
        #expect(bench.receive(.acknowledge([Self.first]), from: 2).kinds.isEmpty, "not forced")
        #expect(bench.node.coordinator.transactionCount == 0)
        #expect(try bench.restarted().node.coordinator.transactionCount == 1, "sent again, which does no harm")
        bench.ask(Self.transfer, 1)
        bench.receive(CommitBench.yes(Self.first + 1), from: 1)
        #expect(bench.receive(CommitBench.yes(Self.first + 1), from: 2).kinds == [.end, .commit])
        #expect(try bench.restarted().node.coordinator.transactionCount == 1)
    }

    @Test("a commit without its acknowledgements is sent again, after a restart too")
    func sendsAgain() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        bench.receive(CommitBench.yes(Self.first), from: 2)
        bench.receive(.acknowledge([Self.first]), from: 1)
        bench.now += .milliseconds(250)
        let again = bench.step(.timer(TwoPhaseCommit.tickTimer))
        #expect(again.sends.map(\.to) == [2])
        let restarted = try bench.restarted()
        restarted.now += .milliseconds(250)
        let sends = restarted.step(.timer(TwoPhaseCommit.tickTimer)).sends
        #expect(sends.map(\.to) == [1, 2], "who has acknowledged isn't recorded")
        #expect(restarted.receive(.inquire(id: Self.first), from: 2).messages == [.commit(id: Self.first)])
    }

    @Test("a lock conflict is tried again under a new number, then given up")
    func retries() throws {
        let bench = try CommitBench(0, options: VariantOptions([("retries", "1")]))
        bench.ask(Self.transfer)
        let rest = bench.receive(CommitBench.no(Self.first, .lockConflict), from: 1)
        #expect(rest.replies.isEmpty)
        bench.now += .milliseconds(2)
        let again = bench.step(.timer(TwoPhaseCommit.retryTimer))
        guard case .prepare(let begin)? = again.messages.first else { throw Failure() }
        #expect(begin.id.rawValue == Self.first + 1 && begin.age.rawValue == Self.first)
        let given = bench.receive(CommitBench.no(Self.first + 1, .lockConflict), from: 1)
        #expect(given.replies.map(\.response) == [.result(.aborted(.lockConflict))])
    }

    @Test("an audit answers after every participant's read-only vote")
    func audits() throws {
        let bench = try CommitBench(0)
        #expect(bench.ask(.audit).sends.map(\.to) == [1, 2, 3])
        for node in UInt32(1)...3 {
            bench.receive(.values(id: Self.first, stamp: UInt64(node) * 10, values: [Int64(node)]), from: node)
        }
        #expect(
            bench.effects.list.sends.map(\.message) == [10, 20, 30].map { .prepareRead(id: Self.first, stamp: $0) })
        let ballot = TwoPhaseMessage.Ballot(id: TransactionID(Self.first), vote: .readOnly, acknowledged: [])
        #expect(bench.receive(.vote(ballot), from: 1).replies.isEmpty)
        #expect(bench.receive(.vote(ballot), from: 2).replies.isEmpty)
        let effects = bench.receive(.vote(ballot), from: 3)
        #expect(effects.replies.map(\.response) == [.result(.values([1, 2, 3]))])
        #expect(bench.log.isEmpty)
    }

    @Test("a range of balances is put together in account order")
    func ranges() throws {
        let bench = try CommitBench(0)
        bench.ask(.balances(first: 2, count: 4))
        for (node, values) in [(UInt32(1), [Int64(103)]), (2, [104]), (3, [102, 105])] {
            bench.receive(.values(id: Self.first, stamp: 1, values: values), from: node)
        }
        let ballot = TwoPhaseMessage.Ballot(id: TransactionID(Self.first), vote: .readOnly, acknowledged: [])
        for node in UInt32(1)...3 { bench.receive(.vote(ballot), from: node) }
        #expect(bench.effects.list.replies.map(\.response) == [.result(.values([102, 103, 104, 105]))])
    }

    @Test("a transfer to the same account makes no sense; a participant sends clients to the coordinator")
    func refuses() throws {
        let bench = try CommitBench(0)
        let same = bench.ask(.transfer(id: 1, from: 3, to: 3, amount: 1))
        #expect(same.replies.map(\.response) == [.refused(.rejected("the accounts are the same"))])
        let participant = try CommitBench(2)
        #expect(participant.ask(.audit).replies.map(\.response) == [.refused(.redirect(NodeID(0)))])
    }

    @Test("a checkpoint keeps the commits that aren't acknowledged by all, and nothing else")
    func checkpoint() throws {
        let bench = try CommitBench(0, options: VariantOptions([("checkpoint", "10")]))
        for number in UInt64(0)..<20 {
            bench.ask(Self.transfer, number)
            let id = Self.first + number
            bench.receive(CommitBench.yes(id), from: 1)
            bench.receive(CommitBench.yes(id), from: 2)
            if number > 0 {
                bench.receive(.acknowledge([id]), from: 1)
                bench.receive(.acknowledge([id]), from: 2)
            }
        }
        #expect(bench.snapshot != nil)
        #expect(bench.log.count < 10)
        // The first, and the last, whose end waits for the next commit.
        #expect(try bench.restarted().node.coordinator.transactionCount == 2)
        let recovery = Recovery(incarnation: 2, seed: 1, snapshot: bench.snapshot, log: bench.undiscarded)
        let both = try CommitBench(0, recovery: recovery).node.coordinator
        #expect(both.transactions.count == 2, "what the checkpoint contains isn't redone")
    }

    @Test("a PREPARE without an answer is sent again, at once when the link comes back")
    func preparesAgain() throws {
        let bench = try CommitBench(0)
        bench.ask(Self.transfer)
        bench.receive(CommitBench.yes(Self.first), from: 1)
        #expect(bench.step(.linkUp(NodeID(1))).isEmpty)
        #expect(bench.step(.linkUp(NodeID(2))).sends.map(\.to) == [2])
        bench.now += .milliseconds(250)
        #expect(bench.step(.timer(TwoPhaseCommit.tickTimer)).sends.map(\.to) == [2])
    }
}

private struct Failure: Error {}
