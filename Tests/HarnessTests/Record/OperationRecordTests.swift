import Harness
import Measurement
import Testing

@Suite struct OperationRecordTests {
    @Test("all kinds together: counts added, histograms merged, errors joined by name") func merged() throws {
        var record = try RecordExamples.record()
        record.operations[0].errors = [NamedCount(name: "refused", count: 1), NamedCount(name: "timeout", count: 2)]
        record.operations[0].completedInWindow = 1_990
        let all = record.allOperations
        #expect(all.completed == 4_000 && all.completedInWindow == 3_990)
        #expect(all.errors == [NamedCount(name: "refused", count: 1), NamedCount(name: "timeout", count: 6)])
        #expect(all.latency.totalCount == 4_000 && all.service?.totalCount == 4_000)
    }

    @Test("a percentile has bounds, or says what is missing") func intervals() {
        var latency = LatencyHistogram()
        for value in 1...1_000 as ClosedRange<UInt64> { latency.record(value * 1_000) }
        var operation = OperationRecord(
            kind: "put", completed: 1_000, latency: latency,
            effectiveSamples: [EffectiveSample(quantile: 0.99, size: 1_000), EffectiveSample(quantile: 0.9, size: 10)])
        guard case .interval(let interval) = operation.interval(ofQuantile: 0.99) else {
            Issue.record("1,000 independent samples carry p99")
            return
        }
        // Ranks 983 and 996 of 1,000: P(Bin(1000, 0.99) < 983) and P(Bin >= 996) are at most 2.5 % each.
        #expect((982_000...985_000).contains(interval.lower) && (994_000...998_000).contains(interval.upper))
        #expect(operation.interval(ofQuantile: 0.999) == .tooFew(needed: 3_688))
        // A thousand samples, but they are worth ten.
        #expect(operation.interval(ofQuantile: 0.9) == .tooFew(needed: 36))
        #expect(operation.interval(ofQuantile: 0.5) == .dependenceUnknown)
        operation.effectiveSamples = []
        #expect(operation.interval(ofQuantile: 0.99) == .dependenceUnknown)
    }

    @Test("dependent samples are worth less than independent ones") func effective() throws {
        var steady = Timeline()
        var bursty = Timeline()
        for interval in 0..<50 as Range<UInt64> {
            for index in 0..<200 as Range<UInt64> {
                let offset = interval * 100_000_000 + index
                steady.recordCompletion(atNanoseconds: offset, latencyNanoseconds: 1_000 + index % 20 * 1_000)
                // Whole intervals slow at once: the exceedances come together.
                let isSlow = interval % 10 == 9
                bursty.recordCompletion(atNanoseconds: offset, latencyNanoseconds: isSlow ? 50_000 : 1_000 + index)
            }
        }
        let plain = try #require(EffectiveSample.sizes(of: steady, quantiles: [0.9]).first)
        let worth = try #require(EffectiveSample.sizes(of: bursty, quantiles: [0.85]).first)
        #expect(plain.size > 5_000)
        #expect(worth.size < 200)
    }
}
