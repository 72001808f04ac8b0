import Glibc

/// Ranks drawn with probability proportional to (rank + 1)⁻ᶿ, 0 < θ < 1, in constant time: Gray, Sundaresan, Englert,
/// Baclawski and Weinberger, "Quickly generating billion-record synthetic databases" (SIGMOD 1994), figure on page 6;
/// the algorithm of YCSB's `ZipfianGenerator`.
@usableFromInline
struct Zipfian: Sendable, Equatable {
    @usableFromInline let count: Int
    @usableFromInline let theta: Double
    @usableFromInline let zeta: Double
    @usableFromInline let alpha: Double
    @usableFromInline let eta: Double
    @usableFromInline let second: Double

    init(count: Int, theta: Double) {
        assert(count > 0 && theta > 0 && theta < 1)
        self.count = count
        self.theta = theta
        zeta = Self.zeta(count, theta)
        alpha = 1 / (1 - theta)
        second = 1 + pow(0.5, theta)
        eta = (1 - pow(2 / Double(count), 1 - theta)) / (1 - Self.zeta(2, theta) / zeta)
    }

    /// The sum of i⁻ᶿ for i in 1...n: the first terms added up, the rest by the Euler–Maclaurin formula, whose next
    /// term is below 10⁻¹⁶ from i = 4,096 on. So ten billion keys cost no more than four thousand.
    static func zeta(_ n: Int, _ theta: Double) -> Double {
        let head = min(n, 4096)
        var sum = 0.0
        for i in stride(from: head, through: 1, by: -1) { sum += pow(Double(i), -theta) }
        guard n > head else { return sum }
        let a = Double(head)
        let b = Double(n)
        let integral = (pow(b, 1 - theta) - pow(a, 1 - theta)) / (1 - theta)
        let ends = (pow(b, -theta) - pow(a, -theta)) / 2
        let slopes = -theta * (pow(b, -theta - 1) - pow(a, -theta - 1)) / 12
        return sum + integral + ends + slopes
    }

    @inlinable func next(_ rng: inout SeededGenerator) -> Int {
        let u = rng.unitInterval()
        let uz = u * zeta
        if uz < 1 { return 0 }
        if uz < second { return min(1, count - 1) }
        return min(count - 1, Int(Double(count) * pow(eta * u - eta + 1, alpha)))
    }
}
