/// The probability that a χ² number with `degreesOfFreedom` exceeds `statistic`.
public func chiSquarePValue(_ statistic: Double, degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom > 0 && statistic >= 0, "χ² is not negative and has degrees of freedom")
    return SpecialFunctions.regularizedGammaUpper(Double(degreesOfFreedom) / 2, statistic / 2)
}

/// Pearson's test of counts against the multinomial law, as of keys over nodes.
public struct MultinomialFit: Sendable, Codable, Equatable {
    /// Σ (observed − expected)² / expected.
    public let statistic: Double
    /// The number of cells less one.
    public let degreesOfFreedom: Int
    /// The probability of a statistic at least as large if the counts do follow the weights.
    public let pValue: Double
    /// The smallest expected count; below about 5 the p-value is only rough.
    public let smallestExpectedCount: Double

    /// Tests counts against equal or the given positive weights; nil with fewer than two cells or nothing counted.
    public init?(counts: [Int], weights: [Double]? = nil) {
        precondition(counts.allSatisfy { $0 >= 0 }, "counts are not negative")
        precondition(weights.map { $0.count == counts.count && $0.allSatisfy { $0 > 0 } } ?? true, "a weight a cell")
        let total = Double(counts.reduce(0, +))
        guard counts.count >= 2, total > 0 else { return nil }
        let weights = weights ?? counts.map { _ in 1 }
        let weightSum = weights.reduce(0, +)
        var statistic = 0.0
        for (count, weight) in zip(counts, weights) {
            let expected = total * weight / weightSum
            statistic += (Double(count) - expected) * (Double(count) - expected) / expected
        }
        self.statistic = statistic
        degreesOfFreedom = counts.count - 1
        pValue = chiSquarePValue(statistic, degreesOfFreedom: counts.count - 1)
        smallestExpectedCount = total * weights.min()! / weightSum
    }
}
