import Foundation
import Testing
import Workload

@testable import Statistics

/// Answers of SciPy, with their samples; `Reference/reference.py` made them.
private struct Reference: Decodable {
    struct Signed: Decodable {
        var differences: [Double]
        var alternative: String
        var p: Double
    }
    struct Unpaired: Decodable {
        var first: [Double]
        var second: [Double]
        var alternative: String
        var u: Double
        var p: Double
    }
    struct Bootstrap: Decodable {
        var numbers: [Double]
        var statistic: String
        var lower: Double
        var upper: Double
    }
    var signed: [Signed]
    var unpaired: [Unpaired]
    var bootstrap: [Bootstrap]

    static func load() throws -> Reference {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/reference.json")
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }

    static func alternative(_ name: String) -> Alternative {
        switch name {
        case "greater": .greater
        case "less": .less
        default: .different
        }
    }
}

@Suite("Rank tests and bootstrap against SciPy")
struct ReferenceTests {
    private func close(_ value: Double, _ reference: Double, _ tolerance: Double = 1e-9) -> Bool {
        abs(value - reference) <= tolerance * max(1e-12, abs(reference))
    }

    @Test("the signed-rank test, exact and normal, with and without ties")
    func signedRank() throws {
        let cases = try Reference.load().signed
        #expect(cases.count == 27)
        for item in cases {
            let test = signedRankTest(item.differences, alternative: Reference.alternative(item.alternative))
            #expect(close(test.pValue, item.p), "\(item.differences.count) \(item.alternative): \(test) \(item.p)")
        }
    }

    @Test("Mann and Whitney's test, exact and normal, with and without ties")
    func mannWhitney() throws {
        let cases = try Reference.load().unpaired
        #expect(cases.count == 18)
        for item in cases {
            let test = mannWhitneyTest(
                item.first, item.second, alternative: Reference.alternative(item.alternative))
            #expect(test.statistic == item.u)
            #expect(close(test.pValue, item.p), "\(item.first.count) \(item.alternative): \(test) \(item.p)")
        }
    }

    @Test("the bias-corrected and accelerated bootstrap, within the draws' own noise")
    func bootstrap() throws {
        for item in try Reference.load().bootstrap {
            var generator = SeededGenerator(seed: 3)
            let interval = try #require(
                bootstrapInterval(item.numbers, resamples: 20_000, generator: &generator) { numbers in
                    let mean = numbers.reduce(0, +) / Double(numbers.count)
                    guard item.statistic == "deviation" else { return mean }
                    let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                    return (squares / Double(numbers.count)).squareRoot()
                })
            #expect(close(interval.lower, item.lower, 0.02), "\(item.statistic) \(interval) \(item.lower)")
            #expect(close(interval.upper, item.upper, 0.02), "\(item.statistic) \(interval) \(item.upper)")
        }
    }
}

@Suite("Shifts, power and change points")
struct ComparisonTests {
    private func normal(_ generator: inout SeededGenerator) -> Double {
        // Twelve uniform numbers less six: normal enough for coverage.
        (0..<12).reduce(-6.0) { sum, _ in sum + Double(generator.next() >> 11) * 0x1p-53 }
    }

    @Test("an unpaired shift's interval covers the truth as often as it says")
    func unpairedCoverage() {
        var generator = SeededGenerator(seed: 8)
        var covered = 0
        let rounds = 1_000
        for _ in 0..<rounds {
            let first = (0..<10).map { _ in normal(&generator) + 0.7 }
            let second = (0..<12).map { _ in normal(&generator) }
            let interval = UnpairedShift(first, second, level: 0.95).interval!
            if interval.lower <= 0.7, 0.7 <= interval.upper { covered += 1 }
        }
        // 95 % less four standard errors; the exact level is a little above.
        #expect(covered > 922 && covered < 985, "\(covered) of \(rounds)")
    }

    @Test("too few numbers have no interval")
    func tooFew() {
        #expect(UnpairedShift([1, 2], [3, 4]).interval == nil)
        #expect(UnpairedShift([1, 2], [3, 5]).shift == -2.5)
        #expect(signedRankTest([0, 0]).pValue == 1)
    }

    @Test("Holm's adjustment as published, and in the order given")
    func holm() {
        // Holm 1979's scheme by hand: 0.01·4, 0.02·3, 0.03·2 raised to 0.06, 0.04·1 raised to 0.06.
        let adjusted = holmAdjusted([0.03, 0.01, 0.04, 0.02])
        for (value, expected) in zip(adjusted, [0.06, 0.04, 0.06, 0.06]) { #expect(abs(value - expected) < 1e-12) }
        #expect(holmAdjusted([0.6, 0.9]) == [1, 1])
        #expect(abs(simultaneousLevel(0.99, count: 10) - 0.999) < 1e-12)
    }

    @Test("the stated power is reached by the test itself", arguments: [10, 20])
    func power(pairs: Int) throws {
        let shift = try #require(
            PairedPower.minimumDetectableShift(deviation: 1, pairs: pairs, alpha: 0.01, power: 0.8))
        var generator = SeededGenerator(seed: 5)
        var found = 0
        let rounds = 2_000
        for _ in 0..<rounds {
            let differences = (0..<pairs).map { _ in normal(&generator) + shift }
            if signedRankTest(differences, alternative: .greater).pValue <= 0.01 { found += 1 }
        }
        let power = Double(found) / Double(rounds)
        #expect(abs(power - 0.8) < 0.06, "\(power) with a shift of \(shift)")
    }

    @Test("no shift is detectable where no outcome would be evidence")
    func powerless() {
        #expect(PairedPower.minimumDetectableShift(deviation: 1, pairs: 6, alpha: 0.01) == nil)
        #expect(PairedPower.pairsNeeded(shift: 1, deviation: 100, most: 50) == nil)
        let needed = PairedPower.pairsNeeded(shift: 0.05, deviation: 0.04)!
        #expect(PairedPower.minimumDetectableShift(deviation: 0.04, pairs: needed)! <= 0.05)
        #expect(PairedPower.minimumDetectableShift(deviation: 0.04, pairs: needed - 1) ?? .infinity > 0.05)
    }

    @Test("planted changes are found where they are, and their sizes")
    func changePoints() throws {
        var generator = SeededGenerator(seed: 12)
        let series = (0..<60).map { place in
            (place < 20 ? 100.0 : place < 45 ? 110 : 104) + normal(&generator)
        }
        let points = ChangePoints.find(in: series, generator: &generator)
        #expect(points.map(\.index) == [20, 45])
        #expect(abs(try #require(points.first?.relativeChange) - 0.1) < 0.015)
    }

    @Test("a series without a change has none, as often as alpha says")
    func falseAlarms() {
        var generator = SeededGenerator(seed: 13)
        var alarms = 0
        for _ in 0..<200 {
            let series = (0..<30).map { _ in normal(&generator) }
            if !ChangePoints.find(in: series, alpha: 0.05, permutations: 199, generator: &generator).isEmpty {
                alarms += 1
            }
        }
        // Ten expected; four standard errors are twelve.
        #expect(alarms <= 22, "\(alarms) of 200")
    }
}
