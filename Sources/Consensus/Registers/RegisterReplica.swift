import ByteCoding
import ProtocolKit

/// A replica of all registers that also coordinates its clients' operations: no node leads.
///
/// The algorithm is that of Attiya, Bar-Noy & Dolev, "Sharing Memory Robustly in Message-Passing Systems" (1995), for many
/// writers as Lynch & Shvartsman have it (1997), with quorums counted in votes after Gifford, "Weighted Voting for
/// Replicated Data" (1979); ``ABDSystem`` and ``VotingSystem`` are its two settings. An operation has two phases:
///
/// 1. *Query*: the coordinator asks the replicas for the tag that they hold, a read for the value too, until a quorum has
///    answered.
/// 2. *Store*: a write stores its value under a higher tag than any found; a read stores what it has found. Each replica
///    keeps the value with the highest tag and acknowledges once that is durable. With a quorum's acknowledgements the
///    client is answered.
///
/// What has come since the last turn goes through a phase together: one message to each replica, one back. Messages that
/// aren't answered are sent again by a timer; a phase's effect is the same however often it is done. A replica that
/// restarts needs nothing from the others: what it acknowledged is on its disk, and quorums know the rest. One whose disk
/// is lost must recover from a quorum before it answers queries (Michael et al. 2017).
public struct RegisterReplica: ProtocolNode, Sendable {
    /// Between replicas.
    public typealias Message = RegisterMessage
    /// From clients.
    public typealias Request = KeyValueRequest
    /// To clients.
    public typealias Response = KeyValueResponse

    /// Who this is.
    public let id: NodeID
    let members: ContiguousArray<NodeID>
    /// The own place among the members.
    let place: Int
    let assignment: VoteAssignment
    /// The places of the other replicas that have votes.
    let others: ContiguousArray<Int>
    let options: RegisterOptions
    /// Why it can't work as it is set, if so.
    private let misfit: String?
    var isHalted = false
    var incarnation = UInt64(0)

    // What it holds.
    var store = RegisterStore()
    var lastIndex = LogIndex.zero
    var persistedThrough = Ticket.none
    var snapshots = SnapshotWriter<RegisterStore>()
    var bytesSinceSnapshot = 0
    /// What the turn has stored for each replica: acknowledged together.
    var owed: ContiguousArray<OwedAcknowledgement>

    // What it coordinates.
    /// Operations that wait for their first phase; writes are in the second where their quorum is another than reads'.
    var gathered: ContiguousArray<ContiguousArray<RegisterOperation>> = [[], []]
    /// Operations that wait for their second phase.
    var storing: ContiguousArray<RegisterOperation> = []
    var rounds = RegisterRounds()
    /// Rounds whose entries the own replica doesn't hold durably yet.
    var ownStores = Fifo<OwnStore>()
    var tagCounter = UInt64(0)
    var operationCount = 0
    var operationBytes = 0
    var isResendSet = false
    /// Which peers' links are up, a bit for each place.
    var linked = UInt64(0)

    // Lost disks.
    var hardState = RegisterHardState()
    /// What the hard state says is durable once this ticket is.
    var hardStateTicket = Ticket.none
    /// What was last written of it; what is heard from others is written only where somebody must rely on it.
    var writtenReplacements = Replacements()
    var recovery: RegisterRecovery?

    /// What the last step did, for invariants.
    var observed = RegisterObservations()

    struct OwedAcknowledgement: Sendable {
        var rounds: ContiguousArray<UInt64> = []
        var ticket = Ticket.none
    }

    struct OwnStore: Sendable {
        let ticket: Ticket
        let round: UInt64
    }

    /// A replica as it is before its start.
    ///
    /// - Parameters:
    ///   - members: all replicas, this one included.
    ///   - assignment: votes by place in the order of the members' numbers.
    ///   - misfit: why it can't work like this; then it halts at its start.
    public init(
        id: NodeID, members: [NodeID], assignment: VoteAssignment, options: RegisterOptions = RegisterOptions(),
        misfit: String? = nil
    ) {
        precondition(members.count <= RegisterLimits.nodes, "answers are counted in 64 bits")
        precondition(assignment.votes.count == members.count, "every member has a number of votes")
        self.id = id
        self.members = ContiguousArray(members.sorted())
        guard let place = self.members.firstIndex(of: id) else {
            preconditionFailure("replica \(id) is not among the members")
        }
        self.place = place
        self.assignment = assignment
        others = ContiguousArray(assignment.voters.filter { $0 != place })
        self.options = options
        self.misfit = misfit
        owed = ContiguousArray(repeating: OwedAcknowledgement(), count: members.count)
    }

