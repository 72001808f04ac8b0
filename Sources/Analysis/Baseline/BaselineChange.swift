import Harness

/// What an update does to one figure of a baseline.
public struct BaselineChange: Sendable, Hashable {
    /// The figure.
    public var key: Baseline.Key
    /// What it was; nil where it is new.
    public var before: Baseline.Figure?
    /// What it is; nil where it is gone.
    public var now: Baseline.Figure?

    /// The relative change of a number; nil from zero or where one is missing.
    public var relative: Double? {
        guard case .number(let before)? = before?.value, case .number(let now)? = now?.value, before != 0 else {
            return nil
        }
        return now / before - 1
    }

    /// What differs between two baselines, in order; numbers that are written alike don't differ.
    public static func between(_ old: Baseline, _ new: Baseline) -> [BaselineChange] {
        Set(old.figures.keys).union(new.figures.keys).sorted().compactMap { key in
            let (before, now) = (old.figures[key], new.figures[key])
            if let before, let now, MetricText.text(of: before.value) == MetricText.text(of: now.value) { return nil }
            return BaselineChange(key: key, before: before, now: now)
        }
    }
}
