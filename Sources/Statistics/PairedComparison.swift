import Glibc

/// Which difference counts as evidence.
public enum Alternative: String, Sendable, Codable {
    /// Either sign.
    case different
    /// Above zero.
    case greater
    /// Below zero.
    case less
}

/// The p-value of "the differences within pairs are as likely of one sign as of the other" by Fisher's sign-flip
/// permutation test on their mean: the share of all sign patterns whose mean lies at least as far out.
///
/// Exact up to 20 pairs (a million patterns, `generator` untouched); above, `draws` random patterns, the observed one
/// counted among them. Two-sided p-values are twice the smaller tail. Needs at least one difference.
public func signFlipPValue(
    _ differences: [Double], alternative: Alternative = .different,
    generator: inout some RandomNumberGenerator, draws: Int = 100_000
) -> Double {
    precondition(!differences.isEmpty && draws > 0, "a test needs differences and draws")
    let observed = differences.reduce(0, +)
    // Sums that are equal but for the order of addition must compare as equal.
    let slack = 1e-12 * differences.reduce(0) { $0 + abs($1) }
    var above = 0
    var below = 0
    func count(_ sum: Double) {
        if sum >= observed - slack { above += 1 }
        if sum <= observed + slack { below += 1 }
    }
    let patterns: Int
    if differences.count <= 20 {
        patterns = 1 << differences.count
        for pattern in 0..<patterns {
            var sum = 0.0
            for (bit, difference) in differences.enumerated() {
                sum += pattern >> bit & 1 == 0 ? difference : -difference
            }
            count(sum)
        }
    } else {
        patterns = draws + 1
        count(observed)
        for _ in 0..<draws {
            var sum = 0.0
            for start in stride(from: 0, to: differences.count, by: 64) {
                var bits = generator.next()
                for difference in differences[start..<min(start + 64, differences.count)] {
                    sum += bits & 1 == 0 ? difference : -difference
                    bits >>= 1
                }
            }
            count(sum)
        }
    }
    switch alternative {
    case .greater: return Double(above) / Double(patterns)
    case .less: return Double(below) / Double(patterns)
    case .different: return min(1, 2 * Double(min(above, below)) / Double(patterns))
    }
}

/// Hodges and Lehmann's estimate of the shift within pairs, with the interval that Wilcoxon's signed-rank test inverts to.
public struct PairedShift: Sendable, Codable, Equatable {
    /// The median of the averages of every two differences (each with itself too).
    public let shift: Double
    /// The interval; its level is the one reached, at least the one asked for. Nil if the pairs are too few for it.
    public let interval: ConfidenceInterval?

    /// Estimates from the differences within pairs; needs at least one.
    ///
    /// The null distribution of the signed-rank sum is exact up to 200 pairs and normal above. To compare ratios, give
    /// differences of logarithms.
    public init(_ differences: [Double], level: Double = 0.95) {
        precondition(!differences.isEmpty, "a shift needs differences")
        precondition(level > 0 && level < 1, "a confidence lies between 0 and 1")
        var averages: [Double] = []
        averages.reserveCapacity(differences.count * (differences.count + 1) / 2)
        for i in differences.indices {
            for j in differences.indices[i...] { averages.append((differences[i] + differences[j]) / 2) }
        }
        averages.sort()
        shift = quantile(0.5, ofSorted: averages)!
        guard let cut = Self.cut(differences.count, tail: (1 - level) / 2) else {
            interval = nil
            return
        }
        interval = ConfidenceInterval(
            lower: averages[cut.rank], upper: averages[averages.count - 1 - cut.rank], level: 1 - 2 * cut.tail)
    }

    /// The largest w with P(W ≤ w) ≤ `tail` for the signed-rank sum W of n pairs, and that probability.
    private static func cut(_ n: Int, tail: Double) -> (rank: Int, tail: Double)? {
        let largest = n * (n + 1) / 2
        if n > 200 {
            let count = Double(n)
            let deviation = (count * (count + 1) * (2 * count + 1) / 24).squareRoot()
            let rank = Int(
                (Double(largest) / 2 + SpecialFunctions.normalQuantile(tail) * deviation - 0.5).rounded(.down))
            return rank >= 0 ? (rank, tail) : nil
        }
        // chances[w] = P(W = w): rank k has the plus sign or not, each with ½.
        var chances = [Double](repeating: 0, count: largest + 1)
        chances[0] = 1
        for k in 1...n {
            for w in stride(from: k * (k + 1) / 2, through: 0, by: -1) {
                chances[w] = (chances[w] + (w >= k ? chances[w - k] : 0)) / 2
            }
        }
        var cumulated = 0.0
        var best: (rank: Int, tail: Double)?
        for (w, chance) in chances.enumerated() {
            cumulated += chance
            guard cumulated <= tail * (1 + 1e-12) else { break }
            best = (w, cumulated)
        }
        return best
    }
}
