import Glibc
import Measurement

/// A slowdown of known size, planted in a node so that gates can be tested against it: `500ns` of processor time for every
/// request, or `2ms/500`, a pause of 2 ms after every 500th.
public struct PlantedDelay: Sendable, Hashable, CustomStringConvertible {
    /// Nanoseconds of delay.
    public var nanoseconds: UInt64
    /// After how many requests it comes; 1 is spent as processor time, more as a pause.
    public var every: UInt64
    private var pending: UInt64 = 0

    /// A delay of its parts.
    public init(nanoseconds: UInt64, every: UInt64 = 1) {
        self.nanoseconds = nanoseconds
        self.every = max(1, every)
    }

    /// As it is read: `500ns`, `2000000ns/500`.
    public var description: String { every == 1 ? "\(nanoseconds)ns" : "\(nanoseconds)ns/\(every)" }

    /// Spends what so many requests cost.
    mutating func spend(requests: Int) {
        guard requests > 0 else { return }
        guard every > 1 else { return Self.work(nanoseconds &* UInt64(requests)) }
        pending += UInt64(requests)
        while pending >= every {
            pending -= every
            var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
            nanosleep(&time, nil)
        }
    }

    private static func work(_ nanoseconds: UInt64) {
        let end = MonotonicClock.now() &+ nanoseconds
        while MonotonicClock.now() < end {}
    }
}
