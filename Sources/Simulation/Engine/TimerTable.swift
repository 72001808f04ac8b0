import ProtocolKit

/// The timers of one node or client.
///
/// A timer that is set again later keeps its event in the queue, which finds the new deadline when it comes up: a
/// time-out that every message puts off costs no events.
@usableFromInline
struct TimerTable {
    struct Timer {
        /// When it is due, 0 when it isn't set.
        var deadline = UInt64(0)
        /// When its event comes up, 0 when it has none.
        var queuedAt = UInt64(0)
        /// New with every change: one that has come due and is then set or cancelled isn't handed over.
        var generation = UInt32(0)
    }

    /// What to do with a timer's event.
    @usableFromInline
    enum Event {
        case due(generation: UInt32)
        case later(UInt64)
        case stale
    }

    private var small: [Timer] = []
    private var large: [UInt32: Timer] = [:]
    private var changes = UInt32(0)

    @usableFromInline
    init() {}

    private subscript(id: UInt32) -> Timer {
        get { id < 64 ? (Int(id) < small.count ? small[Int(id)] : Timer()) : large[id] ?? Timer() }
        set {
            guard id < 64 else {
                large[id] = newValue
                return
            }
            while small.count <= Int(id) { small.append(Timer()) }
            small[Int(id)] = newValue
        }
    }

    /// Sets a timer; true when its event has to be scheduled.
    @usableFromInline
    mutating func set(_ id: TimerID, at deadline: UInt64) -> Bool {
        var timer = self[id.rawValue]
        timer.deadline = deadline
        changes &+= 1
        timer.generation = changes
        let needsEvent = timer.queuedAt == 0 || timer.queuedAt > deadline
        if needsEvent { timer.queuedAt = deadline }
        self[id.rawValue] = timer
        return needsEvent
    }

    /// Cancels a timer.
    @usableFromInline
    mutating func cancel(_ id: TimerID) {
        guard id.rawValue < 64 else {
            large[id.rawValue] = nil
            return
        }
        changes &+= 1
        self[id.rawValue].deadline = 0
        self[id.rawValue].generation = changes
    }

    /// Handles a timer's event.
    @usableFromInline
    mutating func event(_ id: UInt32, at time: UInt64) -> Event {
        var timer = self[id]
        guard timer.queuedAt == time else { return .stale }
        defer { self[id] = timer }
        timer.queuedAt = 0
        guard timer.deadline != 0 else { return .stale }
        guard timer.deadline <= time else {
            timer.queuedAt = timer.deadline
            return .later(timer.deadline)
        }
        timer.deadline = 0
        return .due(generation: timer.generation)
    }

    /// Whether a timer that had come due hasn't been set or cancelled since.
    @usableFromInline
    func isCurrent(_ id: TimerID, generation: UInt32) -> Bool {
        self[id.rawValue].generation == generation
    }
}
