import ProtocolKit

/// What a leader knows of a follower: nextIndex and matchIndex (figure 2), and how it is being brought up to date.
@usableFromInline
struct Progress: Sendable {
    /// How entries are sent.
    @usableFromInline
    enum Mode: UInt8, Sendable {
        /// One message at a time, until the logs are known to agree.
        case probe
        /// Several messages at once: `next` moves on as they leave.
        case replicate
        /// Its next entry is compacted away: a snapshot is on its way.
        case snapshot
    }

    @usableFromInline let id: NodeID
    /// The disk that it has, as far as is known: everything below is about that disk.
    @usableFromInline private(set) var birth = Birth.first
    /// Where it counts in the configuration in force.
    @usableFromInline var voice: Voice = []
    /// Whether it is in the configuration in force.
    @usableFromInline var isMember = false
    /// Whether it was, and may not know yet that it isn't any more.
    @usableFromInline var isDeparting = false

    @usableFromInline var mode = Mode.probe
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
    @usableFromInline var transfer: SnapshotTransfer?
    @usableFromInline var catchUp = CatchUp()

    @inlinable
    init(id: NodeID, window: Int) {
        self.id = id
        inFlight = InFlight(window: window)
    }

    /// Whether it is to be sent anything.
    @inlinable
    var isFollowing: Bool { isMember || isDeparting }

    /// The position before the first entry to send; while a snapshot is under way, nothing is claimed.
    @inlinable
    var previous: LogIndex { mode == .snapshot ? .zero : LogIndex(next.rawValue &- 1) }

    /// Whether entries may be sent now.
    @inlinable
    var isReady: Bool {
        switch mode {
        case .replicate: !inFlight.isFull
        case .probe: !isProbing
        case .snapshot: false
        }
    }

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

    /// Goes back to one message at a time, from the first entry that isn't known to match or a better guess.
    @usableFromInline
    mutating func probe(from guess: LogIndex = .zero) {
        mode = .probe
        next = max(match.next, guess)
        isProbing = false
        inFlight.removeAll()
        transfer = nil
    }

    /// The logs agree through `match`: entries may flow.
    @usableFromInline
    mutating func replicate() {
        mode = .replicate
        next = match.next
        isProbing = false
        inFlight.removeAll()
        transfer = nil
    }

    /// Notes that entries through `last` have left.
    @inlinable
    mutating func sent(through last: LogIndex) {
        if mode == .replicate {
            next = last.next
            inFlight.append(last)
        } else {
            isProbing = true
        }
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

/// The last indices of the AppendEntries under way to a follower: a ring of fixed size.
@usableFromInline
struct InFlight: Sendable {
    @usableFromInline var lasts: ContiguousArray<LogIndex>
    @usableFromInline var head = 0
    @usableFromInline var count = 0

    @inlinable
    init(window: Int) {
        lasts = ContiguousArray(repeating: .zero, count: window)
    }

    @inlinable
    var isFull: Bool { count == lasts.count }

    @inlinable
    mutating func append(_ last: LogIndex) {
        assert(!isFull, "the window is full")
        var slot = head &+ count
        if slot >= lasts.count { slot &-= lasts.count }
        lasts[slot] = last
        count &+= 1
    }

    /// Frees the messages that end at or before a match.
    @inlinable
    mutating func free(through match: LogIndex) {
        while count > 0, lasts[head] <= match {
            head = head &+ 1 == lasts.count ? 0 : head &+ 1
            count &-= 1
        }
    }

    @inlinable
    mutating func removeAll() {
        count = 0
    }
}
