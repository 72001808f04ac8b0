import ProtocolKit

/// AC1 and AC2: all participants that decide reach the same decision, and none reverses one (Bernstein, Hadzilacos &
/// Goodman 1987, section 7.2).
struct OneOutcome: Invariant {
    let name = "one outcome"
    private var outcomes: [UInt64: (committed: Bool, node: Int)] = [:]

    mutating func check(_ nodes: NodeStates<TwoPhaseCommit>, changed: Int) -> String? {
        guard !nodes[changed].isCoordinator else { return nil }
        for decision in nodes[changed].participant.decidedNow {
            if let former = outcomes[decision.id.rawValue] {
                guard former.committed != decision.committed else { continue }
                let words = decision.committed ? ("commits", "aborted") : ("aborts", "committed")
                return "node \(changed) \(words.0) transaction \(decision.id), which node \(former.node) \(words.1)"
            }
            outcomes[decision.id.rawValue] = (decision.committed, changed)
        }
        return nil
    }
}

/// No account is overdrawn: a participant that votes yes can do what it has promised.
struct NoOverdraft: Invariant {
    let name = "no overdraft"

    mutating func check(_ nodes: NodeStates<TwoPhaseCommit>, changed: Int) -> String? {
        guard !nodes[changed].participant.decidedNow.isEmpty else { return nil }
        guard let place = nodes[changed].participant.balances.firstIndex(where: { ($0 ?? 0) < 0 }) else { return nil }
        return "node \(changed) keeps an overdrawn account at place \(place)"
    }
}
