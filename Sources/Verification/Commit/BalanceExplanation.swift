/// Whether the final balances are what the transfers that took effect make of the initial ones.
///
/// Transfers of unknown fate may have taken effect or not. They are settled one by one: an account that only one of them
/// touches tells by its balance whether that one took effect, which settles its other account further. What is left in
/// the end is a subset-sum problem; a small one is tried out, a large one is unknown.
struct BalanceExplanation {
    private(set) var verdict = Verdict.correct

    private var missing: [Int64]
    private var open: [TransferRecord]
    /// For each account the indices in `open` that touch it and are not settled.
    private var touching: [[Int]]
    private static let largestTrial = 20
    private let deadline: ContinuousClock.Instant?
    private var trials = 0

    init(
        _ history: BankHistory, _ decisions: TransactionDecisions, _ final: [Int64],
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.deadline = deadline
        missing = zip(final, history.initialBalances).map { $0 &- $1 }
        open = []
        touching = Array(repeating: [], count: final.count)
        for transfer in history.transfers {
            switch decisions.fate(transfer) {
            case .committed: apply(transfer)
            case .aborted: break
            case .unknown where transfer.from == transfer.to || transfer.amount == 0: break
            case .unknown:
                touching[Int(transfer.from)].append(open.count)
                touching[Int(transfer.to)].append(open.count)
                open.append(transfer)
            }
        }
        settle()
    }

    private mutating func apply(_ transfer: TransferRecord) {
        missing[Int(transfer.from)] &+= transfer.amount
        missing[Int(transfer.to)] &-= transfer.amount
    }

    private var isOutOfTime: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }

    private static let late = Verdict.unknown(reason: "out of time among the transfers without an answer")

    private mutating func settle() {
        var queue = Array(touching.indices)
        var steps = 0
        while let account = queue.popLast() {
            steps += 1
            if steps % 1024 == 0, isOutOfTime {
                verdict = Self.late
                return
            }
            if touching[account].isEmpty {
                if missing[account] != 0 {
                    verdict = unexplained(account)
                    return
                }
            } else if touching[account].count == 1 {
                let index = touching[account][0]
                let transfer = open[index]
                if missing[account] != 0 { apply(transfer) }
                for end in [Int(transfer.from), Int(transfer.to)] {
                    touching[end].removeAll { $0 == index }
                    queue.append(end)
                }
            }
        }
        let left = Set(touching.joined()).sorted()
        if left.isEmpty { return }
        if left.count > Self.largestTrial {
            verdict = .unknown(
                reason: "\(left.count) transfers without an answer can't be told apart by the final balances")
        } else {
            switch isExplained(left[...]) {
            case true?: break
            case false?: verdict = unexplained(missing.firstIndex { $0 != 0 } ?? 0)
            case nil: verdict = Self.late
            }
        }
    }

    /// Whether some of the transfers left explain what is missing; nil when time ran out.
    private mutating func isExplained(_ left: ArraySlice<Int>) -> Bool? {
        trials += 1
        if trials % 256 == 0, isOutOfTime { return nil }
        guard let index = left.first else { return missing.allSatisfy { $0 == 0 } }
        let without = isExplained(left.dropFirst())
        if without != false { return without }
        let transfer = open[index]
        apply(transfer)
        defer {
            missing[Int(transfer.from)] &-= transfer.amount
            missing[Int(transfer.to)] &+= transfer.amount
        }
        return isExplained(left.dropFirst())
    }

    private func unexplained(_ account: Int) -> Verdict {
        let summary = "atomicity: account \(account) differs by \(missing[account]) from what the transfers explain"
        let notes = missing.indices.filter { missing[$0] != 0 && $0 != account }.prefix(8)
            .map { "  account \($0) differs by \(missing[$0])" }
        return .violated(Counterexample(summary: summary, notes: notes))
    }
}
