import ProtocolKit

/// What a leader knows of a follower: nextIndex and matchIndex (figure 2), and how it is being brought up to date.
@usableFromInline
struct Progress: EntryFlow, Sendable {
    @usableFromInline let id: NodeID
    /// The disk that it has, as far as is known: everything below is about that disk.
    @usableFromInline private(set) var birth = Birth.first
    /// Where it counts in the configuration in force.
    @usableFromInline var voice: Voice = []
    /// Whether it is in the configuration in force.
    @usableFromInline var isMember = false
    /// Whether it was, and may not know yet that it isn't any more.
    @usableFromInline var isDeparting = false

    @usableFromInline var mode = EntryFlowMode.probe
    @usableFromInline var next = LogIndex(1)
    @usableFromInline var match = LogIndex.zero
    /// A probe is under way; the next waits for its answer or the next heartbeat.
    @usableFromInline var isProbing = false
    @usableFromInline var inFlight: InFlight
    /// When it was last heard from, in this leader's term.
    @usableFromInline var contact = UInt64(0)
    /// The latest round it acknowledged.
    @usableFromInline var acknowledgedRound = UInt64(0)
    /// The latest round it was sent.
    @usableFromInline var sentRound = UInt64(0)
    @usableFromInline var transfer: OutgoingSnapshot?
    @usableFromInline var catchUp = CatchUp()

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }

    /// Whether it is to be sent anything.
    @inlinable
    var isFollowing: Bool { isMember || isDeparting }

    /// Begins with a new leadership, of which nothing is known but the end of the leader's log.
    @usableFromInline
    mutating func begin(after last: LogIndex, at now: UInt64) {
        match = .zero
        acknowledgedRound = 0
        sentRound = 0
        contact = now
        catchUp = CatchUp()
        isDeparting = false
        probe(from: last.next)
    }

    /// Takes note of a disk; one that is newer than the known one holds nothing.
    @usableFromInline
    mutating func meet(_ birth: Birth) {
        guard birth > self.birth else { return }
        self.birth = birth
        match = .zero
        acknowledgedRound = 0
        catchUp = CatchUp()
        probe(from: next)
    }
}

/// How quickly a server without a vote is catching up (thesis, section 4.2.1): in each round it is sent what the leader
/// had at the round's start, and it has caught up once a round takes less than an election timeout.
@usableFromInline
struct CatchUp: Sendable {
    private var target = LogIndex.zero
    private var since: UInt64?
    /// Whether it may be given a vote without a gap in availability.
    private(set) var isDone = false

    @usableFromInline
    init() {}

    mutating func note(_ match: LogIndex, last: LogIndex, at now: UInt64, within timeout: UInt64) {
        if let since {
            guard match >= target else {
                isDone = isDone && now < since + timeout
                return
            }
            isDone = now < since + timeout
        }
        target = last
        since = now
    }
}
