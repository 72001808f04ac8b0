import Testing
import Verification

@Suite("Models that a history earns")
struct ConsistencyLevelTests {
    typealias Operation = KeyValueOperation

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var kept: Set<ConsistencyModel>
        var history: [KeyValueOperation]
        var testDescription: String { name }
        init(_ name: String, _ kept: Set<ConsistencyModel>, _ history: [KeyValueOperation]) {
            self.name = name
            self.kept = kept
            self.history = history
        }
    }

    static let cases: [Case] = [
        Case(
            "a fresh read", [.linearizable, .sequential, .regular, .session, .eventual],
            [.put(0, 1, by: 0, (0, 10)), .get(0, returning: 1, by: 1, (20, 30))]),
        Case(
            "another client's stale read (Herlihy & Wing: sequential, not linearizable)",
            [.sequential, .session, .eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30)), .get(0, returning: 1, by: 1, (40, 50)),
            ]),
        Case(
            "new, then old, during one write: regular only", [.regular, .eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 80)), .get(0, returning: 2, by: 1, (25, 35)),
                .get(0, returning: 1, by: 1, (45, 55)),
            ]),
        Case(
            "the same by two clients: regular, and sequential for each", [.regular, .sequential, .session, .eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 80)), .get(0, returning: 2, by: 1, (25, 35)),
                .get(0, returning: 1, by: 2, (45, 55)),
            ]),
        Case(
            "each key in order, both together not (Attiya & Welch: not local)", [.session, .eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .get(1, returning: 0, by: 0, (20, 30)), .put(1, 2, by: 1, (0, 10)),
                .get(0, returning: 0, by: 1, (20, 30)),
            ]),
        Case(
            "a client that doesn't see its own write", [.eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30)), .get(0, returning: 1, by: 0, (40, 50)),
            ]),
        Case(
            "a client that goes back in time", [.eventual],
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30)), .get(0, returning: 2, by: 1, (40, 50)),
                .get(0, returning: 1, by: 1, (60, 70)),
            ]),
        Case(
            "a value from nowhere", [],
            [.put(0, 1, by: 0, (0, 10)), .get(0, returning: 7, by: 0, (40, 50))]),
        Case(
            "two writes whose order readers see differently after both: weakly regular, but no order of writes",
            [.eventual],
            [
                .put(0, 1, by: 0, (0, 50)), .put(0, 2, by: 1, (0, 50)), .get(0, returning: 1, by: 2, (60, 70)),
                .get(0, returning: 2, by: 2, (80, 90)), .get(0, returning: 1, by: 3, (80, 90)),
                .get(0, returning: 2, by: 3, (60, 70)),
            ]),
    ]

    @Test("a history keeps what it should and nothing stronger", arguments: cases)
    func levels(item: Case) {
        for model in ConsistencyModel.allCases {
            let verdict = ConsistencyChecker.check(history: item.history, model: model)
            #expect(verdict.isCorrect == item.kept.contains(model), "\(model): \(verdict.counterexample?.text ?? "")")
            #expect(!verdict.isUnknown)
        }
        let levels = ConsistencyLevels.judge(item.history)
        #expect(levels.map(\.model) == ConsistencyModel.allCases)
        #expect(Set(levels.filter { $0.verdict.isCorrect }.map(\.model)) == item.kept)
        #expect(ConsistencyLevels.earned(item.history) == ConsistencyModel.allCases.first(where: item.kept.contains))
    }

    @Test("evidence names the strongest model that is kept, and says whether the stronger ones are settled")
    func evidence() {
        let stale = Self.cases[1].history
        let evidence = ConsistencyEvidence(history: stale)
        #expect(evidence.earned == .sequential)
        #expect(evidence.isSettled)
        #expect(evidence.staleness.staleReads == 1)
        #expect(evidence.staleness.versions.max == 1)
        #expect(evidence.staleness.nanoseconds.max == 10)
        // What was judged by other means isn't judged again.
        let known = ConsistencyEvidence(
            history: stale, known: [.linearizable: .correct, .regular: .unknown(reason: "not tried")])
        #expect(known.earned == .linearizable)
        var open = evidence
        open.levels[0].verdict = .unknown(reason: "out of time")
        #expect(open.earned == .sequential)
        #expect(!open.isSettled)
        #expect(ConsistencyEvidence(history: Self.cases[7].history).earned == nil)
    }

    @Test("a value that only a refused write could have written is a violation, though nothing was written")
    func refused() {
        let history: [Operation] = [.put(0, 3, .failed, by: 1, (5, 10)), .get(0, returning: 3, by: 0, (0, 20))]
        for model in ConsistencyModel.allCases {
            #expect(ConsistencyChecker.check(history: history, model: model).isViolated, "\(model)")
        }
        #expect(ConsistencyChecker.check(history: [history[0]], model: .eventual).isUnknown)
    }

    @Test("operations under way at once are in no order of their session")
    func concurrentInSession() {
        let history: [Operation] = [
            .put(0, 1, by: 0, (0, 50)), .put(0, 2, by: 0, (10, 60)), .get(0, returning: 2, by: 1, (70, 80)),
            .get(0, returning: 1, by: 1, (90, 100)),
        ]
        #expect(ConsistencyChecker.check(history: history, model: .session) == .correct)
        #expect(ConsistencyChecker.check(history: history, model: .sequential) == .correct)
    }

    @Test("a violation names the guarantee and the few operations that show it")
    func explanation() throws {
        let noise = (0..<200 as Range<UInt64>).flatMap { number -> [Operation] in
            let start = 1000 + number * 100
            return [
                .put(0, 100 + number, by: 4, (start, start + 10)),
                .get(0, returning: 100 + number, by: 5, (start + 20, start + 30)),
            ]
        }
        let history = noise + [.get(0, returning: 150, by: 5, (30_000, 30_010))]
        for model in [ConsistencyModel.linearizable, .sequential, .regular, .session] {
            guard case .violated(let violation) = ConsistencyChecker.judge(history: history, model: model) else {
                Issue.record("\(model)")
                continue
            }
            #expect(violation.operations.count <= 4, "\(violation.counterexample().text)")
            #expect(violation.offender == history.last, "\(violation.counterexample().text)")
            #expect(
                violation.counterexample().text.contains("\n! client 5 get k0 → #150"),
                "\(violation.counterexample().text)")
        }
    }
}
