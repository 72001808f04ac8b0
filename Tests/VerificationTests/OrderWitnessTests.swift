import Testing
import Verification

/// Histories with the order that their system claims.
@Suite("Order as a witness of sequential consistency")
struct OrderWitnessTests {
    /// An operation and its place.
    typealias Step = (KeyValueOperation, UInt64)

    private func verdict(_ steps: [Step]) -> Verdict {
        OrderWitness.check(history: steps.map(\.0), positions: steps.map(\.1))
    }

    private func isViolated(_ steps: [Step], _ words: String) -> Bool {
        guard case .violated(let example) = verdict(steps) else { return false }
        return example.summary.contains(words) && !example.events.isEmpty
    }

    private static func maybe(
        _ kind: KeyValueOperation.Kind, _ argument: UInt64 = 0, expecting: UInt64 = 0, by client: UInt16,
        at time: UInt64
    ) -> Step {
        (
            KeyValueOperation(
                kind, key: 0, client: client, argument: argument, result: expecting, outcome: .indeterminate,
                invokedNanoseconds: time, returnedNanoseconds: 0), 0
        )
    }

    // MARK: What is sequential

    @Test("a stale read is sequential, though not linearizable")
    func staleRead() {
        let steps: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 1), (.put(0, 2, by: 0, (20, 30)), 2),
            (.get(0, returning: 1, by: 1, (40, 50)), 1),
        ]
        #expect(verdict(steps) == .correct)
        #expect(LinearizabilityChecker.check(history: steps.map(\.0)).isViolated)
    }

    @Test("keys share one order: a client that lags sees all keys as they were")
    func severalKeys() {
        #expect(
            verdict([
                (.put(0, 1, by: 0, (0, 10)), 1), (.put(1, 2, by: 0, (20, 30)), 2), (.put(0, 3, by: 0, (40, 50)), 3),
                (.get(0, returning: 1, by: 1, (60, 70)), 2), (.get(1, returning: 2, by: 1, (80, 90)), 2),
                (.get(0, returning: 3, by: 1, (95, 99)), 3),
            ]) == .correct)
    }

    @Test("each client seeing its own write first is not sequential, whatever places are claimed")
    func storeBuffering() {
        // Dekker's test: no order of the two writes explains both absent reads; the places at least must say so.
        let history: [KeyValueOperation] = [
            .put(0, 1, by: 0, (0, 10)), .get(1, returning: 0, by: 0, (20, 30)),
            .put(1, 2, by: 1, (0, 10)), .get(0, returning: 0, by: 1, (20, 30)),
        ]
        for first in UInt64(1)...2 {
            for reads in [(first, 3 - first), (2, 2), (1, 1), (0, 0)] as [(UInt64, UInt64)] {
                let positions = [first, reads.0, 3 - first, reads.1]
                #expect(OrderWitness.check(history: history, positions: positions).isViolated, "\(positions)")
            }
        }
    }

    @Test("every kind of operation is replayed")
    func everyKind() {
        #expect(
            verdict([
                (.delete(0, removed: false, by: 0, (0, 1)), 1),
                (.compareAndSet(0, from: 0, to: 5, .ok, by: 0, (2, 3)), 2),
                (.compareAndSet(0, from: 4, to: 6, .mismatch, by: 0, (4, 5)), 3),
                (.get(0, returning: 5, by: 1, (6, 7)), 3),
                (.delete(0, removed: true, by: 0, (8, 9)), 4),
                (.get(0, returning: 0, by: 1, (10, 11)), 4),
                (.increment(1, adding: 2, returning: 2, by: 0, (12, 13)), 5),
                (.increment(1, returning: 3, by: 0, (14, 15)), 6),
                (.get(1, returning: ValueIdentity.integer(3), by: 1, (16, 17)), 6),
                (.append(2, 7, count: 1, by: 0, (18, 19)), 7), (.append(2, 8, count: 2, by: 0, (20, 21)), 8),
                (.get(2, returning: ValueIdentity.list([7, 8]), by: 1, (22, 23)), 9),
            ]) == .correct)
    }

    // MARK: Writes without an answer

    @Test("a write without an answer may have happened")
    func unknownWrite() {
        let rest: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 1), (.get(0, returning: 2, by: 1, (40, 50)), 2),
        ]
        #expect(verdict([Self.maybe(.put, 2, by: 2, at: 20)] + rest) == .correct)
        #expect(isViolated(rest, "doesn't follow"))
    }

    @Test("a write without an answer may not have happened")
    func unknownAndUnseen() {
        #expect(
            verdict([
                (.put(0, 1, by: 0, (0, 10)), 1), Self.maybe(.put, 2, by: 2, at: 20),
                (.get(0, returning: 1, by: 1, (40, 50)), 5),
            ]) == .correct)
    }

    @Test("a write without an answer happens once, behind what its client had seen, and where there is room")
    func unknownBounds() {
        let twice: [Step] = [
            Self.maybe(.put, 2, by: 2, at: 0), (.get(0, returning: 2, by: 1, (10, 20)), 2),
            (.put(0, 1, by: 0, (30, 40)), 3), (.get(0, returning: 2, by: 1, (50, 60)), 5),
        ]
        #expect(isViolated(twice, "doesn't follow"))
        let tooEarly: [Step] = [
            (.get(1, returning: 0, by: 2, (0, 10)), 7), Self.maybe(.put, 2, by: 2, at: 20),
            (.put(1, 9, by: 0, (0, 1)), 8), (.get(0, returning: 2, by: 1, (30, 40)), 6),
        ]
        #expect(isViolated(tooEarly, "doesn't follow"))
        let noRoom: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 3), Self.maybe(.put, 2, by: 2, at: 0),
            (.get(0, returning: 1, by: 1, (20, 30)), 3), (.get(0, returning: 2, by: 3, (20, 30)), 3),
        ]
        #expect(isViolated(noRoom, "doesn't follow"))
    }

    @Test("several writes without an answer can explain one answer together")
    func unknownChain() {
        #expect(
            verdict([
                (.put(0, 1, by: 0, (0, 10)), 1), Self.maybe(.put, 2, by: 2, at: 20),
                Self.maybe(.compareAndSet, 3, expecting: 2, by: 3, at: 20),
                (.get(0, returning: 3, by: 1, (40, 50)), 4),
            ]) == .correct)
        let increments = (0..<12).map { Self.maybe(.increment, 1, by: UInt16($0 + 2), at: 5) }
        let counted: [Step] = [
            (.increment(0, returning: 1, by: 0, (0, 1)), 1), (.increment(0, returning: 14, by: 0, (40, 50)), 40),
        ]
        #expect(verdict(increments + counted) == .correct)
        #expect(isViolated(Array(increments.dropLast()) + counted, "doesn't follow"))
    }

    @Test("where several writes without an answer would do, later answers decide between them")
    func unknownChoice() {
        let steps: [Step] = [
            Self.maybe(.put, 2, by: 2, at: 0), Self.maybe(.put, 3, by: 3, at: 0),
            (.delete(0, removed: true, by: 0, (10, 20)), 5),
        ]
        for value in [2, 3] as [UInt64] {
            #expect(verdict(steps + [(.get(0, returning: value, by: 1, (30, 40)), 9)]) == .correct, "\(value)")
        }
        let both: [Step] = [
            (.get(0, returning: 2, by: 1, (30, 40)), 9), (.get(0, returning: 3, by: 1, (50, 60)), 12),
        ]
        #expect(isViolated(steps + both, "doesn't follow"))
    }

    @Test("a comparison that found something else leaves room for a write without an answer before it")
    func unknownBeforeMismatch() {
        let steps: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 1), Self.maybe(.put, 2, by: 2, at: 0),
            (.get(0, returning: 2, by: 1, (30, 40)), 5),
        ]
        func comparing(with expected: UInt64) -> Step {
            (.compareAndSet(0, from: expected, to: 9, .mismatch, by: 3, (11, 20)), 5)
        }
        #expect(verdict(steps + [comparing(with: 7)]) == .correct)
        #expect(isViolated(steps + [comparing(with: 2)], "doesn't follow"))
    }

    // MARK: What is not

    @Test("a client that goes back in the order is caught")
    func goesBack() {
        let read: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 1), (.put(0, 2, by: 0, (20, 30)), 2),
            (.get(0, returning: 2, by: 1, (40, 50)), 2), (.get(0, returning: 1, by: 1, (60, 70)), 1),
        ]
        #expect(isViolated(read, "client 1 went back"))
        let ownWrite: [Step] = [
            (.put(0, 1, by: 0, (0, 10)), 1), (.get(0, returning: 0, by: 0, (20, 30)), 0),
        ]
        #expect(isViolated(ownWrite, "client 0 went back"))
    }

    @Test("operations of a client that overlap are in no order")
    func overlapping() {
        #expect(
            verdict([
                (.put(0, 1, by: 0, (0, 10)), 1), (.get(0, returning: 1, by: 1, (20, 40)), 1),
                (.get(0, returning: 0, by: 1, (21, 39)), 0),
            ]) == .correct)
    }

    @Test("two writes with one place are caught")
    func sharedPlace() {
        #expect(
            isViolated(
                [
                    (.put(0, 1, by: 0, (0, 10)), 1), (.put(1, 2, by: 1, (0, 10)), 1),
                    (.get(0, returning: 1, by: 2, (20, 30)), 1),
                ], "same place"))
    }

    @Test("a write that is given its place before one that had ended is caught")
    func realTime() {
        #expect(
            isViolated(
                [
                    (.put(0, 1, by: 0, (0, 10)), 2), (.put(1, 2, by: 1, (20, 30)), 1),
                    (.get(0, returning: 1, by: 2, (40, 50)), 2),
                ], "one that had ended"))
    }

    @Test(
        "an answer that the writes before its place don't give is caught",
        arguments: [
            .get(0, returning: 3, by: 1, (40, 50)), .delete(0, removed: false, by: 1, (40, 50)),
            .compareAndSet(0, from: 1, to: 9, .ok, by: 1, (40, 50)),
            .compareAndSet(0, from: 2, to: 9, .mismatch, by: 1, (40, 50)),
            .append(0, 9, count: 4, by: 1, (40, 50)),
        ] as [KeyValueOperation])
    func wrongAnswer(operation: KeyValueOperation) {
        #expect(
            isViolated(
                [
                    (.put(0, 1, by: 0, (0, 10)), 1), (.put(0, 2, by: 0, (20, 30)), 2), (operation, 3),
                    (.get(1, returning: 0, by: 2, (0, 1)), 0),
                ], "doesn't follow from the writes before its place, which leave #2"))
    }

    @Test("a history without reads, writes or places proves nothing")
    func vacuous() {
        #expect(verdict([]).isUnknown)
        #expect(verdict([(.put(0, 1, by: 0, (0, 10)), 1)]).isUnknown)
        #expect(verdict([(.get(0, returning: 0, by: 0, (0, 10)), 0)]).isUnknown)
        #expect(
            verdict([(.put(0, 1, by: 0, (0, 10)), 0), (.get(0, returning: 1, by: 0, (20, 30)), 1)]).isUnknown)
        #expect(OrderWitness.check(history: [.put(0, 1, by: 0, (0, 10))], positions: []).isUnknown)
    }

    @Test("a counter-example names the places")
    func readable() throws {
        let history: [KeyValueOperation] = [.put(3, 1, by: 0, (0, 10)), .get(3, returning: 0, by: 1, (20, 30))]
        let verdict = OrderWitness.check(history: history, positions: [7, 7]) { "place \($0)!" }
        let text = try #require(verdict.counterexample).text
        #expect(text.contains("get k3 → absent of client 1 doesn't follow"))
        #expect(text.contains("put k3 #1 of client 0 has place place 7!"))
    }
}
