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

    private static let efficiency = 3 / Double.pi
}
