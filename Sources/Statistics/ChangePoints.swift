import Glibc

/// Where a series changes its law: E-divisive (Matteson & James 2014), as MongoDB and Netflix use it on benchmarks.
public enum ChangePoints {
    /// A point from which a series differs from what was before.
    public struct ChangePoint: Sendable, Codable, Equatable {
        /// The place of the first number of the new law.
        public let index: Int
        /// The share of random orders of the stretch that split at least as well.
        public let pValue: Double
        /// The medians of the stretches before and after, up to the neighbouring points.
        public let before: Double, after: Double

        /// The relative change; nil from zero.
        public var relativeChange: Double? { before == 0 ? nil : after / before - 1 }
    }

    /// Most numbers of a series: the distances between all pairs are held.
    public static let mostNumbers = 4_096

    /// The change points of a series, in order.
    ///
    /// Splits the series where the energy distance between both sides is greatest, keeps the split if at most `alpha` of
    /// random orders of the stretch do as well, and goes on within both sides. The stretch that splits best goes first.
    ///
    /// - Parameters:
    ///   - series: numbers in time's order, at most ``mostNumbers``; the newest are taken of a longer one.
    ///   - fewest: how many numbers a stretch needs at least, 2 or more.
    ///   - permutations: how many random orders.
    public static func find(
        in series: [Double], alpha: Double = 0.01, fewest: Int = 3, permutations: Int = 999,
        generator: inout some RandomNumberGenerator
    ) -> [ChangePoint] {
        precondition(alpha > 0 && alpha < 1 && fewest >= 2 && permutations > 0, "the parameters lie in their ranges")
        let skipped = max(0, series.count - mostNumbers)
        let numbers = Array(series.dropFirst(skipped))
        var bounds = [0, numbers.count]
        var found: [(index: Int, pValue: Double)] = []
        var closed: Set<Int> = []
        while true {
            var best: (start: Int, split: Split)?
            for (start, end) in zip(bounds, bounds.dropFirst()) where !closed.contains(start) {
                guard let split = bestSplit(numbers[start..<end], fewest) else {
                    closed.insert(start)
                    continue
                }
                if split.statistic > best?.split.statistic ?? -.infinity { best = (start, split) }
            }
            guard let (start, split) = best, let place = bounds.firstIndex(of: start) else { break }
            let stretch = numbers[start..<bounds[place + 1]]
            let pValue = significance(of: split, in: stretch, fewest, permutations, &generator)
            guard pValue <= alpha else {
                closed.insert(start)
                continue
            }
            found.append((split.index, pValue))
            bounds.insert(split.index, at: place + 1)
        }
        return found.sorted { $0.index < $1.index }.map { point in
            let place = bounds.firstIndex(of: point.index)!
            return ChangePoint(
                index: point.index + skipped, pValue: point.pValue,
                before: median(Array(numbers[bounds[place - 1]..<point.index]))!,
                after: median(Array(numbers[point.index..<bounds[place + 1]]))!)
        }
    }

    private struct Split {
        var index: Int
        var statistic: Double
    }

    /// The split of a stretch with the greatest energy statistic q = mn/(m+n) · (2·E|X−Y| − E|X−X'| − E|Y−Y'|).
    private static func bestSplit(_ stretch: ArraySlice<Double>, _ fewest: Int) -> Split? {
        let count = stretch.count
        guard count >= 2 * fewest else { return nil }
        let first = stretch.startIndex
        // Moving the split by one moves one number's distances from one side to the other.
        var within = 0.0
        var (between, beyond) = (0.0, 0.0)
        for i in 0..<count {
            for j in (i + 1)..<max(count, i + 1) { beyond += abs(stretch[first + i] - stretch[first + j]) }
        }
        var best: Split?
        for size in 1..<count {
            let moved = stretch[first + size - 1]
            var (left, right) = (0.0, 0.0)
            for place in 0..<(size - 1) { left += abs(moved - stretch[first + place]) }
            for place in size..<count { right += abs(moved - stretch[first + place]) }
            within += left
            between += right - left
            beyond -= right
            guard size >= fewest, count - size >= fewest else { continue }
            let (m, n) = (Double(size), Double(count - size))
            let energy = 2 * between / (m * n) - 2 * within / (m * (m - 1)) - 2 * beyond / (n * (n - 1))
            let statistic = m * n / (m + n) * energy
            if statistic > best?.statistic ?? -.infinity { best = Split(index: first + size, statistic: statistic) }
        }
        return best
    }

    private static func significance(
        of split: Split, in stretch: ArraySlice<Double>, _ fewest: Int, _ permutations: Int,
        _ generator: inout some RandomNumberGenerator
    ) -> Double {
        var order = Array(stretch)
        var asGood = 1
        for _ in 0..<permutations {
            order.shuffleReproducibly(using: &generator)
            if let other = bestSplit(order[...], fewest), other.statistic >= split.statistic { asGood += 1 }
        }
        return Double(asGood) / Double(permutations + 1)
    }
}
