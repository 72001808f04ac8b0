import ProtocolKit
import Testing
import Workload

@testable import Simulation

@Suite("Simulated clocks")
struct ClockTests {
    @Test("the monotonic clock's rate is off by no more than its drift, and a deadline is met to the nanosecond")
    func drift() {
        var random = SeededGenerator(seed: 1)
        var options = ClockOptions()
        options.driftPartsPerMillion = 500
        options.skewNanoseconds = .milliseconds(100)
        for _ in 0..<200 {
            let clock = drawClock(&random, options, isExact: false)
            let (early, late) = (random.below(UInt64.seconds(10)), random.below(UInt64.seconds(100)))
            let passed = clock.now(early + late).monotonic - clock.now(early).monotonic
            #expect(abs(Double(passed) - Double(late)) <= Double(late) * 0.0005 + 2)
            let deadline = clock.now(early).monotonic + late
            let due = clock.time(deadline, notBefore: early)
            #expect(clock.now(due).monotonic >= deadline)
            #expect(due == early || clock.now(due - 1).monotonic < deadline + 1)
            let wall = Int64(clock.now(early).wall) - Int64(early) - SimulatedClock.epoch
            #expect(abs(wall) <= 100_000_000)
        }
    }
}
