import Harness
import Measurement

/// Shows on a terminal's standard error which block a comparison is in and how much time is left, on one line.
final class CompareProgress: PairedProgress {
    private let isShown: Bool
    private var start: UInt64 = 0

    init(isShown: Bool) { self.isShown = isShown }

    func began(_ design: PairedDesign) {
        start = MonotonicClock.now()
    }

    func began(_ trial: PlannedTrial, ofBlocks blocks: Int, leftNanoseconds: UInt64) {
        guard isShown, let place = trial.pairing else { return }
        let block = place.isWarmUp ? "warming up" : "block \(place.block)/\(blocks)"
        let text =
            "[\(block)] \(place.arm.rawValue): \(trial.line)"
            + "  (about \(Quantity.describe(nanoseconds: leftNanoseconds)) left)"
        Terminal.draw("\r\u{1B}[K" + text.prefix(max(20, Terminal.width - 1)))
    }

    func ended(_ trial: PlannedTrial, _ record: TrialRecord) {
        guard isShown, record.verdict.isViolated else { return }
        Terminal.note("\r\u{1B}[K  trial \(trial.number), \(trial.line): violated")
    }

    func ended() {
        guard isShown else { return }
        Terminal.note("\r\u{1B}[Ktook \(Quantity.describe(nanoseconds: MonotonicClock.now() - start))")
    }
}
