import ProtocolKit

extension MultiPaxos {
    /// Role, ballots and how far the log is.
    public var status: NodeStatus {
        let name =
            switch role {
            case .follower: isLearner ? "learner" : "follower"
            case .candidate: "candidate"
            case .leader: "leader"
            }
        return NodeStatus(
            role: name, isLeader: role == .leader, leader: leader,
            facts: [
                ("ballot", "\(role == .leader ? ballot : throughBallot)"), ("promised", "\(promised)"),
                ("decided", "\(decided)"), ("applied", "\(applied)"), ("first_slot", "\(slots.base.next)"),
                ("last_slot", "\(slots.last)"), ("snapshot_slot", "\(snapshots.stored?.index ?? .zero)"),
            ])
    }
}