    /// Handles one input.
    public mutating func step(_ input: Input<Self>, at now: Now, effects: inout Effects<Self>) {
        guard !isHalted else { return }
        observed.reset()
        switch input {
        case .request(let request, let token): accept(request, token, effects: &effects)
        case .message(let message, let from): receive(message, from: from, at: now, effects: &effects)
        case .turnEnded: endTurn(at: now, effects: &effects)
        case .persisted(let ticket): persisted(through: ticket, effects: &effects)
        case .start(let recovery): start(recovery, at: now, effects: &effects)
        case .timer(RegisterTimer.resend): resendDue(at: now, effects: &effects)
        case .timer(RegisterTimer.snapshot): writeSnapshot(at: now, effects: &effects)
        case .timer(RegisterTimer.transfer): askForTransfers(at: now, effects: &effects)
        case .linkUp(let peer): linkUp(peer, effects: &effects)
        case .linkDown(let peer): if let place = place(of: peer) { linked &= ~(1 << UInt64(place)) }
        case .timer, .clientGone, .snapshotRead: break
        }
    }

    private mutating func receive(
        _ message: RegisterMessage, from: NodeID, at now: Now, effects: inout Effects<Self>
    ) {
        guard let sender = place(of: from) else { return }
        switch message {
        case .query(let query): answer(query, to: from, effects: &effects)
        case .answer(let answer): count(answer, from: sender, effects: &effects)
        case .store(let request): keep(request, from: sender, effects: &effects)
        case .stored(let acknowledgement): count(acknowledgement, from: sender, effects: &effects)
        case .transferRequest(let request): help(request, from: sender, effects: &effects)
        case .transferPart(let part): take(part, from: sender, effects: &effects)
        }
    }

    /// Sends what the turn has collected.
    private mutating func endTurn(at now: Now, effects: inout Effects<Self>) {
        beginQueries(at: now, effects: &effects)
        beginStores(at: now, effects: &effects)
        acknowledge(effects: &effects)
        if !isResendSet, !rounds.isEmpty {
            isResendSet = true
            effects.setTimer(RegisterTimer.resend, at: now.monotonic + options.resendInterval)
        }
        if bytesSinceSnapshot >= options.snapshotBytes { beginSnapshot(effects: &effects) }
        if snapshots.isWriting { writeSnapshot(at: now, effects: &effects) }
    }

    private mutating func persisted(through ticket: Ticket, effects: inout Effects<Self>) {
        persistedThrough = max(persistedThrough, ticket)
        while let own = ownStores.first, own.ticket <= ticket {
            ownStores.removeFirst()
            countStored(own.round, from: place, effects: &effects)
        }
        if recovery != nil { endRecoveryIfDurable(effects: &effects) }
        if snapshots.ticket != .none { snapshotPersisted(through: ticket, effects: &effects) }
    }

    /// The place of a replica; nil for a stranger.
    func place(of member: NodeID) -> Int? {
        for place in members.indices where members[place] == member { return place }
        return nil
    }

    /// Takes over what was found on disk.
    private mutating func start(_ found: Recovery, at now: Now, effects: inout Effects<Self>) {
        incarnation = found.incarnation
        if let misfit { return halt(misfit, effects: &effects) }
        recover(found, effects: &effects)
        guard !isHalted else { return }
        if found.isReplacement, options.mutation != .trustReplacement {
            hardState.isRecovering = true
            _ = hardState.replacements.note(incarnation, at: place)
            writeHardState(effects: &effects)
        }
        if hardState.isRecovering { beginRecovery(at: now, effects: &effects) }
    }

    /// Stops for a reason that people read.
    mutating func halt(_ reason: String, effects: inout Effects<Self>) {
        isHalted = true
        effects.halt(reason)
    }

    /// Whether quorums can be reached over the links that are up.
    private var canServe: Bool {
        let votes = others.reduce(assignment.votes[place]) {
            linked & 1 << UInt64($1) != 0 ? $0 + assignment.votes[$1] : $0
        }
        return votes >= max(assignment.read, assignment.write)
    }

    /// What the replica is, for people. Every replica that reaches a quorum serves its clients best.
    public var status: NodeStatus {
        NodeStatus(
            role: hardState.isRecovering ? "recovering" : "replica", isLeader: canServe,
            facts: [
                ("incarnation", "\(incarnation)"), ("votes", "\(assignment.votes[place])"),
                ("registers", "\(store.count)"), ("rounds", "\(rounds.queries + rounds.stores)"),
                ("operations", "\(operationCount)"),
            ])
    }
}

/// The timers of a replica.
enum RegisterTimer {
    /// Messages that weren't answered are sent again.
    static let resend = TimerID(1)
    /// The next chunk of a snapshot is due though nothing else happens.
    static let snapshot = TimerID(2)
    /// A replica without its disk asks again.
    static let transfer = TimerID(3)
}
