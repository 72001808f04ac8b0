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

extension MultiPaxos: PaxosNode {
    var acceptanceTicket: Ticket { journal.ticket }
    var durableTicket: Ticket { durable.persistedThrough }
    var isVoter: Bool { !isLearner }

    /// A leader's own no-op or tick, or a command for which a client waits here.
    func hasProposed(_ record: LogRecord) -> Bool? {
        guard role == .leader, record.tag == ballot.rawValue else { return false }
        switch record.kind {
        case EntryKind.noOperation.rawValue: return record.payload.isEmpty
        case EntryKind.tick.rawValue: return true
        default:
            let last = awaited.commands.count - 1
            return last >= 0 && awaited.commands[last].slot == record.index
                && awaited.commands[last].birth == ballot
        }
    }
}
