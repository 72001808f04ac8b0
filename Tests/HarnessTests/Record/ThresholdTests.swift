import Harness
import Testing

@Suite struct ThresholdTests {
    @Test(
        "values come in the metric's own unit",
        arguments: [
            ("p99 > 5ms", "latency_p99_ns", 5_000_000), ("latency_p50_ns<=250 us", "latency_p50_ns", 250_000),
            ("p999 >= 1.5µs", "latency_p999_ns", 1_500), ("max < 2s", "latency_max_ns", 2_000_000_000),
            ("throughput < 20k/s", "throughput_per_s", 20_000), ("throughput_per_s<5", "throughput_per_s", 5),
            ("jain < 0.95", "fairness_jain", 0.95), ("error_share > 1%", "error_share", 0.01),
            ("errors > 10", "errors", 10), ("messages_per_op == 4", "messages_per_op", 4),
            ("server_cpu_us_per_op > 2ms", "server_cpu_us_per_op", 2_000),
            ("server_peak_memory_bytes > 64MiB", "server_peak_memory_bytes", 67_108_864),
        ])
    func numbers(text: String, name: String, bound: Double) throws {
        let threshold = try Threshold(parsing: text)
        #expect(threshold.metric.name == name)
        guard case .number(let value) = threshold.bound else {
            Issue.record("not a number")
            return
        }
        #expect(abs(value - bound) <= bound * 1e-12)
    }

    @Test(
        "comparisons",
        arguments: [
            ("<", false, true), ("<=", true, true), (">", false, false), (">=", true, false),
            ("==", true, false), ("!=", false, true),
        ])
    func comparisons(sign: String, atTen: Bool, atNine: Bool) throws {
        let threshold = try Threshold(parsing: "errors \(sign) 10")
        #expect(threshold.comparison.rawValue == sign)
        #expect(threshold.holds(for: .number(10)) == atTen)
        #expect(threshold.holds(for: .number(9)) == atNine)
        #expect(threshold.holds(for: .text("10")) == nil)
    }

