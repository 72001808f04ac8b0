import Verification
import Workload

/// Small random histories: each runs on a real store, with operations that take effect at a random instant within their
/// interval, so that it is linearizable; a mutation then spoils it, perhaps.
struct RandomHistory {
    var generator: SeededGenerator
    var kinds: [KeyValueOperation.Kind]
    /// Every written value is new.
    var hasDistinctValues: Bool
    var indeterminateShare = 0.15
    private var nextValue: UInt64 = 1
    /// The texts that have been made, by identity.
    private var texts = BruteForce.texts

    init(seed: UInt64, kinds: [KeyValueOperation.Kind], hasDistinctValues: Bool) {
        generator = SeededGenerator(seed: seed)
        self.kinds = kinds
        self.hasDistinctValues = hasDistinctValues
    }

    private mutating func value() -> UInt64 {
        if kinds.contains(.concatenate) { return TextIdentity.identity(of: text().utf8) }
        if hasDistinctValues {
            nextValue += 1
            return nextValue
        }
        return 1 + generator.below(3 as UInt64)
    }

    private mutating func text() -> String { ["a", "b", "ab"][generator.below(3)] }

    /// `count` operations of one key, spread so that about `overlap` run at a time.
    mutating func correct(count: Int, overlap: Int = 3, key: UInt32 = 0) -> [KeyValueOperation] {
        var drafts: [(effect: UInt64, from: UInt64, to: UInt64)] = []
        for _ in 0..<count {
            let effect = generator.below(UInt64(count) * 8)
            let reach = UInt64(8 * overlap)
            drafts.append(
                (effect + reach, effect + reach - generator.below(reach), effect + reach + generator.below(reach)))
        }
        drafts.sort { $0.effect < $1.effect }
        var state = ValueIdentity.absent
        var history: [KeyValueOperation] = []
        for (index, draft) in drafts.enumerated() {
            let kind = kinds[generator.below(kinds.count)]
            history.append(
                operation(kind, key, UInt16(index % 7), (draft.from, draft.to), &state))
        }
        generator.shuffle(&history)
        return history
    }

    private mutating func operation(
        _ kind: KeyValueOperation.Kind, _ key: UInt32, _ client: UInt16, _ span: KeyValueOperation.Span,
        _ state: inout UInt64
    ) -> KeyValueOperation {
        let isLost = generator.chance(indeterminateShare)
        let happens = !isLost || generator.chance(0.5)
        let outcome = isLost ? KeyValueOperation.Outcome.indeterminate : .ok
        switch kind {
        case .get:
            return .get(key, returning: state, by: client, span)
        case .put:
            let new = value()
            if happens { state = new }
            return .put(key, new, outcome, by: client, span)
        case .delete:
            let removed = state != ValueIdentity.absent
            if happens { state = ValueIdentity.absent }
            return .delete(key, removed: isLost || generator.chance(0.2) ? nil : removed, outcome, by: client, span)
        case .compareAndSet:
            let new = value()
            let expected = generator.chance(0.6) ? state : hasDistinctValues ? 1 + generator.below(nextValue) : value()
            let matches = expected == state
            if happens, matches { state = new }
            return .compareAndSet(
                key, from: expected, to: new, isLost ? .indeterminate : matches ? .ok : .mismatch, by: client, span)
        case .increment:
            guard let before = ValueIdentity.integerValue(state) else {
                return .get(key, returning: state, by: client, span)
            }
            let delta = hasDistinctValues ? 1 + Int64(generator.below(2)) : [1, 1, -1][generator.below(3)]
            if happens { state = ValueIdentity.integer(before + delta) }
            return .increment(key, adding: delta, returning: isLost ? nil : before + delta, outcome, by: client, span)
        case .concatenate:
            let joined = KeyValueOperation.concatenate(key, Array(text().utf8), outcome, by: client, span)
            if happens {
                let before = texts[state] ?? []
                let after = before + (BruteForce.texts[joined.argument] ?? [])
                state = TextIdentity.identity(of: after)
                texts[state] = after
            }
            return joined
        case .append:
            guard ValueIdentity.integerValue(state) == nil || state == ValueIdentity.absent else {
                return .get(key, returning: state, by: client, span)
            }
            let piece = value()
            let count = ValueIdentity.pieceCount(state) + 1
            if happens { state = ValueIdentity.appending(piece, to: state) }
            return .append(key, piece, count: isLost ? nil : count, outcome, by: client, span)
        }
    }

    /// Spoils one operation: another's answer, another's time, or a lost write called a success.
    mutating func mutated(_ history: [KeyValueOperation]) -> [KeyValueOperation] {
        var history = history
        let index = generator.below(history.count)
        let other = history[generator.below(history.count)]
        switch generator.below(5) {
        // The result of a concatenation is no answer.
        case 0
        where history[index].kind == other.kind && history[index].hasReturned == other.hasReturned
            && other.kind != .concatenate:
            history[index].result = other.result
        case 1:
            let length = history[index].returnedNanoseconds &- history[index].invokedNanoseconds
            history[index].invokedNanoseconds = other.invokedNanoseconds
            if history[index].hasReturned {
                history[index].returnedNanoseconds = other.invokedNanoseconds + length
            }
        case 2 where history[index].outcome == .indeterminate && history[index].kind == .put:
            history[index].outcome = .ok
            history[index].returnedNanoseconds = history[index].invokedNanoseconds + 5
        case 3 where history[index].kind == .get:
            let written = history.filter { $0.kind == .put || $0.kind == .compareAndSet }.map(\.argument)
            if !written.isEmpty { history[index].result = written[generator.below(written.count)] }
        default:
            if history[index].hasReturned {
                let length = history[index].returnedNanoseconds - history[index].invokedNanoseconds
                history[index].returnedNanoseconds -= length / 2
            }
        }
        return history
    }
}
