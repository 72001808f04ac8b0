import Testing
import Verification
import Workload

@Suite("Atomic commitment of transfers")
struct AtomicityTests {
    private static func transfer(
        _ transaction: UInt64, _ from: UInt32, _ to: UInt32, _ amount: Int64, _ outcome: TransferRecord.Outcome
    ) -> TransferRecord {
        TransferRecord(
            transaction: transaction, from: from, to: to, amount: amount, outcome: outcome, client: 1,
            invokedNanoseconds: 10 * transaction,
            returnedNanoseconds: outcome == .indeterminate ? .max : 10 * transaction + 5)
    }

    private static func log(_ steps: (UInt64, ParticipantEntry.Step)...) -> [ParticipantEntry] {
        steps.map { ParticipantEntry(transaction: $0.0, step: $0.1) }
    }

    /// Two participants, two accounts each; t1 commits, t2 aborts on a no, t3 has no answer and commits.
    private static var good: BankHistory {
        BankHistory(
            initialBalances: [100, 100, 100, 100], finalBalances: [90, 100, 103, 107],
            transfers: [
                transfer(1, 0, 2, 10, .committed), transfer(2, 1, 3, 500, .aborted),
                transfer(3, 2, 3, 7, .indeterminate),
            ],
            audits: [AuditRecord(total: 400, invokedNanoseconds: 12, returnedNanoseconds: 14)],
            participantLogs: [
                log((1, .votedYes), (2, .votedNo), (1, .committed), (2, .aborted)),
                log((1, .votedYes), (1, .committed), (3, .committed)),
            ],
            homes: [0, 0, 1, 1], logsHoldVotes: true)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var plant: @Sendable (inout BankHistory) -> Void
        var testDescription: String { name }
    }

    static let faults: [Fault] = [
        Fault(name: "one participant aborts what the other commits") { $0.participantLogs[1][1].step = .aborted },
        Fault(name: "a participant reverses its decision") {
            $0.participantLogs[0].append(ParticipantEntry(transaction: 1, step: .aborted))
        },
        Fault(name: "commit on a missing vote") { $0.participantLogs[1].remove(at: 0) },
        Fault(name: "commit against a no") { $0.participantLogs[1][0].step = .votedNo },
        Fault(name: "a participant never hears of a commit") { $0.participantLogs[1].removeFirst(2) },
        Fault(name: "an acknowledged commit is lost") { history in
            for log in history.participantLogs.indices {
                history.participantLogs[log].removeAll { $0.transaction == 1 && $0.step == .committed }
            }
            history.finalBalances = [100, 100, 93, 107]
        },
        Fault(name: "what was answered as aborted is committed") { $0.transfers[0].outcome = .aborted },
        Fault(name: "an audit sees half a transfer") { $0.audits[0].total = 390 },
        Fault(name: "money is lost") { $0.finalBalances?[3] = 106 },
        Fault(name: "money is on the wrong account") { $0.finalBalances = [90, 103, 100, 107] },
        Fault(name: "a transfer that nobody asked for") {
            $0.participantLogs[0].append(ParticipantEntry(transaction: 77, step: .committed))
        },
    ]

    @Test("a run in which all went well is correct")
    func correct() {
        #expect(AtomicityChecker.check(Self.good) == .correct)
    }

    @Test("each planted fault is caught", arguments: faults)
    func planted(fault: Fault) {
        var history = Self.good
        fault.plant(&history)
        let verdict = AtomicityChecker.check(history)
        #expect(verdict.isViolated, "\(verdict)")
    }

    @Test("a participant that voted yes and knows no decision leaves the run unknown")
    func inDoubt() {
        var history = Self.good
        history.participantLogs[1].remove(at: 1)
        #expect(AtomicityChecker.check(history).reason?.contains("in doubt") == true)
    }

    @Test("nothing committed, nothing read, or nothing asked for is unknown")
    func vacuous() {
        #expect(AtomicityChecker.check(BankHistory(initialBalances: [1], finalBalances: [1], transfers: [])).isUnknown)
        let aborted = [Self.transfer(1, 0, 1, 5, .aborted)]
        #expect(
            AtomicityChecker.check(BankHistory(initialBalances: [1, 1], finalBalances: [1, 1], transfers: aborted))
                .isUnknown)
        let committed = [Self.transfer(1, 0, 1, 5, .committed)]
        #expect(
            AtomicityChecker.check(BankHistory(initialBalances: [9, 9], finalBalances: nil, transfers: committed))
                .isUnknown)
    }

    @Test("a history that contradicts itself is unknown, not a trap")
    func malformed() {
        var history = Self.good
        history.transfers[0].to = 9
        #expect(AtomicityChecker.check(history).isUnknown)
        history = Self.good
        history.transfers[1].transaction = 1
        #expect(AtomicityChecker.check(history).isUnknown)
        history = Self.good
        history.homes = [0, 0, 1, 2]
        #expect(AtomicityChecker.check(history).isUnknown)
        history = Self.good
        history.finalBalances = [400]
        #expect(AtomicityChecker.check(history).isUnknown)
    }

    @Test("without logs, balances settle which unanswered transfers happened", arguments: 0..<40 as Range<UInt64>)
    func explained(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let accounts = 12
        var final = Array(repeating: 1000 as Int64, count: accounts)
        var transfers = [Self.transfer(1000, 0, 1, 1, .committed)]
        final[0] -= 1
        final[1] += 1
        for transaction in 0..<60 as Range<UInt64> {
            let from = generator.below(accounts)
            let to = (from + 1 + generator.below(accounts - 1)) % accounts
            let isLost = transaction % 6 == 0
            let happens = generator.chance(0.6)
            let amount = Int64(1 + generator.below(1 << 20))
            if happens {
                final[from] -= amount
                final[to] += amount
            }
            transfers.append(
                Self.transfer(
                    transaction, UInt32(from), UInt32(to), amount,
                    isLost ? .indeterminate : happens ? .committed : .aborted))
        }
        let initial = Array(repeating: 1000 as Int64, count: accounts)
        let good = BankHistory(initialBalances: initial, finalBalances: final, transfers: transfers)
        #expect(AtomicityChecker.check(good) == .correct)
        final[3] += 1
        final[4] -= 1
        let bad = BankHistory(initialBalances: initial, finalBalances: final, transfers: transfers)
        #expect(AtomicityChecker.check(bad).isViolated)
    }
}