    @Test("what is wrong is said, with what would be right") func errors() {
        func error(_ text: String) -> ThresholdError? {
            do throws(ThresholdError) {
                _ = try Threshold(parsing: text)
                return nil
            } catch {
                return error
            }
        }
        for text in ["", "p99", "p99 >", "> 5ms", "p99 = 5ms", "p99 ! 5ms"] {
            #expect(error(text) == .malformed(text: text), "\(text)")
        }
        #expect(error("p89 > 5ms") == .unknownMetric(name: "p89", nearest: "p99", text: "p89 > 5ms"))
        #expect(error("troughput > 5")?.description.contains("did you mean throughput?") == true)
        #expect(error("fairness_jane < 1")?.description.contains("did you mean fairness_jain?") == true)
        #expect(
            error("zzzzzzzz > 1") == .unknownMetric(name: "zzzzzzzz", nearest: nil, text: "zzzzzzzz > 1"))
        #expect(error("nodes > 3") == .notAFigure(metric: "nodes", text: "nodes > 3"))
        #expect(error("p99 > fast") == .notANumber(value: "fast", metric: "latency_p99_ns", text: "p99 > fast"))
        #expect(error("p99 > 5")?.description.contains("latency_p99_ns needs a unit: ns, us, µs, ms, s") == true)
        #expect(error("p99 > 5k/s")?.description.contains("is not in 'k/s'") == true)
        #expect(error("throughput > 5ms")?.description.contains("valid: /s, k/s") == true)
        #expect(error("verdict == right")?.description.contains("correct, violated, unknown") == true)
        #expect(error("verdict > correct") == .notOrdered(metric: "verdict", text: "verdict > correct"))
    }

    @Test("a trial fails when the condition holds, and a gate when it does not") func judging() throws {
        let record = try RecordExamples.record()
        let slow = try Threshold(parsing: "p99 > 5us").judge(record, as: .failIf)
        #expect(!slow.hasPassed && slow.words.contains("'p99 > 5us' holds"))
        #expect(try Threshold(parsing: "p99 > 5ms").judge(record, as: .failIf).hasPassed)
        #expect(try Threshold(parsing: "p99 < 5ms").judge(record, as: .require).hasPassed)
        let rare = try Threshold(parsing: "p9999 < 1s").judge(record, as: .require)
        #expect(rare.words.contains("of too few operations: it takes 36887 independent ones"), "\(rare.words)")
        #expect(!slow.words.contains("too few"))
        // 4,000 in 2 s.
        let rate = try Threshold(parsing: "throughput == 2k/s").judge(record, as: .require)
        #expect(rate.hasPassed && rate.value == .number(2_000))
        #expect(try !Threshold(parsing: "verdict == correct").judge(record, as: .require).hasPassed)
        #expect(try !Threshold(parsing: "verdict != correct").judge(record, as: .failIf).hasPassed)
        #expect(try Threshold(parsing: "messages_per_op == 4").judge(record, as: .require).hasPassed)
    }

    @Test("one kind of operation, and one that is not there") func kinds() throws {
        let record = try RecordExamples.record()
        #expect(try Threshold(parsing: "put.errors == 4").judge(record, as: .require).hasPassed)
        #expect(try Threshold(parsing: "get.errors == 0").judge(record, as: .require).hasPassed)
        #expect(try Threshold(parsing: "all.errors == 4").judge(record, as: .require).hasPassed)
        let absent = try Threshold(parsing: "scan.p99 > 5ms").judge(record, as: .failIf)
        #expect(!absent.hasPassed && absent.words.contains("get, put"))
    }

    @Test("a missing figure fails for either purpose", arguments: [Threshold.Purpose.failIf, .require])
    func missing(purpose: Threshold.Purpose) throws {
        let result = try Threshold(parsing: "syncs_per_op > 1").judge(try RecordExamples.record(), as: purpose)
        #expect(!result.hasPassed && result.value == nil)
        #expect(result.words.contains("syncs_per_op was not measured"))
    }

    @Test("names and aliases mean one metric each") func unique() {
        let names = Metric.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { name in name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" } })
    }

    @Test(
        "numbers are written plainly",
        arguments: [
            (0.0, "0"), (1.5, "1.5"), (7996.8, "7996.8"), (1e6 / 3, "333333"),
            (1.0 / 3, "0.333333"), (1e-7, "0.0000001"), (-2.25, "-2.25"), (33_554_432, "33554432"),
            (99_999.95, "100000"),
        ])
    func text(number: Double, text: String) {
        #expect(MetricText.number(number) == text)
    }

    @Test("a record from a file with absurd costs gives no floor and no trap") func absurd() throws {
        var record = try RecordExamples.record()
        record.costs = [
            .init(kind: "get", messageDelays: -1, messages: 0, syncDelays: -3, syncs: -1, disksBusy: -1),
            .init(kind: "put", messageDelays: -1, messages: 0, syncDelays: -3, syncs: -1, disksBusy: -1),
        ]
        let cost = #"{"medianNanoseconds": 1, "p99Nanoseconds": 2, "samples": 3}"#
        let steps = ["loopbackRoundTrip", "sync", "syncAmongThree", "clockRead", "timerLateness", "threadHandOver"]
        let floor = "{\(steps.map { "\"\($0)\": \(cost)" }.joined(separator: ","))}"
        let text = String(decoding: try record.encoded(), as: UTF8.self)
        let bytes = Array(text.replacing("\"generator\" :", with: "\"floor\": \(floor), \"generator\" :").utf8)
        let back = try TrialRecord.decode(bytes, path: "a.json")
        #expect(back.floor != nil)
        #expect(MetricRow.rows(of: back).allSatisfy { $0.floorNanoseconds == nil })
    }
}
