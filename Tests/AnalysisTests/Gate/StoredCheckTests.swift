import Harness
import Measurement
import Testing
import Verification

@testable import Analysis

@Suite("A stored check")
struct StoredCheckTests {
    private func finding(_ report: GateReport) -> GateFinding { report.checks[0].findings[0] }

    @Test(
        "holds or doesn't by plain bounds",
        arguments: [
            ("latency_p99 < 5ms", GateOutcome.passed), ("latency_p99 < 500us", .failed),
            ("throughput >= 900/s", .passed),
            ("put.latency_p50 < 5ms", .passed), ("verdict == correct", .passed), ("errors == 0", .passed),
            ("cas.latency_p50 < 5ms", .inconclusive), ("lookup_ns < 5ms", .inconclusive),
        ])
    func plain(condition: String, outcome: GateOutcome) throws {
        let gate = try GateFixtures.stored(condition)
        let report = try GateFixtures.report(on: gate, try GateFixtures.results(of: gate))
        #expect(report.outcome == outcome, "\(report.checks)")
    }

    @Test(
        "holds or doesn't beside its baseline",
        arguments: [
            ("latency_p99 <= baseline * 1.5", 1_400_000 as UInt64, GateOutcome.passed),
            ("latency_p99 <= baseline * 1.5", 1_600_000, .failed),
            ("latency_p99 <= baseline + 300us", 1_200_000, .passed),
            ("latency_p99 <= baseline + 300us", 1_400_000, .failed),
            ("throughput >= baseline * 0.9", 1_050_000, .passed),
            ("throughput >= baseline * 0.9", 1_300_000, .failed),
            ("floor_multiple_p50 <= baseline * 1.2", 1_100_000, .passed),
            ("floor_multiple_p50 <= baseline * 1.2", 1_400_000, .failed),
        ])
    func baseline(condition: String, latency: UInt64, outcome: GateOutcome) throws {
        let gate = try GateFixtures.stored(condition)
        let before = GateFixtures.baseline(of: try GateFixtures.results(of: gate))
        let now = try GateFixtures.results(of: gate, latency: { _ in latency })
        let report = try GateFixtures.report(on: gate, now, baseline: .loaded(before))
        #expect(report.outcome == outcome, "\(report.checks)")
        #expect(finding(report).bound != nil)
    }

    @Test("takes the median of the repetitions, so that one slow trial is no alarm")
    func medians() throws {
        let gate = try GateFixtures.stored("latency_p99 <= baseline * 1.5")
        let before = GateFixtures.baseline(of: try GateFixtures.results(of: gate))
        let now = try GateFixtures.results(of: gate, latency: { $0.repetition == 2 ? 9_000_000 : 1_000_000 })
        #expect(try GateFixtures.report(on: gate, now, baseline: .loaded(before)).outcome == .passed)
    }

    @Test("without a baseline that can be used is inconclusive and says why")
    func noBaseline() throws {
        let gate = try GateFixtures.stored("latency_p99 <= baseline * 1.5")
        let results = try GateFixtures.results(of: gate)
        let none = try GateFixtures.report(on: gate, results, baseline: .unusable("there is no baseline here"))
        #expect(none.outcome == .inconclusive)
        #expect(finding(none).reason.contains("there is no baseline here"))
        let empty = try GateFixtures.report(on: gate, results, baseline: .loaded(Baseline(host: GateFixtures.host())))
        #expect(empty.outcome == .inconclusive)
        #expect(finding(empty).reason.contains("the baseline has no latency_p99_ns of this cell"))
    }

