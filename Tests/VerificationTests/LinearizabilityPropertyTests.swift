import Testing
import Verification

/// The checker and the definition agree on thousands of small histories, good and spoilt.
@Suite("Linearizability against brute force")
struct LinearizabilityPropertyTests {
    struct Mix: Sendable, CustomTestStringConvertible {
        var kinds: [KeyValueOperation.Kind]
        var hasDistinctValues: Bool
        var testDescription: String { "\(kinds.map { "\($0)" }.joined(separator: "+")) distinct: \(hasDistinctValues)" }
    }

    static let mixes: [Mix] = [
        Mix(kinds: [.get, .put], hasDistinctValues: true),
        Mix(kinds: [.get, .get, .put], hasDistinctValues: true),
        Mix(kinds: [.get, .put], hasDistinctValues: false),
        Mix(kinds: [.get, .put, .delete], hasDistinctValues: true),
        Mix(kinds: [.get, .compareAndSet], hasDistinctValues: true),
        Mix(kinds: [.get, .put, .compareAndSet], hasDistinctValues: true),
        Mix(kinds: [.get, .put, .compareAndSet], hasDistinctValues: false),
        Mix(kinds: [.put, .compareAndSet, .delete], hasDistinctValues: false),
        Mix(kinds: [.get, .increment], hasDistinctValues: true),
        Mix(kinds: [.get, .increment, .delete], hasDistinctValues: false),
        Mix(kinds: [.get, .append], hasDistinctValues: true),
        Mix(kinds: [.get, .append, .put, .delete], hasDistinctValues: true),
        Mix(kinds: [.get, .append, .put], hasDistinctValues: false),
        Mix(kinds: [.get, .concatenate], hasDistinctValues: false),
        Mix(kinds: [.get, .concatenate, .put, .delete], hasDistinctValues: false),
    ]

    @Test("checker and definition agree", arguments: mixes)
    func agreement(mix: Mix) {
        var good = 0
        var bad = 0
        for seed in 0..<700 as Range<UInt64> {
            var random = RandomHistory(seed: seed, kinds: mix.kinds, hasDistinctValues: mix.hasDistinctValues)
            let correct = random.correct(count: 3 + Int(seed % 5), overlap: 1 + Int(seed % 4))
            #expect(BruteForce.isLinearizable(correct), "the generator is wrong: \(correct)")
            let once = random.mutated(correct)
            let twice = random.mutated(once)
            for history in [correct, random.mutated(correct), once, twice, random.mutated(twice)] {
                let verdict = LinearizabilityChecker.check(history: history)
                if verdict.isUnknown { continue }
                let expected = BruteForce.isLinearizable(history)
                #expect(verdict.isCorrect == expected, "seed \(seed): \(verdict.counterexample?.text ?? "") \(history)")
                if expected { good += 1 } else { bad += 1 }
            }
        }
        #expect(good > 200)
        #expect(bad > 50)
    }

    @Test("larger histories that ran on a real store are correct", arguments: mixes)
    func largerCorrect(mix: Mix) {
        for seed in 1000..<1010 as Range<UInt64> {
            var random = RandomHistory(seed: seed, kinds: mix.kinds, hasDistinctValues: mix.hasDistinctValues)
            random.indeterminateShare = 0.02
            var history = random.correct(count: 300, overlap: 4, key: 7)
            history += random.correct(count: 200, overlap: 4, key: 70_000)
            let verdict = LinearizabilityChecker.check(history: history)
            #expect(verdict == .correct, "seed \(seed): \(verdict.counterexample?.text ?? verdict.description)")
        }
    }
}
