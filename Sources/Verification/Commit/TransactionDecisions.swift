/// What became of each transaction, from clients and participants' logs, and whether they agree on it.
struct TransactionDecisions {
    /// Whether a transfer took effect.
    enum Fate {
        case committed, aborted, unknown
    }

    /// The verdict on agreement (AC1, AC2), votes (AC3) and acknowledged outcomes.
    private(set) var verdict = Verdict.correct
    /// Whether any log holds a commit.
    private(set) var hasCommits = false
    private var decided: [UInt64: [Decision]] = [:]
    private let hasLogs: Bool

    private struct Decision {
        var participant: Int
        var step: ParticipantEntry.Step
    }

    init(_ history: BankHistory) {
        hasLogs = !history.participantLogs.isEmpty
        for (participant, log) in history.participantLogs.enumerated() {
            for entry in log {
                decided[entry.transaction, default: []].append(Decision(participant: participant, step: entry.step))
                if entry.step == .committed { hasCommits = true }
            }
        }
        guard hasLogs else { return }
        let known = Set(history.transfers.map(\.transaction))
        for transaction in decided.keys.sorted() {
            verdict = verdict.combined(with: agreement(transaction))
            if !known.contains(transaction), has(transaction, .committed) {
                verdict = verdict.combined(
                    with: violation("transaction \(transaction) committed, but nobody asked for it", transaction))
            }
        }
        for transfer in history.transfers { verdict = verdict.combined(with: judge(transfer, history)) }
    }

    /// Whether `transfer` took effect; logs, where there are any, know better than its client.
    func fate(_ transfer: TransferRecord) -> Fate {
        if hasLogs { return has(transfer.transaction, .committed) ? .committed : .aborted }
        return switch transfer.outcome {
        case .committed: .committed
        case .aborted: .aborted
        case .indeterminate: .unknown
        }
    }

    private func has(_ transaction: UInt64, _ step: ParticipantEntry.Step, at participant: Int? = nil) -> Bool {
        decided[transaction]?.contains { $0.step == step && (participant ?? $0.participant) == $0.participant } ?? false
    }

    /// AC1 and AC2: never a commit here and an abort there, or first the one and then the other.
    private func agreement(_ transaction: UInt64) -> Verdict {
        if has(transaction, .committed), has(transaction, .aborted) {
            return violation("AC1: transaction \(transaction) is committed here and aborted there", transaction)
        }
        if has(transaction, .committed), has(transaction, .votedNo) {
            return violation("AC3: transaction \(transaction) committed although a participant voted no", transaction)
        }
        return .correct
    }

    private func judge(_ transfer: TransferRecord, _ history: BankHistory) -> Verdict {
        let transaction = transfer.transaction
        let isCommitted = has(transaction, .committed)
        if transfer.outcome == .committed, !isCommitted {
            return violation(
                "durability: transaction \(transaction) was acknowledged as committed and is in no log", transaction,
                [transfer.event])
        }
        if transfer.outcome == .aborted, isCommitted {
            return violation(
                "transaction \(transaction) was answered as aborted and is committed", transaction, [transfer.event])
        }
        guard !history.homes.isEmpty else { return .correct }
        let homes = Set([history.homes[Int(transfer.from)], history.homes[Int(transfer.to)]]).sorted()
        for home in homes {
            if isCommitted, homes.count > 1, history.logsHoldVotes, !has(transaction, .votedYes, at: home) {
                return violation(
                    "AC3: transaction \(transaction) committed without a yes of participant \(home)", transaction,
                    [transfer.event])
            }
            let isDecided = has(transaction, .committed, at: home) || has(transaction, .aborted, at: home)
            if isDecided { continue }
            if has(transaction, .votedYes, at: home) {
                return .unknown(reason: "transaction \(transaction) is still in doubt at participant \(home)")
            }
            if isCommitted {
                return violation(
                    "atomicity: transaction \(transaction) is committed, but participant \(home) knows nothing of it",
                    transaction, [transfer.event])
            }
        }
        return .correct
    }

    private func violation(
        _ summary: String, _ transaction: UInt64, _ events: [Counterexample.Event] = []
    ) -> Verdict {
        let lines = (decided[transaction] ?? []).map { "  participant \($0.participant): \($0.step)" }
        return .violated(Counterexample(summary: summary, events: events, notes: lines))
    }
}
