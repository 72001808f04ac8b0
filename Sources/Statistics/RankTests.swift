import Glibc

/// The result of a rank test.
public struct RankTest: Sendable, Codable, Equatable {
    /// The statistic: the signed-rank sum of the positive differences, or U of the first sample.
    public let statistic: Double
    /// The p-value.
    public let pValue: Double
    /// Whether the p-value is exact, ties included, or the normal law's with its corrections.
    public let isExact: Bool
}

/// Wilcoxon's signed-rank test (1945) on differences within pairs: are they symmetric about zero?
///
/// Differences of zero are left out, tied sizes share their mean rank, and the null distribution is that of all sign
/// patterns of those very ranks: exact with ties too, up to 200 differences, normal with tie and continuity corrections
/// above. Without a difference other than zero the p-value is 1. Two-sided p-values are twice the smaller tail.
public func signedRankTest(_ differences: [Double], alternative: Alternative = .different) -> RankTest {
    let moved = differences.filter { $0 != 0 }
    guard !moved.isEmpty else { return RankTest(statistic: 0, pValue: 1, isExact: true) }
    let ranks = doubledRanks(moved.map(abs))
    let sum = zip(moved, ranks.ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    let tails: (lower: Double, upper: Double)
    let isExact = moved.count <= 200
    if isExact {
        tails = subsetSumTails(ranks.ranks, at: sum)
    } else {
        let n = Double(moved.count)
        // In doubled ranks: the mean doubles, the variance is fourfold.
        let variance = n * (n + 1) * (2 * n + 1) / 6 - ranks.tieCorrection / 12
        tails = normalTails(Double(sum), mean: n * (n + 1) / 2, deviation: variance.squareRoot(), step: 1)
    }
    return RankTest(
        statistic: Double(sum) / 2, pValue: pValue(tails, alternative), isExact: isExact)
}

/// Mann and Whitney's U test (1947): are numbers of `first` as likely above as below those of `second`?
///
/// `greater` means that those of `first` are larger. Ties share their mean rank. Exact, ties included, while the product
/// of the sizes is at most 2,500; normal with tie and continuity corrections above. Needs numbers on both sides.
public func mannWhitneyTest(
    _ first: [Double], _ second: [Double], alternative: Alternative = .different
) -> RankTest {
    precondition(!first.isEmpty && !second.isEmpty, "a comparison needs numbers on both sides")
    let ranks = doubledRanks(first + second)
    let sum = ranks.ranks[..<first.count].reduce(0, +)
    let (n, m) = (Double(first.count), Double(second.count))
    let u = Double(sum) / 2 - n * (n + 1) / 2
    let isExact = first.count * second.count <= 2_500
    let tails: (lower: Double, upper: Double)
    if isExact {
        tails = fixedSizeSumTails(ranks.ranks, size: first.count, at: sum)
    } else {
        let all = n + m
        let variance = n * m / 12 * (all + 1 - ranks.tieCorrection / (all * (all - 1)))
        tails = normalTails(u, mean: n * m / 2, deviation: variance.squareRoot(), step: 0.5)
    }
    return RankTest(statistic: u, pValue: pValue(tails, alternative), isExact: isExact)
}

/// Hodges and Lehmann's shift between two unpaired samples (1963): the median of all differences `first` less `second`,
/// with the interval that the Mann–Whitney test inverts to (Moses).
public struct UnpairedShift: Sendable, Codable, Equatable {
    /// The median difference.
    public let shift: Double
    /// The interval; nil where the samples are too few for the level.
    public let interval: ConfidenceInterval?

    /// Estimates from two samples, each with at least one number and together at most 10,000 by 10,000.
    public init(_ first: [Double], _ second: [Double], level: Double = 0.95) {
        precondition(!first.isEmpty && !second.isEmpty, "a comparison needs numbers on both sides")
        precondition(level > 0 && level < 1, "a confidence lies between 0 and 1")
        var differences = first.flatMap { a in second.map { a - $0 } }
        differences.sort()
        shift = quantile(0.5, ofSorted: differences)!
        let (n, m) = (first.count, second.count)
        let tail = (1 - level) / 2
        let cut: (rank: Int, tail: Double)?
        if n * m <= 10_000 {
            cut = largestRank(tail: tail, of: uDistribution(n, m))
        } else {
            let deviation = (Double(n) * Double(m) * Double(n + m + 1) / 12).squareRoot()
            let rank = (Double(n * m) / 2 + SpecialFunctions.normalQuantile(tail) * deviation - 0.5).rounded(.down)
            cut = rank >= 0 ? (Int(rank), tail) : nil
        }
        interval = cut.map {
            ConfidenceInterval(
                lower: differences[$0.rank], upper: differences[differences.count - 1 - $0.rank],
                level: 1 - 2 * $0.tail)
        }
    }
}

// MARK: Null distributions

/// Twice the mean ranks of numbers (so that ties stay whole), and Σ(t³ − t) over groups of ties.
private func doubledRanks(_ numbers: [Double]) -> (ranks: [Int], tieCorrection: Double) {
    let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
    var ranks = [Int](repeating: 0, count: numbers.count)
    var correction = 0.0
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, numbers[order[end]] == numbers[order[start]] { end += 1 }
        // Ranks start + 1 ... end share their mean.
        for place in start..<end { ranks[order[place]] = start + 1 + end }
        let ties = Double(end - start)
        correction += ties * ties * ties - ties
        start = end
    }
    return (ranks, correction)
}

