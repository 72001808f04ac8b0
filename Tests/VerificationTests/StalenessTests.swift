import Testing
import Verification
import Workload

@Suite("Staleness")
struct StalenessTests {
    @Test("counts what had been acknowledged since, and for how long")
    func counts() {
        let report = Staleness.measure([
            .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30)), .put(0, 3, by: 0, (40, 50)),
            .get(0, returning: 1, by: 1, (100, 110)), .get(0, returning: 2, by: 1, (120, 130)),
            .get(0, returning: 3, by: 1, (140, 150)), .get(0, returning: 0, by: 1, (160, 170)),
        ])
        #expect(report.reads == 4)
        #expect(report.staleReads == 3)
        #expect(report.staleShare == 0.75)
        #expect(report.versions == .init(p50: 1, p99: 3, max: 3))
        #expect(report.nanoseconds == .init(p50: 70, p99: 150, max: 150))
    }

    @Test("doubts for the store: concurrent writes, writes not yet acknowledged, writes without an answer")
    func doubts() {
        let concurrent = Staleness.measure([
            .put(0, 1, by: 0, (0, 30)), .put(0, 2, by: 1, (20, 40)), .get(0, returning: 1, by: 2, (50, 60)),
            .put(0, 3, by: 0, (70, 90)), .get(0, returning: 2, by: 2, (85, 95)),
            .put(0, 4, .indeterminate, by: 0, (100, 0)), .put(0, 5, by: 1, (110, 120)),
            .get(0, returning: 4, by: 2, (130, 140)),
        ])
        #expect(concurrent.reads == 3)
        #expect(concurrent.staleReads == 0)
        let ambiguous = Staleness.measure([
            .put(0, 1, by: 0, (0, 10)), .put(0, 1, by: 0, (20, 30)), .get(0, returning: 1, by: 2, (50, 60)),
        ])
        #expect(ambiguous.reads == 0)
        #expect(ambiguous.ambiguousReads == 1)
    }

    @Test("agrees with its definition on random histories")
    func definition() {
        var stale = 0
        for seed in 0..<500 as Range<UInt64> {
            var random = WeakHistory(seed: seed, kinds: [.get, .put], hasDistinctValues: true)
            let history = random.history(count: 12).filter { $0.result != 99 }
            let report = Staleness.measure(history)
            let expected = history.filter { $0.kind == .get }.map { Self.missed($0, history) }
            #expect(report.reads == expected.count)
            #expect(report.versions.max == expected.map { UInt64($0.count) }.max() ?? 0, "seed \(seed): \(history)")
            let ages = zip(history.filter { $0.kind == .get }, expected).map { read, missed in
                missed.map(\.returnedNanoseconds).min().map { read.invokedNanoseconds - $0 } ?? 0
            }
            #expect(report.nanoseconds.max == ages.max() ?? 0, "seed \(seed): \(history)")
            #expect(report.staleReads == expected.filter { !$0.isEmpty }.count)
            stale += report.staleReads
            if ConsistencyChecker.check(history: history, model: .regular).isCorrect { #expect(report.staleReads == 0) }
        }
        #expect(stale > 200)
    }

    private static func missed(_ read: KeyValueOperation, _ history: [KeyValueOperation]) -> [KeyValueOperation] {
        let writes = history.filter { $0.kind == .put && $0.key == read.key }
        let written = writes.first { $0.argument == read.result }
        return writes.filter { $0.precedes(read) && (written.map { $0.precedes } ?? { _ in true })($0) }
    }
}
