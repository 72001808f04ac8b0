/// Cuts a key's history that has no linearization down to what a person can look at, by three steps, each of which keeps
/// the proof:
///
/// 1. The end is cut off behind the event where the search was stuck furthest, or, since the search looks ahead, as soon
///    behind it as what comes before has no linearization. What had not been answered by then counts as without an answer.
/// 2. The beginning is cut off as long as the rest is wrong *whatever* the key held before: tried are all values that
///    some operation needs, and one that none does. What was under way at the cut may have taken effect before it.
/// 3. Of the rest, whatever can go (``WindowReduction``).
struct SearchWindow {
    /// The operations to show, as they were recorded, in order of invocation.
    private(set) var operations: [KeyValueOperation] = []
    /// The first whose answer no order allows any more.
    private(set) var offender: KeyValueOperation?
    /// Whether the beginning was cut off.
    private(set) var isCut = false

    private static let patience = Duration.seconds(1)
    private static let shown = 24
    private static let longestCut = 256

    /// An operation as it was recorded, and what of it the window rests on.
    private struct Part {
        var recorded: KeyValueOperation
        var relied: KeyValueOperation
    }

    /// The window of a history whose search got no further than `event`.
    init(_ history: SearchHistory, upTo event: Int) {
        let all = history.recorded.map { Part(recorded: $0, relied: $0) }
        let deadline = ContinuousClock.now + Self.patience
        let ends = [0, 4, 12, 28, 60, 124].map { min(event + $0, history.events.count - 1) }
        let prefixes = ends.map { Self.parts(all, until: history.events[$0].time) }
        for prefix in prefixes {
            guard let rest = Self.cut(prefix, deadline) else { continue }
            self = SearchWindow(rest, isCut: true)
            return
        }
        for prefix in prefixes where ContinuousClock.now < deadline {
            guard Self.isViolated(prefix.map(\.relied), isCut: false, within: Self.patience / 4) else { continue }
            self = SearchWindow(prefix, isCut: false)
            return
        }
        // Not proved small in time: the last operations before the search was stuck are still the ones to look at.
        operations = prefixes[0].suffix(Self.shown).map(\.recorded)
    }

    /// The window of a few operations that are known to be wrong by themselves.
    init(witnesses: [KeyValueOperation]) {
        var seen: Set<KeyValueOperation> = []
        let distinct = witnesses.filter { seen.insert($0).inserted }
            .sorted {
                ($0.invokedNanoseconds, $0.returnedNanoseconds) < ($1.invokedNanoseconds, $1.returnedNanoseconds)
            }
        self.init(distinct.map { Part(recorded: $0, relied: $0) }, isCut: false)
    }

    /// The window of operations that are wrong by themselves.
    private init(_ all: [Part], isCut: Bool) {
        self.isCut = isCut
        let reduction = WindowReduction(all.map(\.relied), deadline: ContinuousClock.now + Self.patience) {
            Self.isViolated($0, isCut: isCut)
        }
        let parts = reduction.kept.map { all[$0] }
        operations = parts.map(\.recorded)
        offender = Self.offender(parts, isCut: isCut)
    }

    /// What was known of the operations at a time.
    private static func parts(_ all: [Part], until end: UInt64) -> [Part] {
        all.compactMap { part in
            let operation = part.relied
            guard operation.invokedNanoseconds <= end else { return nil }
            guard operation.hasReturned, operation.returnedNanoseconds > end else { return part }
            // A read that was not yet answered tells nothing, a write may have happened.
            return KeyValueModel.isReadOnly(operation)
                ? nil : Part(recorded: part.recorded, relied: operation.withoutAnswer)
        }
    }

    // MARK: Cutting

    /// The shortest end of the history that is wrong whatever came before: found by doubling its length, then halving.
    private static func cut(_ parts: [Part], _ deadline: ContinuousClock.Instant) -> [Part]? {
        // What these leave depends on what was there in too many ways to try.
        guard !parts.contains(where: { [.increment, .append, .concatenate].contains($0.relied.kind) }) else {
            return nil
        }
        func end(_ length: Int) -> [Part]? {
            let start = parts[parts.count - length].relied.invokedNanoseconds
            let rest = parts.compactMap { part in
                part.relied.rest(from: start).map { Part(recorded: part.recorded, relied: $0) }
            }
            return isViolated(rest.map(\.relied), isCut: true) ? rest : nil
        }
        var (tooShort, length) = (0, 1)
        var found: [Part]?
        while found == nil, length < min(parts.count, Self.longestCut), ContinuousClock.now < deadline {
            found = end(length)
            if found == nil { (tooShort, length) = (length, 2 * length) }
        }
        while found != nil, length - tooShort > 1, ContinuousClock.now < deadline {
            let middle = (tooShort + length) / 2
            if let shorter = end(middle) {
                (found, length) = (shorter, middle)
            } else {
                tooShort = middle
            }
        }
        return found
    }

    /// The states to begin with: nothing, or else every one that some operation needs and one that none does.
    private static func beginnings(_ operations: [KeyValueOperation], isCut: Bool) -> [UInt64] {
        guard isCut else { return [ValueIdentity.absent] }
        let needed = Set(
            operations.compactMap { $0.kind == .compareAndSet ? $0.result : KeyValueModel.neededState($0) })
        return needed.union([ValueIdentity.absent, ValueIdentity.foreign(digest: 1 << 62)]).sorted()
    }

    private static func isViolated(
        _ operations: [KeyValueOperation], from state: UInt64, within limit: Duration
    ) -> Bool {
        let indices = (0..<UInt32(operations.count)).map { $0 }
        return operations.withUnsafeBufferPointer { operations in
            indices.withUnsafeBufferPointer { indices in
                let group = KeyGroup(operations: operations, indices: indices)
                var search = LinearizationSearch(
                    SearchHistory(group, kinds: OperationKinds(group)), from: state,
                    deadline: ContinuousClock.now + limit, memoBytes: 16 << 20)
                if case .violated = search.run() { return true }
                return false
            }
        }
    }

    private static func isViolated(
        _ operations: [KeyValueOperation], isCut: Bool, within limit: Duration = .milliseconds(50)
    ) -> Bool {
        beginnings(operations, isCut: isCut).allSatisfy { isViolated(operations, from: $0, within: limit) }
    }

    /// The operation with whose answer the window becomes wrong.
    private static func offender(_ parts: [Part], isCut: Bool) -> KeyValueOperation? {
        let answered = parts.filter(\.relied.hasReturned)
            .sorted {
                ($0.relied.returnedNanoseconds, $0.relied.observes ? 0 : 1)
                    < ($1.relied.returnedNanoseconds, $1.relied.observes ? 0 : 1)
            }
        return answered.first { part in
            isViolated(Self.parts(parts, until: part.relied.returnedNanoseconds).map(\.relied), isCut: isCut)
        }?.recorded
    }
}

extension KeyValueOperation {
    /// The same as if its answer had never come.
    fileprivate var withoutAnswer: KeyValueOperation {
        var open = self
        open.outcome = .indeterminate
        open.returnedNanoseconds = Self.never
        return open
    }

    /// What is left of it when nothing before `time` is looked at; `nil` when nothing is.
    fileprivate func rest(from time: UInt64) -> KeyValueOperation? {
        if invokedNanoseconds >= time { return self }
        if hasReturned, returnedNanoseconds < time { return nil }
        return KeyValueModel.isReadOnly(self) ? nil : withoutAnswer
    }
}
