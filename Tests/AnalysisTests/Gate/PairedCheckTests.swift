import Harness
import Testing

@testable import Analysis

@Suite("A paired check")
struct PairedCheckTests {
    private func report(
        _ shifts: [MetricShift]?, verdict: ComparisonVerdict = .noChangeShown, problems: [String] = [],
        more: String = ""
    ) throws -> GateReport {
        let gate = try GateFile.parse(
            "name: g\nchecks: [{name: change, kind: paired, trials: {systems: raft}, metrics: [throughput, p99]\(more)}]",
            path: "g.yaml")
        let cells = shifts.map {
            [CellComparison(title: "raft", samples: 20, shifts: $0, control: [], problems: problems, sentence: "so")]
        }
        let outcome = ComparisonOutcome(
            a: "base", b: "new", isPaired: true, margin: 0.02, level: 0.01, cells: cells ?? [], verdict: verdict,
            sentence: "as it is")
        return try GateRun(
            .init(
                baseline: .unusable("none"), measure: { _, _ in throw RecordError.notResults(path: "none") },
                compare: { _, _ in outcome })
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
            (ChangeVerdict.regressed, GateOutcome.failed), (.changed, .passed), (.improved, .passed),
            (.noChangeShown, .passed), (.inconclusive, .inconclusive),
        ])
    func verdicts(verdict: ChangeVerdict, outcome: GateOutcome) throws {
        let report = try report([shift("throughput_per_s", .noChangeShown), shift("latency_p99_ns", verdict)])
        #expect(report.outcome == outcome)
        #expect(report.checks[0].findings.map(\.subject) == ["raft", "raft"])
        #expect(report.checks[0].findings[1].shift?.verdict == verdict)
    }

    @Test("doesn't pass over a metric that was not compared, nor over a comparison of nothing")
    func missing() throws {
        let half = try report([shift("throughput_per_s", .improved)])
        #expect(half.checks[0].findings.map(\.outcome) == [.passed, .inconclusive])
        #expect(half.outcome == .inconclusive)
        #expect(try report(nil).outcome == .inconclusive)
    }

    @Test("doesn't pass where only a larger change than it must see would have been seen")
    func resolution() throws {
        var seen = shift("throughput_per_s", .noChangeShown)
        seen.minimumDetectable = 0.08
        var blind = shift("latency_p99_ns", .noChangeShown)
        blind.minimumDetectable = 0.3
        #expect(try report([seen, blind]).outcome == .passed)
        let report = try report([seen, blind], more: ", resolution: 10%")
        #expect(report.checks[0].findings.map(\.outcome) == [.passed, .inconclusive])
        #expect(report.checks[0].findings[1].reason.contains("a change of 10 % must be seen"))
    }

    @Test("is no better than the comparison as a whole, whose broken promises, problems and doubts it shows")
    func whole() throws {
        let sound = [shift("throughput_per_s", .improved), shift("latency_p99_ns", .noChangeShown)]
        #expect(try report(sound).outcome == .passed)
        #expect(try report(sound, verdict: .violated).outcome == .violated)
        #expect(try report(sound, verdict: .regressed).outcome == .failed)
        #expect(try report(sound, verdict: .inconclusive).outcome == .inconclusive)
        let problem = try report(sound, verdict: .inconclusive, problems: ["3 trials are not valid"])
        #expect(problem.outcome == .inconclusive)
        #expect(problem.checks[0].findings[0].reason == "3 trials are not valid")
    }
}