    @Test("refuses a baseline of zero, and one of too few repetitions")
    func poorBaseline() throws {
        let gate = try GateFixtures.stored("latency_p99 <= baseline * 1.5")
        let results = try GateFixtures.results(of: gate)
        for (figure, words) in [
            (Baseline.Figure(value: .number(0), lowest: 0, highest: 0, repetitions: 5), "the baseline is 0"),
            (
                Baseline.Figure(value: .number(1e6), lowest: 1e6, highest: 1e6, repetitions: 1),
                "1 of at least 3 repetitions"
            ),
        ] {
            var baseline = GateFixtures.baseline(of: results)
            for key in baseline.figures.keys where key.metric == "latency_p99_ns" { baseline.figures[key] = figure }
            let report = try GateFixtures.report(on: gate, results, baseline: .loaded(baseline))
            #expect(report.outcome == .inconclusive)
            #expect(finding(report).reason.contains(words), "\(finding(report).reason)")
        }
    }

    @Test("refuses a baseline from too different a machine, unless the machine's floor makes up for it")
    func otherHost() throws {
        let conditions = "latency_p99 <= baseline * 1.5, floor_multiple_p50 <= baseline * 1.5"
        let gate = try GateFixtures.stored(conditions)
        let before = GateFixtures.baseline(of: try GateFixtures.results(of: gate))
        func outcomes(_ host: HostFacts) throws -> [GateOutcome] {
            let results = try GateFixtures.results(of: gate, host: host)
            return try GateFixtures.report(on: gate, results, baseline: .loaded(before)).checks[0].findings.map(
                \.outcome)
        }
        #expect(try outcomes(GateFixtures.host()) == [.passed, .passed])
        #expect(try outcomes(GateFixtures.host(model: "Another CPU")) == [.inconclusive, .passed])
        #expect(try outcomes(GateFixtures.host(processors: 64)) == [.inconclusive, .inconclusive])
        #expect(try outcomes(GateFixtures.host(kernel: "6.6")) == [.passed, .passed])
        let noted = try GateFixtures.report(
            on: gate, try GateFixtures.results(of: gate, host: GateFixtures.host(kernel: "6.6")),
            baseline: .loaded(before))
        #expect(noted.checks[0].notes == ["the baseline's machine differs: kernel: 6.1 before, 6.6 now"])
    }

    @Test("is violated by a broken promise, whatever its conditions say")
    func violated() throws {
        for condition in ["latency_p99 < 5ms", "verdict == correct"] {
            let gate = try GateFixtures.stored(condition)
            let results = try GateFixtures.results(
                of: gate,
                change: { record in
                    guard record.plan.repetition == 2 else { return }
                    record.verdicts[0].verdict = GateFixtures.violation
                })
            let report = try GateFixtures.report(on: gate, results)
            #expect(report.outcome == .violated)
            #expect(report.checks[0].findings.last?.reason.contains("repetition 2") == true)
        }
    }

    @Test("is inconclusive where a trial is unknown, not valid, or not there")
    func unsound() throws {
        let gate = try GateFixtures.stored("latency_p99 < 5ms, verdict != violated")
        let unknown = try GateFixtures.results(
            of: gate, change: { $0.verdicts[0].verdict = .unknown(reason: "no reads") })
        #expect(
            try GateFixtures.report(on: gate, unknown).checks[0].findings.map(\.outcome) == [
                .inconclusive, .inconclusive,
            ])
        let invalid = try GateFixtures.results(of: gate, change: { $0.validity.refuse(.noisyHost, "steal 30 %") })
        let report = try GateFixtures.report(on: gate, invalid)
        #expect(finding(report).outcome == .inconclusive)
        #expect(finding(report).reason.contains("noisy host: steal 30 %"))
        var empty = try GateFixtures.results(of: gate)
        empty.records = []
        #expect(try GateFixtures.report(on: gate, empty).outcome == .inconclusive)
        #expect(try GateFixtures.report(on: gate, empty).checks[0].findings[0].reason.contains("no trial of it"))
    }

    @Test("doesn't judge half of a run")
    func cutOff() throws {
        let gate = try GateFixtures.stored("latency_p99 < 5ms")
        var results = try GateFixtures.results(of: gate)
        results.problems = [.cutOff(path: "results/here", trials: 1, planned: 3)]
        #expect(throws: RecordError.self) { try GateFixtures.report(on: gate, results) }
    }
}
