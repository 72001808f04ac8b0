import Foundation
import Statistics
import Testing

@testable import Analysis

@Suite("A metric's shift")
struct MetricShiftTests {
    @Test("reads back from its own JSON, what is missing too")
    func roundTrip() throws {
        let known = MetricShift(
            metric: "latency_p99_ns", operation: "put", samples: 12, a: 1_000, b: 1_100, shift: 0.1,
            interval: ConfidenceInterval(lower: 0.05, upper: 0.15, level: 0.99), pValue: 0.001, noise: 0.04,
            minimumDetectable: 0.03, verdict: .regressed, reason: "slower")
        let unknown = MetricShift(
            metric: "throughput_per_s", operation: "all", samples: 0, verdict: .inconclusive, reason: "no trials")
        for shift in [known, unknown] {
            #expect(try JSONDecoder().decode(MetricShift.self, from: JSONEncoder().encode(shift)) == shift)
        }
    }
}
