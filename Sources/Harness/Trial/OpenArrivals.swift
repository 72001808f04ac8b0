import Workload

/// Intended starts, fixed beforehand, one after the other.
struct OpenArrivals {
    private var iterator: ArrivalSchedule.Iterator
    private let start: UInt64
    /// The next intended start; `.max` after the last.
    private(set) var next: UInt64

    init(_ schedule: ArrivalSchedule, start: UInt64) {
        iterator = schedule.makeIterator()
        self.start = start
        next = iterator.next().map { $0 + start } ?? .max
    }

    /// The next intended start if it has come.
    mutating func popDue(_ now: UInt64) -> UInt64? {
        guard next <= now else { return nil }
        defer { next = iterator.next().map { $0 + start } ?? .max }
        return next
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
