/// Judges the bank workload: all or nothing for every transfer, and no money made or lost.
///
/// The properties are those of atomic commitment as Bernstein, Hadzilacos & Goodman state them ("Concurrency Control and
/// Recovery in Database Systems", 1987, section 7.3): AC1, all participants that decide reach the same decision; AC2, a
/// decision is not reversed; AC3, commit only if all voted yes. (AC4 and AC5 are about progress.) With them: what was
/// acknowledged as committed stays, what was called aborted left no trace, and balances add up.
public enum AtomicityChecker {
    /// Judges `history`.
    ///
    /// Unknown when nothing committed, when neither balances nor audits were read, when a transaction is still in doubt
    /// on a participant, when transfers without an answer can't be told apart by their effects, or when that could not be
    /// found out before `deadline`; a violation found by then outranks that.
    ///
    /// - Complexity: O(n log n) in transfers, log entries and audits.
    public static func check(_ history: BankHistory, deadline: ContinuousClock.Instant? = nil) -> Verdict {
        if let deadline, ContinuousClock.now >= deadline { return .unknown(reason: "no time was left to judge") }
        if let reason = reasonNotToJudge(history) { return .unknown(reason: reason) }
        let decisions = TransactionDecisions(history)
        var verdicts = [decisions.verdict, audits(history)]
        if let final = history.finalBalances {
            verdicts.append(conservation(history, final))
            verdicts.append(BalanceExplanation(history, decisions, final, deadline: deadline).verdict)
        } else if history.audits.isEmpty {
            verdicts.append(.unknown(reason: "neither final balances nor audits were read"))
        }
        let hasCommitted = decisions.hasCommits || history.transfers.contains { $0.outcome == .committed }
        if !hasCommitted { verdicts.append(.unknown(reason: "no transfer committed")) }
        return Verdict.combined(verdicts)
    }

    private static func reasonNotToJudge(_ history: BankHistory) -> String? {
        let accounts = history.initialBalances.count
        if history.transfers.isEmpty { return "no transfers" }
        if let final = history.finalBalances, final.count != accounts {
            return "\(accounts) accounts at the start, \(final.count) at the end"
        }
        if let stray = history.transfers.first(where: { max($0.from, $0.to) >= accounts }) {
            return "transfer \(stray.transaction) names an account that does not exist"
        }
        if !history.homes.isEmpty {
            guard history.homes.count == accounts, history.homes.allSatisfy(history.participantLogs.indices.contains)
            else { return "the accounts' homes do not fit the accounts and participants" }
        }
        let transactions = history.transfers.map(\.transaction).sorted()
        if let twice = zip(transactions, transactions.dropFirst()).first(where: { $0 == $1 }) {
            return "two transfers are called \(twice.0)"
        }
        return nil
    }

    private static func audits(_ history: BankHistory) -> Verdict {
        let total = history.initialBalances.reduce(0, &+)
        guard let wrong = history.audits.first(where: { $0.total != total }) else { return .correct }
        let concurrent = history.transfers.filter {
            $0.invokedNanoseconds <= wrong.returnedNanoseconds && $0.returnedNanoseconds >= wrong.invokedNanoseconds
        }
        return .violated(
            Counterexample(
                summary: "conservation: an audit found \(wrong.total) in all, not \(total)",
                events: [wrong.event] + concurrent.prefix(12).map(\.event)))
    }

    private static func conservation(_ history: BankHistory, _ final: [Int64]) -> Verdict {
        let before = history.initialBalances.reduce(0, &+)
        let after = final.reduce(0, &+)
        if before == after { return .correct }
        return .violated(
            Counterexample(summary: "conservation: \(before) at the start, \(after) at the end"))
    }
}
