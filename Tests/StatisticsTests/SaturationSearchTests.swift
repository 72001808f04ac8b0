import Foundation
import Statistics
import Testing
import Workload

@Suite("A saturation search")
struct SaturationSearchTests {
    /// Runs a search on a system that answers with what it achieves and whether it meets the objective.
    private func run(
        _ search: SaturationSearch, _ measure: (Double) -> SaturationStep
    ) -> (answer: SaturationAnswer, history: [SaturationStep]) {
        var history: [SaturationStep] = []
        while true {
            switch search.next(after: history) {
            case .measure(let rate):
                #expect(search.rates.contains(rate))
                history.append(measure(rate))
            case .answer(let answer):
                #expect(history.count <= search.mostSteps)
                if let rate = answer.rate {
                    #expect(
                        history.contains {
                            $0.offeredPerSecond == rate && $0.meetsObjective && $0.achievedPerSecond >= 0.9 * rate
                        }, "only what was measured and passed is answered")
                }
                return (answer, history)
            }
        }
    }

    /// An M/M/1 queue: the sojourn time is exponential with mean 1/(μ − λ), so p99 = ln 100/(μ − λ) (Kleinrock 1975).
    private func queue(capacity: Double, objective: Double) -> (Double) -> SaturationStep {
        { rate in
            let p99 = rate < capacity ? log(100) / (capacity - rate) : .infinity
            return SaturationStep(
                offeredPerSecond: rate, achievedPerSecond: min(rate, capacity), meetsObjective: p99 < objective)
        }
    }

    @Test(
        "finds the rate at which an M/M/1 queue's p99 meets the objective, from far below and far above",
        arguments: [10.0, 1_000, 9_000, 700_000], [0.05, 0.01])
    func singleServer(start: Double, tolerance: Double) throws {
        let search = SaturationSearch(start: start, tolerance: tolerance)
        let (answer, history) = run(search, queue(capacity: 10_000, objective: 0.005))
        // ln 100 / 5 ms below the capacity.
        let truth = 10_000 - log(100) / 0.005
        guard case .maximum(let rate, let breach) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(rate <= truth && truth <= breach)
        #expect(breach <= rate * (1 + tolerance))
        #expect(history.count <= 30)
    }

    @Test("stops at a cliff, where less than nine tenths of the offered is achieved")
    func cliff() {
        let (answer, _) = run(SaturationSearch()) { rate in
            SaturationStep(
                offeredPerSecond: rate, achievedPerSecond: rate <= 33_333 ? rate : 5_000, meetsObjective: true)
        }
        guard case .maximum(let rate, let breach) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(rate <= 33_333 && breach > 33_333 && breach <= rate * 1.05)
    }

    @Test("of a system without a limit climbs to the highest rate allowed and says so")
    func flat() {
        let search = SaturationSearch(rates: 1...500_000)
        let (answer, history) = run(search) {
            SaturationStep(offeredPerSecond: $0, achievedPerSecond: $0, meetsObjective: true)
        }
        #expect(answer == .atLeast(rate: 500_000, reason: .highestRate))
        #expect(history.count == 10)
    }

    @Test("never met, says so with the lowest rate that was tried")
    func never() {
        let (answer, history) = run(SaturationSearch(rates: 5...1_000_000)) {
            SaturationStep(offeredPerSecond: $0, achievedPerSecond: $0, meetsObjective: false)
        }
        #expect(answer == .never(lowestTried: 5))
        #expect(history.count { $0.offeredPerSecond == 5 } == 2, "the lowest is confirmed too")
    }

    @Test("takes a generator that wakes late for the generator's limit, not the system's")
    func generator() {
        let (answer, _) = run(SaturationSearch()) { rate in
            SaturationStep(
                offeredPerSecond: rate, achievedPerSecond: rate, meetsObjective: rate < 70_000,
                isGeneratorLimited: rate > 50_000)
        }
        guard case .atLeast(let rate, .generator) = answer else { return #expect(Bool(false), "\(answer)") }
        // Between 50,000 and 70,000 the objective was met even so.
        #expect(rate > 66_500 && rate < 70_000)
        let (nothing, _) = run(SaturationSearch()) {
            SaturationStep(
                offeredPerSecond: $0, achievedPerSecond: $0, meetsObjective: false, isGeneratorLimited: true)
        }
        #expect(nothing == .unknown(reason: .generator))
    }

    @Test("is not led astray by single bad windows", arguments: 0..<40 as Range<UInt64>)
    func noise(seed: UInt64) {
        var rng = SeededGenerator(seed: seed)
        let system = queue(capacity: 10_000, objective: 0.005)
        let (answer, history) = run(SaturationSearch()) { rate in
            var step = system(rate)
            // One window in ten fails whatever the rate.
            if rng.chance(0.1) { step.meetsObjective = false }
            return step
        }
        let truth = 10_000 - log(100) / 0.005
        guard let rate = answer.rate else { return #expect(Bool(false), "\(answer)") }
        #expect(rate <= truth, "a rate beyond the truth never passes")
        // Two bad windows in a row come once in a hundred rates; then the answer is low, and still was measured.
        let unlucky = Dictionary(grouping: history.filter { $0.offeredPerSecond < truth }, by: \.offeredPerSecond)
            .contains { $1.count { !$0.meetsObjective } >= 2 }
        if !unlucky { #expect(rate > truth * 0.94) }
    }

    @Test("without steps left answers what it has")
    func bounded() {
        let search = SaturationSearch(mostSteps: 5)
        let (answer, history) = run(search, queue(capacity: 10_000, objective: 0.005))
        #expect(history.count == 5)
        #expect(answer == .atLeast(rate: 8_000, reason: .steps))
        #expect(SaturationSearch().next(after: []) == .measure(1_000))
    }

    @Test("offers rates of three digits")
    func readable() {
        let (_, history) = run(SaturationSearch(start: 12.3), queue(capacity: 777, objective: 1))
        for rate in history.map(\.offeredPerSecond) {
            let digits = rate >= 100 ? rate : rate * 10
            #expect(abs(digits - digits.rounded()) < 1e-9, "\(rate)")
        }
    }

    @Test("the knee of an M/M/1 queue lies at half of its capacity, that of a flat line at its end")
    func knees() throws {
        let rates = stride(from: 500.0, to: 10_000, by: 500).map { $0 }
        let curve = rates.map { CurvePoint(throughput: $0, latency: 1 / (10_000 - $0)) }
        #expect(rates[try #require(knee(of: curve))] == 5_000)
        let flat = rates.map { CurvePoint(throughput: $0, latency: 1) }
        #expect(knee(of: flat) == flat.count - 1)
        #expect(knee(of: []) == nil)
    }
}
