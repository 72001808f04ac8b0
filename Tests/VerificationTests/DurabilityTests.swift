import Testing
import Verification

@Suite("Durability and convergence")
struct DurabilityTests {
    typealias Operation = KeyValueOperation

    /// Two clients append; the fourth append was never answered, the fifth was refused.
    private static let appends: [Operation] = [
        .append(1, 11, count: nil, by: 1, (0, 10)), .append(1, 21, count: nil, by: 2, (0, 10)),
        .append(1, 12, count: nil, by: 1, (20, 30)), .append(1, 22, count: nil, .indeterminate, by: 2, (20, 0)),
        .append(1, 13, count: nil, .failed, by: 1, (40, 50)),
    ]

    @Test(
        "every acknowledged piece once, in order: correct",
        arguments: [
            [11, 21, 12], [21, 11, 12, 22], [11, 21, 22, 12],
        ] as [[UInt64]])
    func goodAppends(pieces: [UInt64]) {
        #expect(DurabilityChecker.check(history: Self.appends, final: [1: .pieces(pieces)]) == .correct)
    }

    @Test(
        "lost, doubled, reordered, refused or foreign pieces are violations",
        arguments: [
            [], [11, 21], [11, 21, 12, 12], [11, 21, 12, 22, 22], [12, 11, 21], [11, 22, 21, 12], [11, 21, 12, 13],
            [11, 21, 12, 99],
        ] as [[UInt64]])
    func badAppends(pieces: [UInt64]) {
        let verdict = DurabilityChecker.check(history: Self.appends, final: [1: .pieces(pieces)])
        #expect(verdict.isViolated, "\(verdict)")
    }

    @Test("a piece at another place than its append answered is a violation")
    func wrongPlace() {
        let history: [Operation] = [.append(1, 11, count: 1, by: 1, (0, 10)), .append(1, 12, count: 2, by: 2, (0, 10))]
        #expect(DurabilityChecker.check(history: history, final: [1: .pieces([11, 12])]) == .correct)
        #expect(DurabilityChecker.check(history: history, final: [1: .pieces([12, 11])]).isViolated)
    }

    /// Ten acknowledged and two unanswered increments by one.
    private static let increments = (0..<12).map { number in
        Operation.increment(
            2, returning: nil, number < 10 ? .ok : .indeterminate, by: UInt16(number), (UInt64(number), 100))
    }

    @Test("a counter holds what was acknowledged and at most what was sent", arguments: 8...14 as ClosedRange<Int64>)
    func counts(value: Int64) {
        let verdict = DurabilityChecker.check(history: Self.increments, final: [2: .integer(value)])
        #expect(verdict.isCorrect == (10...12).contains(value))
        #expect(verdict.isViolated == !(10...12).contains(value))
    }

    @Test("increments by different amounts must make the sum", arguments: 10...20 as ClosedRange<Int64>)
    func mixedCounts(value: Int64) {
        let history: [Operation] = [
            .increment(2, adding: 10, returning: nil, by: 1, (0, 10)),
            .increment(2, adding: 3, returning: nil, .indeterminate, by: 1, (0, 10)),
            .increment(2, adding: 3, returning: nil, .indeterminate, by: 1, (0, 10)),
            .increment(2, adding: 4, returning: nil, .indeterminate, by: 1, (0, 10)),
        ]
        let possible: Set<Int64> = [10, 13, 16, 14, 17, 20]
        #expect(
            DurabilityChecker.check(history: history, final: [2: .integer(value)]).isCorrect == possible.contains(value)
        )
    }

    @Test(
        "the last put counts",
        arguments: [
            (.pieces([3]), true), (.pieces([4]), true), (.pieces([2]), true), (.pieces([1]), false),
            (.pieces([]), false),
            (.pieces([9]), false),
        ] as [(DurabilityChecker.FinalValue, Bool)])
    func puts(final: DurabilityChecker.FinalValue, isCorrect: Bool) {
        let history: [Operation] = [
            .put(3, 1, by: 1, (0, 10)), .put(3, 2, by: 1, (20, 30)), .put(3, 3, by: 2, (25, 40)),
            .put(3, 4, .indeterminate, by: 3, (5, 0)),
        ]
        let verdict = DurabilityChecker.check(history: history, final: [3: final])
        #expect(verdict.isCorrect == isCorrect)
        #expect(verdict.isViolated == !isCorrect)
    }

    @Test("a key that nobody wrote must be empty")
    func stray() {
        let final: [UInt32: DurabilityChecker.FinalValue] = [1: .pieces([11, 21, 12]), 9: .pieces([])]
        #expect(DurabilityChecker.check(history: Self.appends, final: final) == .correct)
        let stray = final.merging([9: .integer(1)]) { $1 }
        #expect(DurabilityChecker.check(history: Self.appends, final: stray).isViolated)
    }

    @Test("nothing acknowledged or nothing read is unknown")
    func vacuous() {
        #expect(DurabilityChecker.check(history: [], final: [1: .pieces([])]).isUnknown)
        #expect(DurabilityChecker.check(history: [Self.appends[3]], final: [1: .pieces([])]).isUnknown)
        #expect(DurabilityChecker.check(history: Self.appends, final: [:]).isUnknown)
    }

    @Test("replicas converge when their digests are equal")
    func convergence() {
        let equal = ["a", "b", "c"].map { ReplicaState(replica: $0, applied: 7, digest: 42) }
        #expect(ReplicaConvergence.check(equal) == .correct)
        let different = equal + [ReplicaState(replica: "d", applied: 6, digest: 41)]
        #expect(ReplicaConvergence.check(different).isViolated)
        #expect(ReplicaConvergence.check(different).counterexample?.notes.count == 4)
        #expect(ReplicaConvergence.check([equal[0]]).isUnknown)
        #expect(ReplicaConvergence.check([]).isUnknown)
        #expect(ReplicaConvergence.check(["a", "b"].map { .init(replica: $0, applied: 0, digest: 0) }).isUnknown)
    }
}
