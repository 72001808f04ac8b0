import Testing
import Workload

@Suite("Arrival schedules")
struct ArrivalScheduleTests {
    let second: UInt64 = 1_000_000_000

    @Test("a constant rate is evenly spaced")
    func constant() throws {
        let schedule = try ArrivalSchedule(.constant, ratePerSecond: 4, windowNanoseconds: second, seed: 0)
        #expect(Array(schedule) == [0, 250_000_000, 500_000_000, 750_000_000])
    }

    @Test(
        "arrivals are as many as the rate says, in order, within the window, and the same by index as by walking",
        arguments: ArrivalSchedule.Process.allCases, [1.0, 255, 1000, 5000.4])
    func orderAndCount(process: ArrivalSchedule.Process, rate: Double) throws {
        let schedule = try ArrivalSchedule(process, ratePerSecond: rate, windowNanoseconds: 2 * second, seed: 3)
        let starts = Array(schedule)
        #expect(starts.count == Int((2 * rate).rounded()))
        #expect(starts.count == schedule.count)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(starts.allSatisfy { $0 < 2 * second })
        for index in stride(from: 0, to: starts.count, by: 97) {
            #expect(schedule.intendedStartNanoseconds(index) == starts[index])
        }
    }

    @Test("a seed fixes a Poisson schedule and another seed gives another")
    func seeds() throws {
        func starts(_ seed: UInt64) throws -> [UInt64] {
            Array(try ArrivalSchedule(.poisson, ratePerSecond: 3000, windowNanoseconds: second, seed: seed))
        }
        #expect(try starts(1) == starts(1))
        #expect(try starts(1) != starts(2))
    }

    @Test("Poisson gaps are exponential: their mean, their spread, and the share above the mean")
    func exponentialGaps() throws {
        let schedule = try ArrivalSchedule(.poisson, ratePerSecond: 50_000, windowNanoseconds: 2 * second, seed: 5)
        let starts = schedule.map { Double($0) }
        let gaps = zip(starts.dropFirst(), starts).map(-)
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(mean - 20_000) < 100)
        #expect(abs(variance.squareRoot() / mean - 1) < 0.02)
        // e⁻¹ of them are longer than the mean.
        let longer = Double(gaps.count { $0 > mean }) / Double(gaps.count)
        #expect(abs(longer - 0.3679) < 0.01)
    }

    @Test("counts per interval vary as a multinomial's do, neither smoothed nor clustered by the blocks")
    func intervalCounts() throws {
        let schedule = try ArrivalSchedule(.poisson, ratePerSecond: 100_000, windowNanoseconds: second, seed: 6)
        var counts = [Double](repeating: 0, count: 1000)
        for start in schedule { counts[Int(start / 1_000_000)] += 1 }
        let dispersion = counts.reduce(0) { $0 + ($1 - 100) * ($1 - 100) } / 100 / 999
        // A chi-square of 999 degrees of freedom over 999: standard deviation 0.045.
        #expect(abs(dispersion - 1) < 0.2)
    }

    @Test("a rate or a window that can't be is refused", arguments: [0, -1, .infinity, .nan, 1e12])
    func refusals(rate: Double) {
        #expect(throws: WorkloadError.self) {
            try ArrivalSchedule(.poisson, ratePerSecond: rate, windowNanoseconds: second, seed: 0)
        }
        #expect(throws: WorkloadError.self) {
            try ArrivalSchedule(.constant, ratePerSecond: 1, windowNanoseconds: 0, seed: 0)
        }
    }
}
