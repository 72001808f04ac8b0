/// Work that keeps a core busy for a known time without touching memory or a clock: a chain of dependent
/// multiplications, counted out beforehand.
struct SpinWork {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed | 1
    }

    /// Rounds that a core runs in a nanosecond: the best of several tries, since whatever disturbs one only slows it.
    static func calibrate() -> Double {
        let rounds: UInt64 = 50_000
        var work = SpinWork(seed: 7)
        var best = UInt64.max
        for _ in 0..<8 {
            let start = monotonicNanoseconds()
            work.run(rounds)
            best = min(best, max(1, monotonicNanoseconds() - start))
        }
        return Double(rounds) / Double(best)
    }

    @inline(never)
    mutating func run(_ rounds: UInt64) {
        var value = state
        var left = rounds
        while left > 0 {
            value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            left &-= 1
        }
        state = value
    }

    /// What the work came to; using it keeps the optimiser from dropping the loop.
    var checksum: UInt64 { state }
}
