import ByteCoding
import ProtocolKit

/// A node of two-phase commit with presumed abort: node 0 is the coordinator, the others are participants.
///
/// Sources: Gray, "Notes on Data Base Operating Systems", 1978; presumed abort and the read-only vote: Mohan, Lindsay &
/// Obermarck, "Transaction Management in the R* Distributed Database Management System", TODS 11(4), 1986.
///
/// What it survives: crashes of any node and lost, repeated and reordered messages. What it doesn't: while the coordinator
/// is down, participants that have voted yes keep their locks and wait; that is the blocking of two-phase commit.
public struct TwoPhaseCommit: ProtocolNode, Sendable {
    /// What nodes send each other.
    public typealias Message = TwoPhaseMessage
    /// What clients ask.
    public typealias Request = BankRequest
    /// What clients are answered.
    public typealias Response = BankResponse

    static let tickTimer = TimerID(1)
    static let acknowledgementTimer = TimerID(2)
    static let retryTimer = TimerID(3)

    /// Whether this node coordinates. Both parts exist in every node and one of them stays empty, so that a step changes
    /// them in place instead of taking an enum's payload out and putting it back.
    let isCoordinator: Bool
    var coordinator: Coordinator
    var participant: Participant

    init(id: NodeID, members: Int, settings: TwoPhaseSettings) {
        let sharding = Sharding(participants: members - 1)
        isCoordinator = id == NodeID(0)
        coordinator = Coordinator(sharding: sharding, settings: settings)
        participant = Participant(number: Int(id.rawValue) - 1, sharding: sharding, settings: settings)
    }

    /// Handles one input.
    public mutating func step(
        _ input: Input<TwoPhaseCommit>, at now: Now, effects: inout Effects<TwoPhaseCommit>
    ) {
        let time = now.monotonic
        if !isCoordinator { participant.decidedNow.removeAll(keepingCapacity: true) }
        switch input {
        case .start(let recovery): start(recovery, time, &effects)
        case .message(let message, let node):
            if isCoordinator {
                coordinator.receive(message, from: node, time, &effects)
            } else if node == Participant.coordinator {
                participant.receive(message, time, &effects)
            }
        case .request(let request, let token):
            if isCoordinator {
                coordinator.begin(request.operation, token, time, &effects)
            } else {
                effects.count(.redirected)
                effects.reply(.refused(.redirect(Participant.coordinator)), to: token)
            }
        case .timer(Self.tickTimer):
            if isCoordinator { coordinator.tick(time, &effects) } else { participant.tick(time, &effects) }
        case .timer(Self.acknowledgementTimer):
            participant.isAcknowledging = false
            participant.sendAcknowledgements(&effects)
        case .timer(Self.retryTimer): coordinator.retry(time, &effects)
        case .linkUp(let node):
            if isCoordinator { coordinator.linkUp(node, &effects) } else { participant.linkUp(node, time, &effects) }
        case .timer, .clientGone, .linkDown, .persisted, .snapshotRead, .turnEnded: break
        }
    }

    private mutating func start(_ recovery: Recovery, _ now: UInt64, _ effects: inout Effects<TwoPhaseCommit>) {
        do {
            if isCoordinator {
                try coordinator.recover(recovery, now, &effects)
            } else {
                try participant.recover(recovery, now, &effects)
            }
        } catch {
            effects.halt("the log or checkpoint of node \(isCoordinator ? 0 : participant.number + 1): \(error)")
        }
        if recovery.incarnation > 1 { effects.count(.recovered) }
    }

    /// What is under way, for people.
    public var status: NodeStatus {
        isCoordinator
            ? NodeStatus(
                role: "coordinator", isLeader: true, leader: NodeID(0),
                facts: [
                    ("transactions", "\(coordinator.transactionCount)"), ("log", "\(coordinator.log.last)"),
                ])
            : NodeStatus(
                role: "participant", isLeader: false, leader: NodeID(0),
                facts: [
                    ("branches", "\(participant.branchCount)"), ("waiting", "\(participant.waiting.count)"),
                    ("accounts", "\(participant.balances.count)"), ("log", "\(participant.log.last)"),
                ])
    }
}
