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
        let configuration = configurations.latest
        func list(_ nodes: [NodeID]) -> String { nodes.map(\.description).joined(separator: ",") }
        return NodeStatus(
            role: name, isLeader: role == .leader, leader: leader,
            facts: [
                ("term", "\(currentTerm)"), ("commit_index", "\(commitIndex)"), ("last_applied", "\(lastApplied)"),
                ("first_index", "\(log.baseIndex.next)"), ("last_index", "\(log.lastIndex)"),
                ("snapshot_index", "\(snapshots.stored?.index ?? .zero)"),
                ("voters", list(configuration.voters.map(\.node))),
                ("outgoing_voters", list(configuration.outgoing.map(\.node))),
                ("learners", list(configuration.learners)), ("configuration_index", "\(configurations.latestIndex)"),
                ("disk_birth", "\(birth)"),
            ])
    }
}
