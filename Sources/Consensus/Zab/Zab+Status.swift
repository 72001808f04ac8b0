import ProtocolKit

extension Zab {
    /// Role, phase, epochs and how far the history is.
    public var status: NodeStatus {
        let name =
            switch role {
            case .looking: "looking"
            case .observing: "observing"
            case .following: "follower"
            case .leading: "leader"
            }
        return NodeStatus(
            role: name, isLeader: role == .leading && phase == .broadcast, leader: leader,
            facts: [
                ("phase", "\(phase)"), ("accepted_epoch", "\(acceptedEpoch)"), ("current_epoch", "\(currentEpoch)"),
                ("last_zxid", "\(history.lastZxid)"), ("applied_zxid", "\(appliedZxid)"),
                ("commit_index", "\(commitIndex)"), ("last_applied", "\(lastApplied)"),
                ("first_index", "\(history.base.index.next)"), ("last_index", "\(history.lastIndex)"),
                ("snapshot_index", "\(snapshots.stored?.index ?? .zero)"),
            ])
    }
}
