import ProtocolKit

extension Raft {
    /// Role, term and how far the log is.
    public var status: NodeStatus {
        let name =
            switch role {
            case .follower: "follower"
            case .preCandidate: "pre-candidate"
            case .candidate: "candidate"
            case .leader: "leader"
            }
        return NodeStatus(
            role: name, isLeader: role == .leader, leader: leader,
            facts: [
                ("term", "\(currentTerm)"), ("commit_index", "\(commitIndex)"), ("last_applied", "\(lastApplied)"),
                ("first_index", "\(log.baseIndex.next)"), ("last_index", "\(log.lastIndex)"),
                ("snapshot_index", "\(snapshots.stored?.index ?? .zero)"),
            ])
    }
}
