import ProtocolKit

/// A node's clocks: offset and rate error against virtual time.
@usableFromInline
struct SimulatedClock {
    /// What the monotonic clock showed at virtual time 0.
    var offset: UInt64
    /// Rate error in parts per million.
    var drift: Int64
    /// Error of the wall clock in nanoseconds.
    @usableFromInline var wallError: Int64
    /// Virtual time 0 on a true wall clock: 2025-01-01.
    static let epoch = Int64(1_735_689_600_000_000_000)

    @usableFromInline
    init(offset: UInt64 = 0, drift: Int64 = 0, wallError: Int64 = 0) {
        self.offset = offset
        self.drift = drift
        self.wallError = wallError
    }

    private func monotonic(_ time: UInt64) -> UInt64 {
        drift == 0 ? offset &+ time : offset &+ UInt64(Int64(time) &+ Int64(time / 1_000) &* drift / 1_000)
    }

    /// What both clocks show.
    @usableFromInline
    func now(_ time: UInt64) -> Now {
        Now(monotonic: monotonic(time), wall: UInt64(max(0, Self.epoch &+ Int64(time) &+ wallError)))
    }

    /// The virtual time, `time` at the earliest, at which the monotonic clock shows at least `deadline`.
    @usableFromInline
    func time(_ deadline: UInt64, notBefore time: UInt64) -> UInt64 {
        let shown = monotonic(time)
        guard deadline > shown else { return time }
        let wait = deadline - shown
        // Far deadlines mean never; they must not overflow.
        guard wait < 1 << 52 else { return time &+ 1 << 52 }
        guard drift != 0 else { return time &+ wait }
        var due = time &+ UInt64(Double(wait) / (1 + Double(drift) / 1e6))
        while monotonic(due) < deadline { due &+= max(1, (deadline &- monotonic(due)) / 2) }
        return due
    }
}
