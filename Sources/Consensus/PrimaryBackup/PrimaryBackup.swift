import ByteCoding
import ProtocolKit
import Workload

/// What a node is at the moment.
public enum PrimaryBackupRole: UInt8, Sendable {
    /// Takes updates from a primary, or waits for one; members of the view and others alike.
    case backup
    /// Asks whether it could become primary.
    case asking
    /// Asks for promises.
    case candidate
    /// The primary of its epoch, in office once its first view is agreed.
    case primary
}

/// Primary-backup replication with failover by agreed views.
///
/// The data path is Alsberg & Day's ("A principle for resilient sharing of distributed resources", 1976): clients ask a
/// primary, which sends every write to its backups and answers once all of them hold it (`sync`), or at once (`async`).
/// A synchronous write costs 4 message delays (request, update, answer, reply), 2(N−1) messages and 1 sync delay, since
/// primary and backups sync at the same time; an asynchronous one 2 delays, N−1 messages and 1 sync: backups answer the
/// heartbeats only.
///
/// Who may be primary is agreed, because silence can't be told from a partition: with such failures a primary-backup
/// service needs more than 2f nodes for f faults (Budhiraja, Marzullo, Schneider & Toueg, "The primary-backup
/// approach", 1993). A *view* is a number, a primary and members; it is proposed by the primary of an *epoch* and in
/// force once a majority of *all* nodes has accepted it durably. A primary has the promises of a majority to follow no
/// earlier epoch. Views are PacificA's configurations (Lin et al. 2008) and Kafka's in-sync replica sets, with the
/// configuration manager spread over the nodes themselves, as in Viewstamped Replication (Oki & Liskov 1988).
///
/// **Why an acknowledged write isn't lost** (`sync`). Say that a node is *complete* when its log holds every write
/// acknowledged so far. All members of the newest view in force, and of any later one that was proposed, are complete:
/// 1. A primary acknowledges under its latest view V in force, once all members of V, *and of the view that it proposes
///    at the time*, hold the write durably, and each said so while V's epoch was the latest that it had promised.
/// 2. Within an epoch a view follows another one only when that one is in force. A smaller view loses members: the rest
///    are complete. A larger one gains nodes that hold everything through the commit index and the start of the epoch,
///    and by (1) everything acknowledged from the proposal on.
/// 3. A candidate of a later epoch E takes the newest view W among those that a majority has accepted. A view in force
///    was accepted by a majority, so W isn't older than any that was in force before these promises; and whoever promised
///    E answers no earlier epoch any more. The candidate must be in W: it held, when it promised E itself, all that
///    was or will be acknowledged in earlier epochs, because no such write is acknowledged without its word. So do the
///    other members of W that promised E. They are the first members of its view; others join by (2).
/// 4. A log loses entries only to the log of a later epoch's primary, which is complete by (3).
///
/// A view smaller than the last needs agreement *before* a write is acknowledged without the silent member: otherwise
/// that member could be elected by a majority that knows of no smaller view. With `copies=majority` a view is never
/// smaller than a majority, so that of any majority somebody is in it; with `copies=one` it may shrink to the primary,
/// and then nobody can replace that. With two nodes a majority is both: there is no failover.
///
/// **Reads** are answered by the primary from memory, once it knows that nobody has replaced it since: a later epoch
/// needs the promises of a majority, so the word of a majority that it still follows is enough. That word is asked for
/// by a round of heartbeats, or was given ahead for the time of a lease.
///
/// In the asynchronous form (1) holds for what is *committed* (held by all members), not for what is acknowledged: a
/// failover loses what only the old primary had, though the candidate with the longest log among a majority takes over.
/// The old primary finds its entries in conflict when it returns, takes them back, and rebuilds its state.
public struct PrimaryBackup<Machine: StateMachine>: ProtocolNode, Sendable {
    /// Between nodes.
    public typealias Message = PrimaryBackupMessage
    /// From clients.
    public typealias Request = Machine.Request
    /// To clients.
    public typealias Response = Machine.Response

    /// Who this is.
    public let id: NodeID
    /// All nodes in the order of their numbers.
    @usableFromInline let nodes: ContiguousArray<NodeID>
    /// The own place among them.
    @usableFromInline let place: Int
    @usableFromInline let options: PrimaryBackupOptions

    // What must not be forgotten, beside the log.
    /// The latest epoch that it promised: it follows no earlier one.
    @usableFromInline var promised = ViewEpoch.zero
    /// The latest view that it accepted.
    @usableFromInline var accepted: View
    /// Whether it has lost its disk once, and with it what it promised: its word doesn't count any more.
    @usableFromInline var isReplacement = false
    /// The log in memory; entries are tagged with their epochs.
    @usableFromInline var log = RaftLog()

