import Glibc

/// What a comparison in pairs can see.
public enum PairedPower {
    /// The smallest true shift that a one-sided signed-rank test on `pairs` differences finds with probability `power`,
    /// where the differences spread with standard deviation `deviation`.
    ///
    /// By Student's t with the test's asymptotic efficiency of 3/π on normal differences (Hodges & Lehmann 1956); heavier
    /// tails make the test better than stated. Nil with fewer than two pairs, or where not even a difference of one sign
    /// throughout would be evidence: 2⁻ⁿ must be at most `alpha`.
    public static func minimumDetectableShift(
        deviation: Double, pairs: Int, alpha: Double = 0.01, power: Double = 0.8
    ) -> Double? {
        precondition(alpha > 0 && alpha < 0.5 && power > 0.5 && power < 1, "alpha and power lie in their ranges")
        guard pairs >= 2, deviation >= 0, pow(0.5, Double(pairs)) <= alpha else { return nil }
        let degrees = Double(pairs) * efficiency - 1
        guard degrees > 0 else { return nil }
        let quantiles =
            SpecialFunctions.studentQuantile(1 - alpha, degrees: degrees)
            + SpecialFunctions.studentQuantile(power, degrees: degrees)
        return quantiles * deviation / (Double(pairs) * efficiency).squareRoot()
    }

    /// How many pairs find a true shift of `shift` with probability `power`; nil where more than `most` would be needed.
    public static func pairsNeeded(
        shift: Double, deviation: Double, alpha: Double = 0.01, power: Double = 0.8, most: Int = 10_000
    ) -> Int? {
        precondition(shift > 0, "only a shift can be found")
        // The detectable shift falls as pairs grow.
        var (low, high) = (1, most)
        func isEnough(_ pairs: Int) -> Bool {
            minimumDetectableShift(deviation: deviation, pairs: pairs, alpha: alpha, power: power).map { $0 <= shift }
                ?? false
        }
        guard isEnough(most) else { return nil }
        while high - low > 1 {
            let middle = (low + high) / 2
            if isEnough(middle) { high = middle } else { low = middle }
        }
        return high
    }

    /// The fewest pairs that can be evidence at all: 2⁻ⁿ must be at most `alpha`.
    public static func fewestPairs(alpha: Double) -> Int {
        precondition(alpha > 0 && alpha < 1, "a level lies between 0 and 1")
        return max(1, Int((-log2(alpha) - 1e-9).rounded(.up)))
    }

    static let efficiency = 3 / Double.pi
}

/// What a comparison of two samples without pairs can see.
public enum UnpairedPower {
    /// The smallest true shift that a one-sided Mann–Whitney test on so many samples finds with probability `power`, where
    /// the samples of either side spread with standard deviation `deviation`. As ``PairedPower`` has it; nil where not even
    /// samples that don't overlap would be evidence.
    public static func minimumDetectableShift(
        deviation: Double, first: Int, second: Int, alpha: Double = 0.01, power: Double = 0.8
    ) -> Double? {
        precondition(alpha > 0 && alpha < 0.5 && power > 0.5 && power < 1, "alpha and power lie in their ranges")
        guard first >= 2, second >= 2, deviation >= 0, smallestPValue(first, second) <= alpha else { return nil }
        let efficiency = PairedPower.efficiency
        let degrees = Double(first + second) * efficiency - 2
        guard degrees > 0 else { return nil }
        let quantiles =
            SpecialFunctions.studentQuantile(1 - alpha, degrees: degrees)
            + SpecialFunctions.studentQuantile(power, degrees: degrees)
        return quantiles * deviation * ((1 / Double(first) + 1 / Double(second)) / efficiency).squareRoot()
    }

    /// The fewest samples on either side that can be evidence at all, as many on both.
    public static func fewestSamples(alpha: Double) -> Int {
        precondition(alpha > 0 && alpha < 1, "a level lies between 0 and 1")
        return (1...1_000).first { smallestPValue($0, $0) <= alpha } ?? 1_000
    }

    /// One over the number of ways to choose the first sample from both.
    private static func smallestPValue(_ first: Int, _ second: Int) -> Double {
        (0..<min(first, second)).reduce(1) { $0 * Double($1 + 1) / Double(max(first, second) + $1 + 1) }
    }
}
