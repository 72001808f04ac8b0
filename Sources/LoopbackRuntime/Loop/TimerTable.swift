import ProtocolKit

/// The few timers of one node or client. Setting one again is an assignment: a timer that is pushed back at every message
/// costs no more than that.
struct TimerTable {
    private var entries: ContiguousArray<(timer: TimerID, deadline: UInt64)> = []

    /// The earliest deadline, `.max` when there is none.
    private(set) var next = UInt64.max

    mutating func set(_ timer: TimerID, at deadline: UInt64) {
        if let place = entries.firstIndex(where: { $0.timer == timer }) {
            let former = entries[place].deadline
            entries[place].deadline = deadline
            if deadline < next { next = deadline } else if former == next { findNext() }
        } else {
            entries.append((timer, deadline))
            next = min(next, deadline)
        }
    }

    mutating func cancel(_ timer: TimerID) {
        guard let place = entries.firstIndex(where: { $0.timer == timer }) else { return }
        entries.remove(at: place)
        findNext()
    }

    /// Takes the earliest timer that is due out of the table.
    mutating func popDue(_ now: UInt64) -> TimerID? {
        guard next <= now, let place = entries.firstIndex(where: { $0.deadline == next }) else { return nil }
        let timer = entries[place].timer
        entries.remove(at: place)
        findNext()
        return timer
    }

    private mutating func findNext() {
        next = entries.reduce(.max) { min($0, $1.deadline) }
    }
}
