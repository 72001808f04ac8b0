import ProtocolKit
import Workload

/// An input that waits for its node's turn.
@usableFromInline
struct Arrival<Node: ProtocolNode> {
    @usableFromInline var input: Input<Node>
    @usableFromInline var cause: Cause
    /// Of a timer: the generation that came due; of a link: the connection that is up.
    @usableFromInline var generation: UInt32

    @inlinable
    init(input: Input<Node>, cause: Cause, generation: UInt32) {
        self.input = input
        self.cause = cause
        self.generation = generation
    }
}

/// What a node wants said once a ticket is durable.
@usableFromInline
struct Held<Node: ProtocolNode> {
    @usableFromInline
    enum Content {
        case message(Node.Message, NodeID)
        case reply(Node.Response, RequestToken)
    }
    @usableFromInline var content: Content
    @usableFromInline var ticket: UInt64
    @usableFromInline var cause: Cause

    @inlinable
    init(content: Content, ticket: UInt64, cause: Cause) {
        self.content = content
        self.ticket = ticket
        self.cause = cause
    }
}

/// The machine that a node runs on. One thread runs an engine and its hosts, step after step, so that their properties
/// are not checked for overlapping access: the checks took a third of the time.
@usableFromInline
final class Host<Node: ProtocolNode> {
    @exclusivity(unchecked) @usableFromInline var effects = Effects<Node>()
    @exclusivity(unchecked) @usableFromInline var disk: SimulatedDisk
    @exclusivity(unchecked) @usableFromInline var timers = TimerTable()
    @exclusivity(unchecked) @usableFromInline var clock = SimulatedClock()
    @exclusivity(unchecked) @usableFromInline var inbox: [Arrival<Node>] = []
    @exclusivity(unchecked) @usableFromInline var inboxHead = 0
    @exclusivity(unchecked) @usableFromInline var held: [Held<Node>] = []
    /// Persisting effects so far in this incarnation, and how many of them are durable.
    @exclusivity(unchecked) @usableFromInline var ticketsIssued = UInt64(0)
    @exclusivity(unchecked) @usableFromInline var ticketsDurable = UInt64(0)
    /// What the writes that wait for the next sync, and those in the sync under way, go back to.
    @exclusivity(unchecked) @usableFromInline var waitingCause = Cause()
    @exclusivity(unchecked) @usableFromInline var syncingCause = Cause()
    @exclusivity(unchecked) @usableFromInline var isUp = false
    @exclusivity(unchecked) @usableFromInline var isStarting = false
    @exclusivity(unchecked) @usableFromInline var isPaused = false
    @exclusivity(unchecked) @usableFromInline var isTurnScheduled = false
    /// Snapshot reads that wait for a snapshot to be synced.
    @exclusivity(unchecked) @usableFromInline var waitingReads:
        [(transfer: UInt64, offset: UInt64, maximumBytes: Int)] = []
    /// A sync ended while the node was paused.
    @exclusivity(unchecked) @usableFromInline var hasUnannouncedSync = false
    @exclusivity(unchecked) @usableFromInline var incarnation = UInt64(0)
    @exclusivity(unchecked) @usableFromInline var syncFactor = UInt64(1)
    /// What the nemesis wants to strike during the next sync.
    @exclusivity(unchecked) @usableFromInline var strikeAtNextSync: Strike?
    /// A crash that waits for something to be unsynced.
    @exclusivity(unchecked) @usableFromInline var crashAtNextSync: Fault?
    /// The next sync fails.
    @exclusivity(unchecked) @usableFromInline var failsNextSync = false
    @exclusivity(unchecked) @usableFromInline var isDiskFull = false
    /// Its disk is damaged: it can't start any more.
    @exclusivity(unchecked) @usableFromInline var isLost = false
    /// Its disk was lost, and nothing has been stored since.
    @exclusivity(unchecked) @usableFromInline var isReplaced = false {
        didSet { if isReplaced { wasReplaced = true } }
    }
    @exclusivity(unchecked) @usableFromInline var wasReplaced = false

    /// What syncs, turns and starts are drawn from.
    @exclusivity(unchecked) @usableFromInline var diskRandom: SeededGenerator
    @exclusivity(unchecked) @usableFromInline var turnRandom: SeededGenerator
    @exclusivity(unchecked) @usableFromInline var startRandom: SeededGenerator

    @inlinable
    init(node: Int, random: SeededGenerator) {
        disk = SimulatedDisk(node: node)
        diskRandom = random.split(1)
        turnRandom = random.split(2)
        startRandom = random.split(3)
    }

    /// Forgets everything but the disk and the clock.
    @inlinable
    func reset() {
        effects = Effects()
        timers = TimerTable()
        inbox.removeAll(keepingCapacity: true)
        inboxHead = 0
        held.removeAll(keepingCapacity: true)
        ticketsIssued = 0
        ticketsDurable = 0
        waitingCause = Cause()
        syncingCause = Cause()
        isPaused = false
        strikeAtNextSync = nil
        crashAtNextSync = nil
        failsNextSync = false
        isTurnScheduled = false
        waitingReads.removeAll()
        hasUnannouncedSync = false
    }
}
