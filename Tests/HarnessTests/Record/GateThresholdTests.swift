import Harness
import Testing

@Suite("A gate's condition")
struct GateThresholdTests {
    @Test(
        "may name a baseline, times a factor or plus a value in the metric's unit",
        arguments: [
            ("latency_p99 <= baseline * 1.10", 1.10, 0.0), ("throughput >= baseline*0.9", 0.9, 0),
            ("p99 <= baseline + 5ms", 1, 5_000_000), ("p99 <= baseline - 5us", 1, -5_000),
            ("floor_multiple_p50 <= baseline * 1.2", 1.2, 0), ("put.bytes_per_op == baseline", 1, 0),
            ("messages_per_op <= baseline + 1", 1, 1),
        ])
    func baseline(text: String, factor: Double, offset: Double) throws {
        let condition = try Threshold(parsing: text, for: .require)
        #expect(condition.bound == .baseline(factor: factor, offset: offset))
        #expect(condition.bound.isReference)
        #expect(condition.holds(for: .number(1)) == nil)
    }

    @Test("reckons its bound from what the baseline has")
    func bounds() throws {
        let factor = try Threshold(parsing: "p99 <= baseline * 1.5", for: .require)
        #expect(factor.bound(from: .number(200)) == .number(300))
        let bound = try #require(factor.bound(from: .number(200)))
        #expect(factor.holds(for: .number(300), against: bound) == true)
        #expect(factor.holds(for: .number(301), against: bound) == false)
        #expect(factor.bound(from: .text("fast")) == nil)
        let digest = try Threshold(parsing: "simulated_digest == baseline", for: .require)
        #expect(digest.bound(from: .text("00ff")) == .word("00ff"))
        let plain = try Threshold(parsing: "errors == 0", for: .require)
        #expect(plain.bound(from: .number(7)) == .number(0))
        #expect(!plain.bound.isReference)
    }

    @Test("may name what the paper says, where a paper says something")
    func audit() throws {
        for name in ["message_delays", "messages_per_op", "put.sync_delays", "syncs_per_op"] {
            #expect(try Threshold(parsing: "\(name) == audit", for: .require).bound == .audit)
        }
    }

    private func message(_ text: String, _ purpose: Threshold.Purpose = .require) -> String {
        do throws(ThresholdError) {
            _ = try Threshold(parsing: text, for: purpose)
            return "read"
        } catch {
            return error.description
        }
    }

    @Test(
        "that makes no sense is refused with what would",
        arguments: [
            ("p99 <= baseline * ", "after 'baseline' stands nothing"), ("p99 <= baseline * -1", "'* factor'"),
            ("p99 <= baseline * 0", "'* factor'"), ("p99 <= baseline / 2", "after 'baseline'"),
            ("p99 <= baseline + 5", "needs a unit"), ("p99 <= baseline + 5k/s", "is not in 'k/s'"),
            ("p99 <= basline * 1.1", "'basline * 1.1' is not a number"),
            ("p99 == audit", "no paper states latency_p99_ns"),
            ("messages_per_op == audit * 2", "no paper states"), ("simulated_digest < baseline", "compare it with =="),
            ("verdict == baseline * 2", "after 'baseline'"), ("mesage_delays == 4", "did you mean message_delays?"),
            ("message_delays == 4ms", "is not in 'ms'"), ("verdict == corect", "is never 'corect'"),
        ])
    func refused(text: String, words: String) {
        #expect(message(text).contains(words), "\(message(text))")
    }

    @Test("has no baseline outside of gates")
    func failIf() {
        #expect(message("p99 > baseline * 2", .failIf).contains("stands only in gate files"))
        #expect(message("messages_per_op != audit", .failIf).contains("stands only in gate files"))
        #expect(message("p99 > 2ms", .failIf) == "read")
    }
}
