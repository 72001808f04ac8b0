import Workload

/// Intended starts, fixed beforehand, one after the other.
struct OpenArrivals {
    private var iterator: ArrivalSchedule.Iterator
    private var start: UInt64
    /// What follows the schedule under way.
    private var following: (schedule: ArrivalSchedule, start: UInt64)?
    /// The next intended start; `.max` after the last.
    private(set) var next: UInt64

    init(_ schedule: ArrivalSchedule, start: UInt64) {
        iterator = schedule.makeIterator()
        self.start = start
        next = iterator.next().map { $0 + start } ?? .max
    }

    /// One schedule and, from a later time on, another.
    init(_ schedule: ArrivalSchedule, start: UInt64, then following: ArrivalSchedule, start later: UInt64) {
        self.init(schedule, start: start)
        self.following = (following, later)
        if next == .max { advance() }
    }

    private mutating func advance() {
        next = iterator.next().map { $0 + start } ?? .max
        guard next == .max, let following else { return }
        self.following = nil
        (iterator, start) = (following.schedule.makeIterator(), following.start)
        next = iterator.next().map { $0 + start } ?? .max
    }

    /// The next intended start if it has come.
    mutating func popDue(_ now: UInt64) -> UInt64? {
        guard next <= now else { return nil }
        defer { advance() }
        return next
    }
}

extension OpenArrivals {
    /// The arrivals of a trial: one law over warm-up and window where the rate is steady, else the warm-up at the rate
    /// with which the window begins, and then the window.
    static func of(
        _ plan: PlannedTrial, _ process: ArrivalSchedule.Process, _ rate: Double, from start: UInt64
    ) throws(WorkloadError) -> OpenArrivals {
        guard plan.shape != .steady else {
            let length = plan.warmUpNanoseconds + plan.windowNanoseconds
            return OpenArrivals(
                try ArrivalSchedule(process, ratePerSecond: rate, windowNanoseconds: length, seed: plan.seed),
                start: start)
        }
        let window = try ArrivalSchedule(
            process, ratePerSecond: rate, shape: plan.shape, windowNanoseconds: plan.windowNanoseconds, seed: plan.seed)
        let windowStart = start + plan.warmUpNanoseconds
        let first = rate * plan.shape.factor(at: 0)
        guard plan.warmUpNanoseconds > 0, first > 0 else { return OpenArrivals(window, start: windowStart) }
        let warmUp = try ArrivalSchedule(
            process, ratePerSecond: first, windowNanoseconds: plan.warmUpNanoseconds, seed: plan.seed ^ 1)
        return OpenArrivals(warmUp, start: start, then: window, start: windowStart)
    }
}

/// Arrivals that found no free user, oldest first. Past its bound arrivals are dropped, and counted.
struct Backlog {
    static let bound = 1 << 20
    private var entries: ContiguousArray<UInt64> = []
    private var first = 0

    var isEmpty: Bool { first == entries.count }

    /// Whether there was room.
    mutating func append(_ arrival: UInt64) -> Bool {
        guard entries.count - first < Self.bound else { return false }
        if first > 4096, first * 2 > entries.count {
            entries.removeFirst(first)
            first = 0
        }
        entries.append(arrival)
        return true
    }

    mutating func popFirst() -> UInt64? {
        guard first < entries.count else { return nil }
        defer { first += 1 }
        return entries[first]
    }

    func countAll(where condition: (UInt64) -> Bool) -> UInt64 {
        UInt64(entries[first...].count(where: condition))
    }

    mutating func removeAll() {
        entries.removeAll()
        first = 0
    }
}
