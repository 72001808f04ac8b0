import Harness
import Measurement
import ProtocolKit

/// Shows on a terminal's standard error how far a plan is: a line for each trial that ended, and one for the trial under
/// way that is overwritten.
final class TerminalProgress: PlanProgress {
    private let isShown: Bool
    private var began: UInt64 = 0

    init(isShown: Bool) { self.isShown = isShown }

    func began(_ plan: Plan) {
        began = MonotonicClock.now()
    }

    func began(_ trial: PlannedTrial, of plan: Plan) {
        guard isShown else { return }
        let left = plan.trials.dropFirst(trial.number - 1).reduce(0) { $0 + $1.estimatedNanoseconds }
        // How many trials a search takes is not known before.
        let place = trial.search == nil ? "[\(trial.number)/\(plan.trials.count)]" : "[\(trial.number)]"
        let text =
            "\(place) \(trial.line)"
            + (trial.search == nil ? "  (about \(Quantity.describe(nanoseconds: left)) left)" : "")
        Terminal.draw("\r\u{1B}[K" + text.prefix(max(20, Terminal.width - 1)))
    }

    func ended(_ trial: PlannedTrial, _ record: TrialRecord) {
        guard isShown else { return }
        Terminal.draw("\r\u{1B}[K")
        let row = MetricRow.whole(record)
        var words = ["  \(trial.line):"]
        if let throughput = Metric.named("throughput_per_s")?.number(in: row) {
            words.append("\(Int(throughput.rounded()))/s,")
        }
        if let p99 = Metric.named("latency_p99_ns")?.number(in: row), p99 >= 0, p99 < 1e18 {
            words.append("p99 \(Quantity.describe(nanoseconds: UInt64(p99))),")
        }
        words.append(record.verdict.word + (record.validity.isValid ? "" : ", not valid"))
        Terminal.note(words.joined(separator: " "))
    }

    func ended() {
        guard isShown else { return }
        Terminal.note("\r\u{1B}[Ktook \(Quantity.describe(nanoseconds: MonotonicClock.now() - began))")
    }
}
