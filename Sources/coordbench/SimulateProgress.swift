import Harness
import Measurement
import Simulation
import Synchronization

/// Shows on a terminal's standard error how far a campaign is: one line that is overwritten a few times a second.
final class SimulateProgress: Sendable {
    private static let interval = UInt64(150_000_000)
    private let isShown: Bool
    private let total: UInt64
    private let lastShown = Atomic<UInt64>(0)

    init(isShown: Bool, seeds: ClosedRange<UInt64>) {
        self.isShown = isShown
        total = seeds.upperBound - seeds.lowerBound + 1
    }

    /// Called by every worker after each run.
    func show(_ summary: SimulationCampaign.Summary) {
        guard isShown else { return }
        let now = MonotonicClock.now()
        let last = lastShown.load(ordering: .relaxed)
        guard now >= last + Self.interval,
            lastShown.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
        else { return }
        let done = UInt64(summary.seeds)
        let left = done == 0 ? 0 : Double(summary.elapsedNanoseconds) / Double(done) * Double(total - min(done, total))
        let text =
            "\(done) of \(total) seeds, \(summary.failureCount) violated, \(Int(summary.stepsPerSecond)) steps/s, about "
            + "\(Quantity.describe(nanoseconds: UInt64(left))) left"
        Terminal.draw("\r\u{1B}[K" + text.prefix(max(20, Terminal.width - 1)))
    }

    func clear() {
        if isShown { Terminal.draw("\r\u{1B}[K") }
    }
}