    // What every node knows.
    /// What it is at the moment.
    @usableFromInline var role = PrimaryBackupRole.backup
    /// The primary of the promised epoch, once known.
    @usableFromInline var primary: NodeID?
    /// Everything through here is held durably by all members of a view that is in force.
    @usableFromInline var commitIndex = LogIndex.zero
    /// The last index applied to the state machine.
    @usableFromInline var lastApplied = LogIndex.zero
    /// The replicated state machine.
    @usableFromInline var machine = Machine()
    /// The state is being rebuilt, because entries that it contained are lost.
    @usableFromInline var rebuilding: Rebuilding<Machine>?
    @usableFromInline var random = SeededGenerator(seed: 0)
    /// Why the node stopped: it ignores everything from then on.
    @usableFromInline var isHalted = false

    // Failover.
    /// When it last heard from a current primary; nil if never.
    @usableFromInline var heardAt: UInt64?
    /// When the timeout began to run.
    @usableFromInline var quietSince = UInt64(0)
    /// How long it waits this time.
    @usableFromInline var patience = UInt64(0)
    /// The highest epoch seen anywhere.
    @usableFromInline var highestEpoch = ViewEpoch.zero
    /// What the nodes answered to the question or request under way, by place.
    @usableFromInline var promises: ContiguousArray<ViewPromise?>
    @usableFromInline var hasNominated = false

    // Persistence.
    /// The ticket of the last hard state written: what is said in an epoch waits until the promise is durable.
    @usableFromInline var hardStateTicket = Ticket.none
    @usableFromInline var awaitsHardState = false
    /// The promise and the accepted view that are durable.
    @usableFromInline var durablePromise = ViewEpoch.zero
    @usableFromInline var durableView: View
    @usableFromInline var durable = DurableIndex()
    @usableFromInline var snapshots = SnapshotWriter<Machine>()
    /// A state to be written as a snapshot once all of it is committed.
    @usableFromInline var frozen: FrozenState<Machine>?
    @usableFromInline var incoming: IncomingState<Machine>?
    /// Payload bytes applied since the last snapshot.
    @usableFromInline var bytesSinceSnapshot = 0
    /// Entries through here are to be dropped from memory, some each turn.
    @usableFromInline var discardTarget = LogIndex.zero

    // As a backup.
    /// What the turn's updates have established: one answer covers them all.
    @usableFromInline var owesAnswer = false
    @usableFromInline var epochToAnswer = ViewEpoch.zero
    @usableFromInline var matchToAnswer = LogIndex.zero
    @usableFromInline var roundToAnswer = UInt64(0)
    @usableFromInline var answeredRound = UInt64(0)

    // As primary.
    /// The other nodes, in the order of their numbers.
    @usableFromInline var peers: ContiguousArray<BackupProgress>
    /// How the other nodes stand towards the views, in the same order.
    @usableFromInline var standings: ContiguousArray<Standing>
    /// Who was primary before, if anyone was.
    @usableFromInline var predecessor: NodeID?
    /// The view in force, of the own epoch.
    @usableFromInline var view: View?
    /// The view that is proposed and not in force yet.
    @usableFromInline var proposed: View?
    /// Who has accepted the proposed view, by place.
    @usableFromInline var acceptedBy = MemberSet()
    /// Who is known to hold all that was ever acknowledged, until the epoch's first view is in force.
    @usableFromInline var complete = MemberSet()
    @usableFromInline var pending = PendingReplies()
    @usableFromInline var unansweredBytes = 0
    /// The first index of the own epoch.
    @usableFromInline var epochStart = LogIndex.zero
    @usableFromInline var reads = ReadQueue()
    @usableFromInline var transferCount = UInt64(0)
    @usableFromInline var lastTickAt = UInt64(0)
    @usableFromInline var hasCommandsSinceTick = false

    /// A node as it is before its start.
    ///
    /// - Parameter members: all nodes, this one included.
    public init(id: NodeID, members: [NodeID], options: PrimaryBackupOptions = PrimaryBackupOptions()) {
        let sorted = members.sorted()
        guard let place = sorted.firstIndex(of: id) else {
            preconditionFailure("node \(id) is not among the members")
        }
        precondition(members.count <= 64, "views are sets in 64 bits")
        self.id = id
        self.place = place
        self.options = options
        nodes = ContiguousArray(sorted)
        accepted = .first(of: sorted.count)
        durableView = accepted
        promises = ContiguousArray(repeating: nil, count: sorted.count)
        peers = ContiguousArray(sorted.filter { $0 != id }.map { BackupProgress(id: $0, window: options.window) })
        standings = ContiguousArray(repeating: Standing(), count: sorted.count - 1)
    }
}
