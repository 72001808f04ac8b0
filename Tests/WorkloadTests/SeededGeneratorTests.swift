import Testing
import Workload

@Suite("Seeded generator")
struct SeededGeneratorTests {
    @Test("splitmix64 yields the published sequence of seed 1234567")
    func splitMixVector() {
        // https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
        var generator = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(expected.map { _ in generator.next() } == expected)
    }

    @Test("xoshiro256** yields the sequence of its authors' C code from state 1, 2, 3, 4")
    func xoshiroVector() {
        // The vector that rand_xoshiro's tests took from http://xoshiro.di.unimi.it/xoshiro256starstar.c
        var generator = SeededGenerator(state: (1, 2, 3, 4))
        let expected: [UInt64] = [
            11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
            16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777,
            2_904_607_092_377_533_576,
        ]
        #expect(expected.map { _ in generator.next() } == expected)
    }

    @Test("a bounded draw reaches every value about equally often", arguments: [1, 2, 3, 7, 10, 100] as [UInt64])
    func boundedDraw(bound: UInt64) {
        var generator = SeededGenerator(seed: bound)
        var counts = [Int](repeating: 0, count: Int(bound))
        let draws = 10_000 * Int(bound)
        for _ in 0..<draws { counts[Int(generator.below(bound))] += 1 }
        // Five standard deviations of a count with mean 10,000.
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test("a bound of three quarters of 2⁶⁴ is not biased towards multiples of three")
    func hugeBound() {
        // Without redrawing, the high word of x × 3/4 × 2⁶⁴ is a multiple of three half of the time: 0, 0, 1, 2 ...
        var generator = SeededGenerator(seed: 9)
        var residues = [0, 0, 0]
        for _ in 0..<30_000 { residues[Int(generator.below((3 << 62) as UInt64) % 3)] += 1 }
        #expect(residues.allSatisfy { abs($0 - 10_000) < 450 })
    }

    @Test("numbers of the unit interval stay in it and have its mean and variance")
    func unitInterval() {
        var generator = SeededGenerator(seed: 4)
        let numbers = (0..<100_000).map { _ in generator.unitInterval() }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = numbers.reduce(0, +) / 100_000
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean - 0.5) < 0.005)
        #expect(abs(variance - 1.0 / 12) < 0.002)
    }

    @Test("a chance of 0 never comes and of 1 always does")
    func certainChances() {
        var generator = SeededGenerator(seed: 5)
        #expect(!(0..<1000).contains { _ in generator.chance(0) })
        #expect((0..<1000).allSatisfy { _ in generator.chance(1) })
    }

    @Test("exponential draws have the mean and the median of the law")
    func exponential() {
        var generator = SeededGenerator(seed: 6)
        let draws = (0..<100_000).map { _ in generator.exponential(mean: 40) }
        #expect(abs(draws.reduce(0, +) / 100_000 - 40) < 0.7)
        #expect(abs(draws.sorted()[50_000] - 27.73) < 0.6)
    }

    @Test("every order of three is shuffled to equally often")
    func shuffle() {
        var generator = SeededGenerator(seed: 7)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<60_000 {
            var order = [0, 1, 2]
            generator.shuffle(&order)
            counts[order, default: 0] += 1
        }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test("split streams depend on label and state only, and leave the parent where it was")
    func split() {
        var parent = SeededGenerator(seed: 8)
        let untouched = parent
        var a = parent.split(1)
        var again = parent.split(1)
        var b = parent.split(2)
        #expect(parent == untouched)
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in again.next() })
        #expect(first != (0..<4).map { _ in b.next() })
        _ = parent.next()
        #expect(parent.split(1) != untouched.split(1))
    }
}
