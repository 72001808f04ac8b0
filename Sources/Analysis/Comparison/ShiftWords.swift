import Glibc
import Harness
import Statistics

/// Differences in words.
public enum ShiftWords {
    /// A share as people write it: `0.31 %`, `4.1 %`, `38 %`.
    public static func percent(_ share: Double) -> String {
        let value = abs(share) * 100
        guard value < 1e12 else { return "far more than 100 %" }
        let scale = value < 0.995 ? 100.0 : value < 9.95 ? 10 : 1
        let rounded = (value * scale).rounded() / scale
        return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + " %"
    }

    /// A share with its sign: `+4.1 %`, `−0.31 %`.
    public static func signed(_ share: Double) -> String {
        let text = percent(share)
        return text == "0 %" ? text : (share < 0 ? "−" : "+") + text
    }

    /// A relative difference: `4.1 % lower`, `0.31 % higher`.
    public static func difference(_ share: Double) -> String {
        "\(percent(share)) \(share < 0 ? "lower" : "higher")"
    }

    /// Bounds of a relative difference: `2.9 % to 5.3 % lower`, `1.2 % lower to 0.9 % higher`.
    public static func bounds(_ interval: ConfidenceInterval) -> String {
        let (low, high) = (interval.lower, interval.upper)
        if low >= 0 { return "\(percent(low)) to \(difference(high))" }
        if high <= 0 { return "\(percent(high)) to \(difference(low))" }
        return "\(difference(low)) to \(difference(high))"
    }

    /// The judgement on a metric in a sentence with its numbers.
    static func sentence(_ shift: MetricShift, margin: Double, b: String = "B", a: String = "A") -> String {
        guard let estimate = shift.shift, let interval = shift.interval else { return shift.reason }
        let name = (shift.operation == OperationRecord.all ? "" : "\(shift.operation).") + shift.metric
        let words = "\(b)'s \(name) is \(difference(estimate)) than \(a)'s (\(bounds(interval)))"
        guard shift.verdict == .noChangeShown else { return "\(words), beyond the margin of \(percent(margin))" }
        let seen = shift.minimumDetectable.map { smallest in
            let isFall = Metric.named(shift.metric)?.direction == .higher
            return "; a \(isFall ? "drop" : "rise") of \(percent(smallest)) would have been seen in four runs of five"
        }
        return "\(words): no change beyond the margin of \(percent(margin)) shown\(seen ?? "")"
    }
}
