import Glibc

/// The few special functions that the tests here need, to some 12 digits.
enum SpecialFunctions {
    /// ln Γ(x) for x > 0 by Stirling's series from 10 on, below by the recurrence Γ(x) = Γ(x + 1) / x.
    static func logGamma(_ x: Double) -> Double {
        assert(x > 0)
        var shifted = x
        var product = 1.0
        while shifted < 10 {
            product *= shifted
            shifted += 1
        }
        let inverse = 1 / shifted
        let square = inverse * inverse
        // B₂ₖ / (2k (2k − 1) x²ᵏ⁻¹): 1/12, −1/360, 1/1260, −1/1680, 1/1188, −691/360360, 1/156.
        let series =
            inverse
            * (1.0 / 12 - square
                * (1.0 / 360 - square
                    * (1.0 / 1260 - square
                        * (1.0 / 1680 - square * (1.0 / 1188 - square * (691.0 / 360360 - square / 156))))))
        return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi) + series - log(product)
    }

    /// Lentz's evaluation of a continued fraction b₀ + a₁/(b₁ + a₂/(b₂ + ...)); `term(i)` gives (aᵢ, bᵢ).
    private static func continuedFraction(_ b0: Double, _ term: (Int) -> (Double, Double)) -> Double {
        let tiny = 1e-300
        var value = b0 == 0 ? tiny : b0
        var c = value
        var d = 0.0
        for i in 1...200_000 {
            let (a, b) = term(i)
            d = b + a * d
            d = 1 / (d == 0 ? tiny : d)
            c = b + a / c
            c = c == 0 ? tiny : c
            value *= c * d
            if abs(c * d - 1) < 1e-15 { break }
        }
        return value
    }

    /// The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun 26.5.8).
    static func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        assert(a > 0 && b > 0)
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast on the near side of the mean; the other side by symmetry.
        if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, b, a) }
        let front = exp(a * log(x) + b * log1p(-x) - logGamma(a) - logGamma(b) + logGamma(a + b)) / a
        let fraction = continuedFraction(1) { i in
            let m = Double(i / 2)
            let numerator =
                i % 2 == 0
                ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            return (numerator, 1)
        }
        return min(1, front / fraction)
    }

    /// The upper regularised incomplete gamma function Q(a, x): series below a + 1, continued fraction above (Abramowitz
    /// and Stegun 6.5.29, 6.5.31).
    static func regularizedGammaUpper(_ a: Double, _ x: Double) -> Double {
        assert(a > 0)
        if x <= 0 { return 1 }
        let front = exp(a * log(x) - x - logGamma(a))
        if x < a + 1 {
            var term = 1 / a
            var sum = term
            var n = a
            while abs(term) > abs(sum) * 1e-16 {
                n += 1
                term *= x / n
                sum += term
            }
            return max(0, 1 - front * sum)
        }
        let fraction = continuedFraction(x + 1 - a) { i in
            let k = Double(i)
            return (-k * (k - a), x + 2 * k + 1 - a)
        }
        return front / fraction
    }

    /// The probability of at most `k` successes in `n` trials of probability `p`.
    static func binomialCDF(_ k: Int, _ n: Int, _ p: Double) -> Double {
        if k < 0 { return 0 }
        if k >= n { return 1 }
        return 1 - regularizedBeta(p, Double(k + 1), Double(n - k))
    }

    /// The probability that a standard normal number exceeds `z`.
    static func normalSurvival(_ z: Double) -> Double {
        erfc(z / 2.0.squareRoot()) / 2
    }

    /// The point of a rising function at which it reaches `target`, by bisection until doubles run out.
    static func inverse(of target: Double, from low: Double, to high: Double, _ f: (Double) -> Double) -> Double {
        var (low, high) = (low, high)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            if f(middle) < target { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The point that a standard normal number stays below with probability `p`, 0 < p < 1.
    static func normalQuantile(_ p: Double) -> Double {
        inverse(of: p, from: -40, to: 40) { normalSurvival(-$0) }
    }

    /// The point that Student's t with `degrees` of freedom stays below with probability `p`, 0.5 <= p < 1.
    static func studentQuantile(_ p: Double, degrees: Double) -> Double {
        assert(p >= 0.5 && p < 1)
        // P(T > t) = I_x(ν/2, 1/2) / 2 with x = ν / (ν + t²).
        let x = inverse(of: 2 * (1 - p), from: 0, to: 1) { regularizedBeta($0, degrees / 2, 0.5) }
        return (degrees * (1 - x) / x).squareRoot()
    }
}
