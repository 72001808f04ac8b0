/// The state of one replica after all is quiet.
public struct ReplicaState: Sendable, Hashable {
    /// The replica's name.
    public var replica: String
    /// How far it has applied: its log index, or the number of operations.
    public var applied: UInt64
    /// A digest of its whole state, equal exactly when states are.
    public var digest: UInt64

    /// The state of `replica`.
    public init(replica: String, applied: UInt64, digest: UInt64) {
        self.replica = replica
        self.applied = applied
        self.digest = digest
    }
}

/// Judges whether replicas end up in the same state once messages have ceased.
public enum ReplicaConvergence {
    /// Correct when all digests are equal; unknown with fewer than two replicas or when nothing was applied.
    public static func check(_ replicas: [ReplicaState]) -> Verdict {
        guard let first = replicas.first, replicas.count > 1 else {
            return .unknown(reason: "convergence needs at least two replicas")
        }
        if replicas.allSatisfy({ $0.digest == first.digest }) {
            let hasApplied = replicas.contains { $0.applied > 0 }
            return hasApplied ? .correct : .unknown(reason: "nothing was applied on any replica")
        }
        let width = replicas.map(\.replica.count).max() ?? 0
        let lines = replicas.map { state in
            let name = state.replica + String(repeating: " ", count: width - state.replica.count)
            return "  \(name)  applied \(state.applied)  digest \(String(state.digest, radix: 16))"
        }
        let states = Set(replicas.map(\.digest)).count
        return .violated(
            Counterexample(summary: "convergence: \(replicas.count) replicas in \(states) states", notes: lines))
    }
}
