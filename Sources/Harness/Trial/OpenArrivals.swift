import Workload

/// Intended starts, fixed beforehand, one after the other.
struct OpenArrivals {
    /// One law or one trace, from a time on.
    private struct Stage {
        var law: ArrivalSchedule.Iterator?
        var trace: [UInt64] = []
        var position = 0
        var start: UInt64

        init(_ schedule: ArrivalSchedule, start: UInt64) {
            law = schedule.makeIterator()
            self.start = start
        }

        init(_ trace: ArrivalTrace, start: UInt64) {
            self.trace = trace.starts
            self.start = start
        }

        mutating func next() -> UInt64? {
            if let next = law?.next() { return next + start }
            guard position < trace.count else { return nil }
            defer { position += 1 }
            return trace[position] + start
        }
    }

    private var stage: Stage
    /// What follows the stage under way.
    private var following: Stage?
    /// How many operations arrive at each time.
    private let burst: Int
    private var left = 0
    /// The next intended start; `.max` after the last.
    private(set) var next = UInt64.max

    private init(_ stage: Stage, then following: Stage?, burst: Int = 1) {
        self.stage = stage
        self.following = following
        self.burst = burst
        advance()
    }

    private mutating func advance() {
        guard left <= 1 else {
            left -= 1
            return
        }
        left = burst
        next = stage.next() ?? .max
        guard next == .max, let following else { return }
        self.following = nil
        stage = following
        next = stage.next() ?? .max
    }

    /// The next intended start if it has come.
    mutating func popDue(_ now: UInt64) -> UInt64? {
        guard next <= now else { return nil }
        defer { advance() }
        return next
    }
}

extension OpenArrivals {
    /// The arrivals of a trial whose load begins at `start`: one law over warm-up and window where the rate is steady,
    /// else the warm-up at the rate with which the window begins, and then the window. A trace begins with the window.
    ///
    /// - Parameter trace: the trace that the plan names, read and scaled.
    /// - Returns: nil for a closed loop.
    static func of(_ plan: PlannedTrial, trace: ArrivalTrace? = nil, from start: UInt64) throws(WorkloadError)
        -> OpenArrivals?
    {
        switch plan.arrival {
        case .closed: return nil
        case .constant(let rate): return try law(.constant, rate, plan, from: start)
        case .poisson(let rate): return try law(.poisson, rate, plan, from: start)
        case .burst(let size, let rate): return try law(.constant, rate, plan, burst: size, from: start)
        case .trace(let reference):
            guard let trace else {
                throw .impossible(subject: "trace \(reference.path)", reason: "it was not read before the trial")
            }
            let window = Stage(trace, start: start + plan.warmUpNanoseconds)
            guard plan.warmUpNanoseconds > 0, reference.perSecond > 0 else { return OpenArrivals(window, then: nil) }
            return OpenArrivals(try warmUp(.constant, reference.perSecond, plan, from: start), then: window)
        }
    }

    private static func law(
        _ process: ArrivalSchedule.Process, _ rate: Double, _ plan: PlannedTrial, burst: Int = 1, from start: UInt64
    ) throws(WorkloadError) -> OpenArrivals {
        let perTime = rate / Double(burst)
        guard plan.shape != .steady else {
            let length = plan.warmUpNanoseconds + plan.windowNanoseconds
            let whole = try ArrivalSchedule(
                process, ratePerSecond: perTime, windowNanoseconds: length, seed: plan.seed)
            return OpenArrivals(Stage(whole, start: start), then: nil, burst: burst)
        }
        let schedule = try ArrivalSchedule(
            process, ratePerSecond: perTime, shape: plan.shape, windowNanoseconds: plan.windowNanoseconds,
            seed: plan.seed)
        let window = Stage(schedule, start: start + plan.warmUpNanoseconds)
        let first = perTime * plan.shape.factor(at: 0)
        guard plan.warmUpNanoseconds > 0, first > 0 else { return OpenArrivals(window, then: nil, burst: burst) }
        return OpenArrivals(try warmUp(process, first, plan, from: start), then: window, burst: burst)
    }

    private static func warmUp(
        _ process: ArrivalSchedule.Process, _ rate: Double, _ plan: PlannedTrial, from start: UInt64
    ) throws(WorkloadError) -> Stage {
        Stage(
            try ArrivalSchedule(
                process, ratePerSecond: rate, windowNanoseconds: plan.warmUpNanoseconds, seed: plan.seed ^ 1),
            start: start)
    }
}

/// Users with nothing under way, the longest idle first: so arrivals fall on all clients alike, and what fairness shows is
/// the system's doing.
struct IdleUsers {
    private var ring: ContiguousArray<Int>
    private var first = 0
    private(set) var count: Int

    /// All of so many users, in order.
    init(all count: Int) {
        ring = ContiguousArray(0..<count)
        self.count = count
    }

    mutating func popFirst() -> Int? {
        guard count > 0 else { return nil }
        defer {
            first = first + 1 == ring.count ? 0 : first + 1
            count -= 1
        }
        return ring[first]
    }

    /// Takes back a user that was taken out.
    mutating func append(_ user: Int) {
        assert(count < ring.count, "a user is idle once")
        let place = first + count
        ring[place < ring.count ? place : place - ring.count] = user
        count += 1
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