/// Both tails, `sum` included, of the sum of a random subset in which each number is with probability ½.
private func subsetSumTails(_ numbers: [Int], at sum: Int) -> (lower: Double, upper: Double) {
    let total = numbers.reduce(0, +)
    var chances = [Double](repeating: 0, count: total + 1)
    chances[0] = 1
    var reach = 0
    for number in numbers {
        reach += number
        for value in stride(from: reach, through: 0, by: -1) {
            chances[value] = (chances[value] + (value >= number ? chances[value - number] : 0)) / 2
        }
    }
    return (chances[...sum].reduce(0, +), chances[sum...].reduce(0, +))
}

/// Both tails, `sum` included, of the sum of `size` of the numbers, every choice as likely.
private func fixedSizeSumTails(_ numbers: [Int], size: Int, at sum: Int) -> (lower: Double, upper: Double) {
    // ways[k][s]: the share of choices of k numbers with sum s, scaled at every step to stay within doubles' range.
    let sorted = numbers.sorted(by: >)
    let largest = sorted[..<size].reduce(0, +)
    let width = largest + 1
    var ways = [Double](repeating: 0, count: (size + 1) * width)
    ways[0] = 1
    for (taken, number) in numbers.enumerated() {
        for k in stride(from: min(size, taken + 1), to: 0, by: -1) {
            let (row, below) = (k * width, (k - 1) * width)
            for value in stride(from: largest, through: number, by: -1) {
                ways[row + value] += ways[below + value - number]
            }
        }
        if taken % 64 == 63 {
            let scale = 1 / (ways.max() ?? 1)
            for place in ways.indices { ways[place] *= scale }
        }
    }
    let last = ways[(size * width)...]
    let total = last.reduce(0, +)
    let middle = last.startIndex + sum
    return (last[...middle].reduce(0, +) / total, last[middle...].reduce(0, +) / total)
}

/// P(U = u) for samples of n and m numbers without ties.
private func uDistribution(_ n: Int, _ m: Int) -> [Double] {
    // P(n, m) by which sample holds the largest number: Mann and Whitney's recurrence, in probabilities.
    var rows = [[Double]](repeating: [1], count: m + 1)
    for i in 1...n {
        var next: [[Double]] = [[1]]
        for j in 1...m {
            var chances = [Double](repeating: 0, count: i * j + 1)
            let (first, second) = (Double(i) / Double(i + j), Double(j) / Double(i + j))
            for (u, chance) in rows[j].enumerated() { chances[u + j] += first * chance }
            for (u, chance) in next[j - 1].enumerated() { chances[u] += second * chance }
            next.append(chances)
        }
        rows = next
    }
    return rows[m]
}

private func largestRank(tail: Double, of chances: [Double]) -> (rank: Int, tail: Double)? {
    var cumulated = 0.0
    var best: (rank: Int, tail: Double)?
    for (rank, chance) in chances.enumerated() {
        cumulated += chance
        guard cumulated <= tail * (1 + 1e-12) else { break }
        best = (rank, cumulated)
    }
    return best
}

private func normalTails(
    _ value: Double, mean: Double, deviation: Double, step: Double
) -> (lower: Double, upper: Double) {
    guard deviation > 0 else { return (1, 1) }
    return (
        SpecialFunctions.normalSurvival(-(value - mean + step) / deviation),
        SpecialFunctions.normalSurvival((value - mean - step) / deviation)
    )
}

private func pValue(_ tails: (lower: Double, upper: Double), _ alternative: Alternative) -> Double {
    switch alternative {
    case .greater: min(1, tails.upper)
    case .less: min(1, tails.lower)
    case .different: min(1, 2 * min(tails.lower, tails.upper))
    }
}
