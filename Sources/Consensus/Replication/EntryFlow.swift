import ProtocolKit

/// How entries are sent to a follower.
@usableFromInline
enum EntryFlowMode: UInt8, Sendable {
    /// One message at a time, until the logs are known to agree.
    case probe
    /// Several messages at once: `next` moves on as they leave.
    case replicate
    /// Its next entry is compacted away: a snapshot is on its way.
    case snapshot
}

/// What a node that leads knows of another one's log, and how it sends it entries: nextIndex and matchIndex (Raft, figure
/// 2), one message at a time until the logs are known to agree, then as many as its window holds.
@usableFromInline
protocol EntryFlow {
    /// A snapshot on its way there.
    associatedtype Transfer

    /// How entries are sent.
    var mode: EntryFlowMode { get set }
    /// The first entry that hasn't left.
    var next: LogIndex { get set }
    /// The last entry up to which the logs are known to agree.
    var match: LogIndex { get set }
    /// A probe is under way; the next waits for its answer or the next heartbeat.
    var isProbing: Bool { get set }
    /// The messages under way.
    var inFlight: InFlight { get set }
    /// The snapshot under way.
    var transfer: Transfer? { get set }
}

extension EntryFlow {
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
