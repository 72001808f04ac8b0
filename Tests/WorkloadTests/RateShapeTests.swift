import Testing
import Workload

@Suite("Shapes of the rate")
struct RateShapeTests {
    static let texts = ["steady", "ramp:0.1..1", "steps:0.25,0.5,1", "spike:5@0.5+0.1", "sine:0.5x3", "steps:0,1"]

    @Test("are read back as they are written", arguments: texts)
    func roundTrip(text: String) throws {
        #expect(try RateShape(parsing: text).description == text)
    }

    @Test(
        "that can't be are refused with the forms that can",
        arguments: [
            "", "flat", "steady:1", "ramp:1", "ramp:-1..1", "ramp:a..b", "steps:", "steps:0,0", "spike:5",
            "spike:5@0.9+0.2",
            "sine:2x1", "sine:0.5x0", "ramp:0..nan", "ramp:0..1e9",
        ])
    func refused(text: String) {
        let error = #expect(throws: WorkloadError.self) { try RateShape(parsing: text) }
        #expect(error?.description.contains("ramp:0.1..1") == true)
    }

    @Test("the integral is that of the factor, and its inverse comes back", arguments: texts)
    func integral(text: String) throws {
        let shape = try RateShape(parsing: text)
        var sum = 0.0
        let steps = 100_000
        for step in 0..<steps {
            let share = (Double(step) + 0.5) / Double(steps)
            sum += shape.factor(at: share) / Double(steps)
            guard step % 9_973 == 0 else { continue }
            #expect(abs(shape.cumulative(to: share) - sum) < 1e-3)
        }
        #expect(abs(shape.mean - sum) < 1e-3)
        for part in [0.1, 0.5, 0.93] {
            #expect(abs(shape.cumulative(to: shape.share(ofArrivals: part)) - part * shape.mean) < 1e-9)
        }
    }

    @Test("arrivals follow the shape, by either law", arguments: ArrivalSchedule.Process.allCases)
    func arrivals(process: ArrivalSchedule.Process) throws {
        let second: UInt64 = 1_000_000_000
        let schedule = try ArrivalSchedule(
            process, ratePerSecond: 20_000, shape: try RateShape(parsing: "steps:0.5,2,0,1"),
            windowNanoseconds: 4 * second,
            seed: 9)
        var perSecond = [0, 0, 0, 0]
        var last: UInt64 = 0
        for start in schedule {
            #expect(start >= last)
            last = start
            perSecond[Int(start / second)] += 1
        }
        #expect(schedule.count == 70_000)
        #expect(perSecond.reduce(0, +) == 70_000)
        for (count, expected) in zip(perSecond, [10_000, 40_000, 0, 20_000]) {
            // Four standard deviations of the Poisson law.
            #expect(abs(Double(count) - Double(expected)) <= 4 * Double(expected).squareRoot() + 1)
        }
        #expect(schedule.intendedStartNanoseconds(12_345) == Array(schedule)[12_345])
    }
}
