import Glibc

/// Efron's bias-corrected and accelerated bootstrap interval (1987) of a statistic of independent samples.
///
/// - Parameters:
///   - samples: at least two numbers, not all equal.
///   - resamples: how many samples are drawn with replacement; 1,000 at least for the tails to mean anything.
///   - statistic: what is estimated, of numbers in any order.
/// - Returns: nil where every resample gives the same, or the samples carry no interval.
public func bootstrapInterval(
    _ samples: [Double], level: Double = 0.95, resamples: Int = 9_999,
    generator: inout some RandomNumberGenerator, statistic: ([Double]) -> Double
) -> ConfidenceInterval? {
    precondition(level > 0 && level < 1, "a confidence lies between 0 and 1")
    precondition(resamples >= 100, "a bootstrap needs resamples")
    guard samples.count >= 2 else { return nil }
    let observed = statistic(samples)
    var drawn = samples
    var estimates: [Double] = []
    estimates.reserveCapacity(resamples)
    for _ in 0..<resamples {
        for place in drawn.indices { drawn[place] = samples[Int(generator.next(upperBound: UInt64(samples.count)))] }
        estimates.append(statistic(drawn))
    }
    estimates.sort()
    guard let first = estimates.first, let last = estimates.last, first < last else { return nil }
    // Half of what is equal counts as below, so that a discrete statistic isn't called biased.
    let below = Double(estimates.count { $0 < observed }) + Double(estimates.count { $0 == observed }) / 2
    let share = below / Double(resamples)
    guard share > 0, share < 1 else { return nil }
    let bias = SpecialFunctions.normalQuantile(share)
    let acceleration = jackknifeAcceleration(samples, statistic)
    func bound(_ probability: Double) -> Double? {
        let z = bias + SpecialFunctions.normalQuantile(probability)
        let adjusted = bias + z / (1 - acceleration * z)
        return quantile(1 - SpecialFunctions.normalSurvival(adjusted), ofSorted: estimates)
    }
    guard let lower = bound((1 - level) / 2), let upper = bound((1 + level) / 2), lower <= upper else { return nil }
    return ConfidenceInterval(lower: lower, upper: upper, level: level)
}

/// The acceleration constant by leaving each number out in turn.
private func jackknifeAcceleration(_ samples: [Double], _ statistic: ([Double]) -> Double) -> Double {
    var left = Array(samples.dropFirst())
    var values = [statistic(left)]
    for place in left.indices {
        left[place] = samples[place]
        values.append(statistic(left))
    }
    let center = values.reduce(0, +) / Double(values.count)
    var (cubes, squares) = (0.0, 0.0)
    for value in values {
        let distance = center - value
        squares += distance * distance
        cubes += distance * distance * distance
    }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
}

extension RandomNumberGenerator {
    /// A number below `upperBound` without bias: what lies in the last, incomplete stretch is drawn again.
    mutating func next(upperBound: UInt64) -> UInt64 {
        let limit = UInt64.max - UInt64.max % upperBound
        while true {
            let drawn: UInt64 = next()
            if drawn < limit { return drawn % upperBound }
        }
    }
}

extension Array {
    /// Fisher and Yates's shuffle: the same order from the same generator in every version of the language.
    mutating func shuffleReproducibly(using generator: inout some RandomNumberGenerator) {
        guard count > 1 else { return }
        for place in stride(from: count - 1, to: 0, by: -1) {
            swapAt(place, Int(generator.next(upperBound: UInt64(place + 1))))
        }
    }
}
