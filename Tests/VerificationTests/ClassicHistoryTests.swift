import Testing
import Verification

/// Histories that are told in the literature because a careless checker gets them wrong.
@Suite("Classic histories")
struct ClassicHistoryTests {
    typealias Operation = KeyValueOperation

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var isLinearizable: Bool
        var history: [KeyValueOperation]
        var testDescription: String { name }
        init(_ name: String, _ isLinearizable: Bool, _ history: [KeyValueOperation]) {
            self.name = name
            self.isLinearizable = isLinearizable
            self.history = history
        }
    }

    private static func counter(_ value: Int64) -> UInt64 { ValueIdentity.integer(value) }

    static let registers: [Case] = [
        Case(
            "a read overlapping a write sees the old value", true,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 40)), .get(0, returning: 1, by: 1, (25, 35)),
            ]),
        Case(
            "new-old inversion: a later read sees an older value during one write", false,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 80)),
                .get(0, returning: 2, by: 1, (25, 35)), .get(0, returning: 1, by: 2, (45, 55)),
            ]),
        Case(
            "a stale read after the write ended", false,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30)), .get(0, returning: 1, by: 1, (40, 50)),
            ]),
        Case(
            "a read of the initial value after a write ended", false,
            [
                .put(0, 1, by: 0, (0, 10)), .get(0, returning: 0, by: 1, (20, 30)),
            ]),
        Case(
            "a read of the initial value during the first write", true,
            [
                .put(0, 1, by: 0, (0, 10)), .get(0, returning: 0, by: 1, (5, 30)),
            ]),
        Case(
            "a read from the future", false,
            [
                .get(0, returning: 1, by: 1, (0, 10)), .put(0, 1, by: 0, (20, 30)),
            ]),
        Case(
            "a value out of thin air", false,
            [
                .put(0, 1, by: 0, (0, 10)), .get(0, returning: 9, by: 1, (20, 30)),
            ]),
        Case(
            "two concurrent writes, readers disagree about the last", false,
            [
                .put(0, 1, by: 0, (0, 100)), .put(0, 2, by: 1, (0, 100)),
                .get(0, returning: 1, by: 2, (110, 120)), .get(0, returning: 2, by: 3, (130, 140)),
            ]),
        Case(
            "a lost write shows up long after", true,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, .indeterminate, by: 1, (5, 0)),
                .get(0, returning: 1, by: 2, (100, 110)), .get(0, returning: 2, by: 2, (120, 130)),
            ]),
        Case(
            "a lost write shows up and is gone again", false,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, .indeterminate, by: 1, (5, 0)),
                .get(0, returning: 2, by: 2, (100, 110)), .get(0, returning: 1, by: 2, (120, 130)),
            ]),
        Case(
            "a lost write is never seen", true,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, .indeterminate, by: 1, (5, 0)),
                .get(0, returning: 1, by: 2, (100, 110)),
            ]),
        Case(
            "a failed write is seen", false,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, .failed, by: 1, (5, 20)),
                .get(0, returning: 2, by: 2, (100, 110)),
            ]),
        Case(
            "a backward zone inside a forward zone: an unread write between two reads of one value", false,
            [
                .put(0, 1, by: 0, (0, 10)), .get(0, returning: 1, by: 1, (12, 20)), .put(0, 2, by: 2, (30, 40)),
                .get(0, returning: 1, by: 1, (50, 60)),
            ]),
        Case(
            "a backward zone that leans out of the forward zone", true,
            [
                .put(0, 1, by: 0, (0, 10)), .get(0, returning: 1, by: 1, (12, 20)), .put(0, 2, by: 2, (30, 60)),
                .get(0, returning: 1, by: 1, (50, 70)),
            ]),
        Case(
            "keys are independent", true,
            [
                .put(0, 1, by: 0, (0, 10)), .put(1, 1, by: 0, (20, 30)), .get(0, returning: 1, by: 1, (40, 50)),
                .get(1, returning: 1, by: 1, (60, 70)),
            ]),
    ]

    static let others: [Case] = [
        Case(
            "two compare-and-sets from one value both succeed", false,
            [
                .put(0, 1, by: 0, (0, 10)), .compareAndSet(0, from: 1, to: 2, .ok, by: 1, (20, 50)),
                .compareAndSet(0, from: 1, to: 3, .ok, by: 2, (20, 50)),
            ]),
        Case(
            "two compare-and-sets from one value, one fails", true,
            [
                .put(0, 1, by: 0, (0, 10)), .compareAndSet(0, from: 1, to: 2, .ok, by: 1, (20, 50)),
                .compareAndSet(0, from: 1, to: 3, .mismatch, by: 2, (20, 50)),
            ]),
        Case(
            "a compare-and-set fails although its value was there all the time", false,
            [
                .put(0, 1, by: 0, (0, 10)), .compareAndSet(0, from: 1, to: 3, .mismatch, by: 2, (20, 30)),
                .get(0, returning: 1, by: 1, (40, 50)),
            ]),
        Case(
            "a failed compare-and-set explained only by a lost write", true,
            [
                .put(0, 1, by: 0, (0, 10)), .put(0, 2, .indeterminate, by: 1, (12, 0)),
                .compareAndSet(0, from: 1, to: 3, .mismatch, by: 2, (20, 30)), .put(0, 1, by: 3, (40, 50)),
                .get(0, returning: 1, by: 3, (60, 70)),
            ]),
        Case(
            "a chain of compare-and-sets, one of them lost but built upon", true,
            [
                .compareAndSet(0, from: 0, to: 1, .ok, by: 0, (0, 10)),
                .compareAndSet(0, from: 1, to: 2, .indeterminate, by: 1, (20, 0)),
                .compareAndSet(0, from: 2, to: 3, .ok, by: 2, (30, 40)), .get(0, returning: 3, by: 0, (50, 60)),
            ]),
        Case(
            "the old value seen after the chain went on", false,
            [
                .compareAndSet(0, from: 0, to: 1, .ok, by: 0, (0, 10)),
                .compareAndSet(0, from: 1, to: 2, .indeterminate, by: 1, (20, 0)),
                .compareAndSet(0, from: 2, to: 3, .ok, by: 2, (30, 40)), .get(0, returning: 1, by: 0, (50, 60)),
            ]),
        Case(
            "one increment seen by two", false,
            [
                .increment(0, returning: 1, by: 0, (0, 10)), .increment(0, returning: 1, by: 1, (5, 15)),
            ]),
        Case(
            "an increment applied twice by a retry", false,
            [
                .increment(0, returning: 1, by: 0, (0, 10)), .increment(0, returning: 3, by: 1, (20, 30)),
                .get(0, returning: counter(3), by: 0, (40, 50)),
            ]),
        Case(
            "a lost increment fills the gap", true,
            [
                .increment(0, returning: 1, by: 0, (0, 10)),
                .increment(0, returning: nil, .indeterminate, by: 2, (5, 0)),
                .increment(0, returning: 3, by: 1, (20, 30)), .get(0, returning: counter(3), by: 0, (40, 50)),
            ]),
        Case(
            "one lost increment can't fill two gaps", false,
            [
                .increment(0, returning: 1, by: 0, (0, 10)),
                .increment(0, returning: nil, .indeterminate, by: 2, (5, 0)),
                .increment(0, returning: 4, by: 1, (20, 30)),
            ]),
        Case(
            "appends in the order of a reader", true,
            [
                .append(0, 5, count: 2, by: 0, (0, 10)), .append(0, 6, count: 1, by: 1, (0, 10)),
                .get(0, returning: ValueIdentity.list([6, 5]), by: 2, (20, 30)),
            ]),
        Case(
            "readers see two orders of appends", false,
            [
                .append(0, 5, count: nil, by: 0, (0, 10)), .append(0, 6, count: nil, by: 1, (0, 10)),
                .get(0, returning: ValueIdentity.list([6, 5]), by: 2, (20, 30)),
                .get(0, returning: ValueIdentity.list([5, 6]), by: 2, (40, 50)),
            ]),
        Case(
            "an append lost", false,
            [
                .append(0, 5, count: 1, by: 0, (0, 10)), .append(0, 6, count: 1, by: 1, (20, 30)),
            ]),
        Case(
            "a delete that says it removed what was not there", false,
            [
                .delete(0, removed: true, by: 0, (0, 10)), .put(0, 1, by: 1, (20, 30)),
                .get(0, returning: 1, by: 0, (40, 50)),
            ]),
        Case(
            "two deletes of one value", false,
            [
                .put(0, 1, by: 1, (0, 10)), .delete(0, removed: true, by: 0, (20, 40)),
                .delete(0, removed: true, by: 1, (20, 40)),
            ]),
        Case(
            "a value comes back after its delete", false,
            [
                .put(0, 1, by: 1, (0, 10)), .delete(0, removed: true, by: 0, (20, 40)),
                .get(0, returning: 1, by: 1, (50, 60)),
            ]),
        Case(
            "the same value written twice may be read twice", true,
            [
                .put(0, 1, by: 1, (0, 10)), .put(0, 2, by: 0, (20, 30)), .put(0, 1, by: 0, (40, 50)),
                .get(0, returning: 1, by: 1, (60, 70)),
            ]),
    ]

    @Test("the checker and the definition say the same", arguments: registers + others)
    func verdict(example: Case) {
        #expect(BruteForce.isLinearizable(example.history) == example.isLinearizable)
        let verdict = LinearizabilityChecker.check(history: example.history)
        #expect(verdict.isCorrect == example.isLinearizable, "\(verdict.counterexample?.text ?? verdict.description)")
        #expect(!verdict.isUnknown)
        #expect(LinearizabilityChecker.check(history: example.history.reversed()).word == verdict.word)
    }

    @Test("a counter-example holds the operations that clash, and no others")
    func window() throws {
        var history = [Operation.put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30))]
        history.append(.get(0, returning: 1, by: 3, (40, 50)))
        for number in 0..<500 as Range<UInt64> {
            let start = 100 + 20 * number
            history.append(.put(0, 10 + number, by: 1, (start, start + 5)))
            history.append(.get(0, returning: 10 + number, by: 2, (start + 6, start + 12)))
        }
        let counterexample = try #require(LinearizabilityChecker.check(history: history).counterexample)
        #expect(counterexample.summary.hasPrefix("not linearizable: key 0: "))
        #expect(counterexample.events.map(\.label) == ["put k0 #1", "put k0 #2", "get k0 → #1"])
    }

    @Test("a counter-example of the search ends with the answer that can't be explained")
    func searchWindow() throws {
        var history: [Operation] = []
        for number in 0..<200 as Range<UInt64> {
            let start = 20 * number
            history.append(.put(0, 1 + number % 3, by: 1, (start, start + 5)))
            history.append(.get(0, returning: 1 + number % 3, by: 2, (start + 6, start + 12)))
        }
        history[201].result = 3 - history[201].result % 3
        let wrong = history[201]
        let counterexample = try #require(LinearizabilityChecker.check(history: history).counterexample)
        #expect(counterexample.events.count <= 16)
        #expect(counterexample.events.last?.label == "\(wrong)")
        #expect(counterexample.events.last?.startNanoseconds == wrong.invokedNanoseconds)
    }

    @Test(
        "what could not have shown a fault is unknown",
        arguments: [
            [], [.put(0, 1, by: 0, (0, 10)), .put(0, 2, by: 0, (20, 30))], [.get(0, returning: 0, by: 0, (0, 10))],
            [.put(0, 1, .failed, by: 0, (0, 10)), .get(0, returning: 0, by: 0, (20, 30))],
            [.put(0, 1, by: 0, (0, 10)), .get(0, returning: 1, .indeterminateSpan)],
            [.put(0, 1, by: 0, (20, 10)), .get(0, returning: 1, by: 0, (30, 40))],
        ] as [[KeyValueOperation]])
    func vacuous(history: [KeyValueOperation]) {
        #expect(LinearizabilityChecker.check(history: history).isUnknown)
    }

    @Test("a search past its budget is unknown, with the reason")
    func budget() {
        // Forty concurrent appends without telling answers, then a read that no order explains.
        var history = (1...40).map { Operation.append(0, $0, count: nil, by: UInt16($0), (0, 100)) }
        history.append(.get(0, returning: ValueIdentity.list((1...40).reversed() + [99]), by: 0, (110, 120)))
        let slow = LinearizabilityChecker.check(history: history, budget: .init(time: .milliseconds(50)))
        #expect(slow.reason?.contains("ran out of its time") == true)
        let small = LinearizabilityChecker.check(
            history: history, budget: .init(time: .seconds(60), memoBytes: 1 << 20))
        #expect(small.reason?.contains("ran out of its memory") == true)
    }

    @Test("a violation on one key outranks a search past its budget on another")
    func violationBesideUnknown() {
        var history = (1...40).map { Operation.append(0, $0, count: nil, by: UInt16($0), (0, 100)) }
        history.append(.get(0, returning: ValueIdentity.list((1...40).reversed() + [99]), by: 0, (110, 120)))
        history += [.put(1, 1, by: 0, (0, 10)), .get(1, returning: 0, by: 0, (20, 30))]
        #expect(LinearizabilityChecker.check(history: history, budget: .init(time: .milliseconds(50))).isViolated)
    }
}

extension KeyValueOperation {
    /// A read that was never answered.
    fileprivate static func get(_ key: UInt32, returning value: UInt64, _ span: Open) -> Self {
        Self(
            .get, key: key, client: 0, result: value, outcome: .indeterminate, invokedNanoseconds: 20,
            returnedNanoseconds: never)
    }

    fileprivate enum Open { case indeterminateSpan }
}
