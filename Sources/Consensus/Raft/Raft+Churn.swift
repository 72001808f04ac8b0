import ProtocolKit
import Workload

// Random changes of the membership and of the leadership, for simulations: the leader asks itself for them.
extension Raft {
    /// Fewer voters than this are not left over, so that a lost disk never takes the only copy with it.
    private static var fewestVoters: Int { 3 }

    mutating func beginChurn(at now: Now, effects: inout Effects<Self>) {
        guard options.churnInterval > 0 else { return }
        let pause = 1 + UInt64(random.exponential(mean: Double(options.churnInterval)))
        effects.setTimer(RaftTimer.churn, at: now.monotonic + pause)
    }

    /// Asks for one change; one that makes no sense at the moment is refused like anyone's.
    mutating func churn(at now: Now, effects: inout Effects<Self>) {
        guard role == .leader else { return }
        beginChurn(at: now, effects: &effects)
        // A cluster that serves nobody comes to rest.
        guard hasServed(since: churnedAt) else { return }
        churnedAt = lastApplied
        guard let request = randomChange() else { return }
        do {
            if case .transfer(let node) = request {
                try handOver(to: node, nil, at: now, effects: &effects)
            } else {
                try change(request, at: now, effects: &effects)
            }
        } catch { return }
    }

    /// Whether a command has been applied after an index.
    private func hasServed(since index: LogIndex) -> Bool {
        var index = max(index, log.baseIndex).next
        while index <= lastApplied {
            if log[index].kind == EntryKind.command.rawValue { return true }
            index = index.next
        }
        return false
    }

    private mutating func randomChange() -> RaftAdministration? {
        let configuration = configurations.latest
        let node = random.below(peers.count + 1)
        let some = node == peers.count ? id : peers[node].id
        let isVoter = configuration.voter(some) != nil
        if isVoter, random.chance(0.3) { return .transfer(some) }
        if !configuration.learners.isEmpty, random.chance(0.4) {
            var nodes = configuration.voters.map(\.node) + configuration.learners
            random.shuffle(&nodes)
            let floor = min(Self.fewestVoters, nodes.count)
            return .setVoters(Array(nodes.prefix(floor + random.below(nodes.count - floor + 1))))
        }
        guard configuration.contains(some) else { return .addLearner(some) }
        if !isVoter { return random.chance(0.8) ? .promote(some) : .remove(some) }
        return configuration.voters.count > Self.fewestVoters ? .remove(some) : nil
    }
}
