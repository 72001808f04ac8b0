import Testing
import Verification
import Workload

/// The checkers of the weaker models and their definitions agree on thousands of small histories.
@Suite("Weaker models against brute force")
struct ConsistencyPropertyTests {
    struct Mix: Sendable, CustomTestStringConvertible {
        var model: ConsistencyModel
        var kinds: [KeyValueOperation.Kind]
        var hasDistinctValues: Bool
        var testDescription: String {
            "\(model.rawValue): \(kinds.map { "\($0)" }.joined(separator: "+")) distinct: \(hasDistinctValues)"
        }
    }

    static let mixes: [Mix] = {
        var mixes: [Mix] = []
        for model in ConsistencyModel.allCases where model != .linearizable {
            mixes.append(Mix(model: model, kinds: [.get, .put], hasDistinctValues: true))
            mixes.append(Mix(model: model, kinds: [.get, .get, .put], hasDistinctValues: true))
            mixes.append(Mix(model: model, kinds: [.get, .put], hasDistinctValues: false))
            mixes.append(Mix(model: model, kinds: [.get, .put, .delete], hasDistinctValues: true))
            mixes.append(Mix(model: model, kinds: [.get, .put, .compareAndSet], hasDistinctValues: true))
            if model == .sequential || model == .session {
                mixes.append(Mix(model: model, kinds: [.get, .put, .compareAndSet], hasDistinctValues: false))
                mixes.append(Mix(model: model, kinds: [.put, .compareAndSet, .delete], hasDistinctValues: false))
            }
        }
        return mixes
    }()

    @Test("checker and definition agree", arguments: mixes)
    func agreement(mix: Mix) {
        var (good, bad) = (0, 0)
        for seed in 0..<200 as Range<UInt64> {
            var random = WeakHistory(seed: seed, kinds: mix.kinds, hasDistinctValues: mix.hasDistinctValues)
            let history = random.history(count: 3 + Int(seed % 6))
            let verdict = ConsistencyChecker.check(history: history, model: mix.model)
            if verdict.isUnknown { continue }
            let expected = BruteForceConsistency.holds(mix.model, history)
            #expect(verdict.isCorrect == expected, "seed \(seed): \(verdict.counterexample?.text ?? "") \(history)")
            if expected { good += 1 } else { bad += 1 }
        }
        #expect(good > 25, "\(good) good")
        #expect(bad > 0, "\(bad) bad")
    }

    @Test("what a stronger model allows, a weaker one does", arguments: [true, false])
    func implications(hasDistinctValues: Bool) {
        var earned: [ConsistencyModel: Int] = [:]
        for seed in 0..<200 as Range<UInt64> {
            var random = WeakHistory(seed: seed, kinds: [.get, .put], hasDistinctValues: hasDistinctValues)
            let history = random.history(count: 10)
            func keeps(_ model: ConsistencyModel) -> Bool {
                ConsistencyChecker.check(history: history, model: model).isCorrect
            }
            let kept = ConsistencyModel.allCases.filter(keeps)
            for model in kept { earned[model, default: 0] += 1 }
            for (strong, weak) in [
                (ConsistencyModel.linearizable, ConsistencyModel.sequential), (.linearizable, .regular),
                (.sequential, .session), (.session, .eventual), (.regular, .eventual),
            ] where kept.contains(strong) {
                #expect(kept.contains(weak), "seed \(seed): \(strong) but not \(weak): \(history)")
            }
        }
        for model in ConsistencyModel.allCases { #expect(earned[model] ?? 0 > 50, "\(model): \(earned)") }
    }
}

/// Small random histories of sessions that are in order and replicas that lag: good by some models and bad by others.
struct WeakHistory {
    var generator: SeededGenerator
    var kinds: [KeyValueOperation.Kind]
    var hasDistinctValues: Bool
    private var nextValue: UInt64 = 1

    init(seed: UInt64, kinds: [KeyValueOperation.Kind], hasDistinctValues: Bool) {
        generator = SeededGenerator(seed: seed)
        self.kinds = kinds
        self.hasDistinctValues = hasDistinctValues
    }

    private mutating func value() -> UInt64 {
        nextValue += 1
        return hasDistinctValues ? nextValue : 1 + generator.below(3 as UInt64)
    }

    /// `count` operations of up to three sessions on up to two keys: each reads one of the newest states of its key.
    mutating func history(count: Int) -> [KeyValueOperation] {
        let sessions = 1 + generator.below(3)
        let keys = 1 + generator.below(2)
        let lag = generator.below(3)
        let jitter: UInt64 = generator.chance(0.5) ? 4 : 30
        var states = Array(repeating: [ValueIdentity.absent], count: keys)
        var free = Array(repeating: UInt64(0), count: sessions)
        var history: [KeyValueOperation] = []
        for index in 0..<count {
            let session = generator.below(sessions)
            let key = generator.below(keys)
            let start = max(free[session] + 1, UInt64(index) * 10 + generator.below(jitter))
            let end = start + 1 + generator.below(jitter)
            // A few sessions have two operations under way.
            free[session] = generator.chance(0.1) ? start : end
            let place = states[key].count - 1 - min(states[key].count - 1, lag == 0 ? 0 : generator.below(lag + 1))
            history.append(operation(UInt32(key), UInt16(session), (start, end), states[key][place], &states[key]))
        }
        // Now and then a value out of thin air.
        let index = generator.below(count)
        if generator.chance(0.05), history[index].kind == .get { history[index].result = 99 }
        generator.shuffle(&history)
        return history
    }

    private mutating func operation(
        _ key: UInt32, _ client: UInt16, _ span: KeyValueOperation.Span, _ state: UInt64, _ states: inout [UInt64]
    ) -> KeyValueOperation {
        let isLost = generator.chance(0.1)
        let outcome = isLost ? KeyValueOperation.Outcome.indeterminate : .ok
        switch kinds[generator.below(kinds.count)] {
        case .put:
            let new = value()
            if !isLost || generator.chance(0.5) { states.append(new) }
            return .put(key, new, outcome, by: client, span)
        case .delete:
            if !isLost || generator.chance(0.5) { states.append(ValueIdentity.absent) }
            let removed = state != ValueIdentity.absent
            return .delete(key, removed: generator.chance(0.5) ? nil : removed, outcome, by: client, span)
        case .compareAndSet:
            let new = value()
            if generator.chance(0.3) {
                return .compareAndSet(key, from: value(), to: new, isLost ? outcome : .mismatch, by: client, span)
            }
            states.append(new)
            return .compareAndSet(key, from: state, to: new, outcome, by: client, span)
        default:
            return .get(key, returning: state, by: client, span)
        }
    }
}
