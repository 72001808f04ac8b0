/// The `q`-quantile of numbers in rising order, on the line between the two nearest (Hyndman and Fan's type 7, NumPy's
/// and R's default); nil without numbers. `q` must lie in 0...1.
public func quantile(_ q: Double, ofSorted sorted: [Double]) -> Double? {
    precondition((0...1).contains(q), "a quantile lies between 0 and 1")
    guard !sorted.isEmpty else { return nil }
    let position = q * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}

/// The median; nil without numbers.
public func median(_ samples: [Double]) -> Double? {
    quantile(0.5, ofSorted: samples.sorted())
}

/// The arithmetic mean; nil without numbers.
public func mean(_ samples: [Double]) -> Double? {
    samples.isEmpty ? nil : samples.reduce(0, +) / Double(samples.count)
}

/// Student's interval for the mean of independent samples; nil with fewer than two.
public func meanInterval(_ samples: [Double], level: Double = 0.95) -> ConfidenceInterval? {
    precondition(level > 0 && level < 1, "a confidence lies between 0 and 1")
    guard samples.count >= 2, let mean = mean(samples) else { return nil }
    let n = Double(samples.count)
    let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    let t = SpecialFunctions.studentQuantile((1 + level) / 2, degrees: n - 1)
    let half = t * (variance / n).squareRoot()
    return ConfidenceInterval(lower: mean - half, upper: mean + half, level: level)
}

/// The standard deviation of a normal law that spreads as samples do: 1.4826 times the median distance from the median,
/// corrected for few samples (Croux & Rousseeuw 1992). Outliers hardly move it. Where more than half of the samples are
/// equal it is the plain standard deviation; nil with fewer than two.
public func robustDeviation(_ samples: [Double]) -> Double? {
    guard samples.count >= 2, let middle = median(samples), let mean = mean(samples) else { return nil }
    let distance = median(samples.map { abs($0 - middle) }) ?? 0
    guard distance > 0 else {
        let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(samples.count - 1)).squareRoot()
    }
    let few = [1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107]
    let n = Double(samples.count)
    let correction = samples.count - 2 < few.count ? few[samples.count - 2] : n / (n - 0.8)
    return correction * 1.4826 * distance
}
