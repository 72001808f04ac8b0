import Harness
import Testing

@testable import Analysis

@Suite("A paired check")
struct PairedCheckTests {
    private func report(_ shifts: [(cell: String, shifts: [MetricShift])]) throws -> GateReport {
        let gate = try GateFile.parse(
            "name: g\nchecks: [{name: change, kind: paired, trials: {systems: raft}, metrics: [throughput, p99]}]",
            path: "g.yaml")
        return try GateRun(
            .init(
                baseline: .unusable("none"), measure: { _, _ in throw RecordError.notResults(path: "none") },
                compare: { _ in shifts })
        ).report(on: gate)
    }

    private func shift(_ metric: String, _ verdict: ChangeVerdict) -> MetricShift {
        MetricShift(
            metric: metric, operation: "all", samples: 20, a: 100, b: 110, shift: 0.1, verdict: verdict,
            reason: "10 % more")
    }

    @Test(
        "fails by a change for the worse, passes where none is shown, and is inconclusive where nothing can be said",
        arguments: [
            (ChangeVerdict.regressed, GateOutcome.failed), (.changed, .failed), (.improved, .passed),
            (.noChangeShown, .passed), (.inconclusive, .inconclusive),
        ])
    func verdicts(verdict: ChangeVerdict, outcome: GateOutcome) throws {
        let report = try report([("raft", [shift("throughput_per_s", .noChangeShown), shift("latency_p99_ns", verdict)])])
        #expect(report.outcome == outcome)
        #expect(report.checks[0].findings.map(\.subject) == ["raft", "raft"])
        #expect(report.checks[0].findings[1].shift?.verdict == verdict)
    }

    @Test("doesn't pass over a metric that was not compared, nor over a comparison of nothing")
    func missing() throws {
        let half = try report([("raft", [shift("throughput_per_s", .improved)])])
        #expect(half.checks[0].findings.map(\.outcome) == [.passed, .inconclusive])
        #expect(half.outcome == .inconclusive)
        #expect(try report([]).outcome == .inconclusive)
    }
}
