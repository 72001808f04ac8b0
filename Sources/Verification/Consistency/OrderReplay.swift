/// Replays each key's writes in the recorded order and compares every answer with the state of its place.
///
/// A write of unknown outcome is taken in where an answer can't be explained without it, once, behind what its client had
/// seen, and where there is room between two places. Where several would do, all are tried within a bound.
struct OrderReplay {
    /// How a replay ended.
    enum Outcome {
        case explained
        case unexplained(Finding)
        /// The bound was reached on this key.
        case undecided(UInt32)
    }

    private let places: Places
    private let bounds: [Int: UInt64]

    init(_ places: Places) {
        self.places = places
        bounds = places.lowerBounds()
    }

    /// Replays all keys.
    mutating func run() -> Outcome {
        let history = places.history
        let unknown = Dictionary(grouping: places.unknown) { history[$0].key }
        let order = places.answered.sorted { first, second in
            let (left, right) = (history[first], history[second])
            if left.key != right.key { return left.key < right.key }
            let (here, there) = (places.positions[first], places.positions[second])
            return here != there ? here < there : left.kind != .get && right.kind == .get
        }
        var start = 0
        var undecided: UInt32?
        while start < order.count {
            let key = history[order[start]].key
            var end = start
            while end < order.count, history[order[end]].key == key { end += 1 }
            var replay = KeyReplay(
                places, events: Array(order[start..<end]), unknown: unknown[key] ?? [], bounds: bounds)
            switch replay.run() {
            case .explained: break
            case .undecided: undecided = undecided ?? key
            case .unexplained(let finding): return .unexplained(finding)
            }
            start = end
        }
        return undecided.map(Outcome.undecided) ?? .explained
    }
}

/// The replay of one key.
private struct KeyReplay {
    /// A way to go on: writes of unknown outcome that take place, and the state after them.
    private struct Candidate {
        var chain: [Int]
        var state: UInt64
    }

    private struct Choice {
        var event: Int
        var used: Set<Int>
        var anchor: UInt64
        var rest: ArraySlice<Candidate>
    }

    private let places: Places
    private let events: [Int]
    private let unknown: [Int]
    private let bounds: [Int: UInt64]
    private var used: Set<Int> = []
    private var choices: [Choice] = []
    private var state = ValueIdentity.absent
    /// The last place at which the state was known: unknown writes since then lie behind it.
    private var anchor = UInt64(0)
    /// Comparisons since then that found something else than they expected: all that they tell.
    private var rejected: [UInt64] = []
    private var budget = 200_000

    init(_ places: Places, events: [Int], unknown: [Int], bounds: [Int: UInt64]) {
        self.places = places
        self.events = events
        self.unknown = unknown.sorted { bounds[$0] ?? 0 < bounds[$1] ?? 0 }
        self.bounds = bounds
    }

    mutating func run() -> OrderReplay.Outcome {
        var next = 0
        var furthest: (event: Int, state: UInt64) = (0, ValueIdentity.absent)
        while next < events.count {
            if Requirement(places.history[events[next]]).holds(state) {
                take(events[next])
                next += 1
                continue
            }
            if next >= furthest.event { furthest = (next, state) }
            var candidates = unknown.isEmpty ? [] : self.candidates(next)
            guard budget > 0 else { return .undecided(places.history[events[next]].key) }
            if candidates.isEmpty {
                guard let choice = choices.popLast() else {
                    return .unexplained(finding(furthest.event, furthest.state))
                }
                next = choice.event
                used = choice.used
                anchor = choice.anchor
                candidates = Array(choice.rest)
            }
            if candidates.count > 1 {
                choices.append(Choice(event: next, used: used, anchor: anchor, rest: candidates.dropFirst()))
            }
            used.formUnion(candidates[0].chain)
            state = candidates[0].state
            rejected = []
            take(events[next])
            next += 1
        }
        return .explained
    }

    /// The state after an event whose requirement holds.
    private mutating func take(_ event: Int) {
        let operation = places.history[event]
        if operation.outcome == .mismatch {
            rejected.append(operation.result)
            return
        }
        state = KeyEffect.apply(operation, to: state)
        anchor = places.positions[event]
        rejected = []
    }

    /// The last place that a write before an event can have.
    private func limit(_ event: Int) -> UInt64 {
        let position = places.positions[event]
        return places.history[event].kind == .get ? position : position - 1
    }

    /// The ways to make the requirement of the event at an offset hold by writes of unknown outcome.
    private mutating func candidates(_ offset: Int) -> [Candidate] {
        let limit = limit(events[offset])
        guard limit > anchor else { return [] }
        let requirement = Requirement(places.history[events[offset]])
        let available = requirement.relevant(
            unknown.filter { !used.contains($0) && bounds[$0] ?? 0 < limit }, places.history)
        let found = search(requirement, available, depth: limit - anchor)
        // What comparisons since then would have found has to come after the last of them.
        let fitting = found.filter { !rejected.contains($0.state) }
        let previous = offset > 0 ? places.positions[events[offset - 1]] : 0
        return fitting.isEmpty && limit > previous ? found : fitting
    }

    /// Chains of available writes after which the requirement holds: the shortest, for they leave most to later answers.
    private mutating func search(_ requirement: Requirement, _ available: [Int], depth: UInt64) -> [Candidate] {
        var layer = [Candidate(chain: [], state: state)]
        var found: [Candidate] = []
        for _ in 0..<min(depth, UInt64(available.count)) {
            var following: [Candidate] = []
            for candidate in layer {
                var tried: Set<UInt64> = []
                for write in available where !candidate.chain.contains(write) {
                    budget -= 1
                    guard budget > 0 else { return [] }
                    let operation = places.history[write]
                    guard KeyEffect.canChange(operation, candidate.state) else { continue }
                    let state = KeyEffect.apply(operation, to: candidate.state)
                    // Writes of the same effect are as good as each other.
                    guard state != candidate.state, tried.insert(state).inserted else { continue }
                    let next = Candidate(chain: candidate.chain + [write], state: state)
                    if requirement.holds(state) { found.append(next) } else { following.append(next) }
                }
            }
            if !found.isEmpty || following.isEmpty { break }
            layer = following
        }
        return found
    }

    private func finding(_ event: Int, _ state: UInt64) -> Finding {
        let operation = places.history[events[event]]
        let shown = events[max(0, event - 5)...event]
        let possible = unknown.filter { bounds[$0] ?? 0 < limit(events[event]) }.prefix(6)
        return Finding(
            summary: "\(operation) of client \(operation.client) doesn't follow from the writes before its place, "
                + "which leave \(ValueIdentity.text(state))",
            operations: Array(shown) + possible,
            notes: possible.isEmpty ? [] : ["  writes without an answer, shown as unended, don't explain it either"])
    }
}

/// What an answer says of the state before it.
private enum Requirement {
    case anything
    case equals(UInt64)
    case number(Int64)
    case nothing
    case differs(UInt64)
    case isPresent
    case pieces(UInt64)

    init(_ operation: KeyValueOperation) {
        let isReported = operation.result != KeyValueOperation.unreported
        switch operation.kind {
        case .get: self = isReported ? .equals(operation.result) : .anything
        case .put, .concatenate: self = .anything
        case .delete:
            self = !isReported ? .anything : operation.result == 0 ? .equals(ValueIdentity.absent) : .isPresent
        case .compareAndSet:
            self = operation.outcome == .mismatch ? .differs(operation.result) : .equals(operation.result)
        case .increment:
            guard isReported, let after = ValueIdentity.integerValue(operation.result) else {
                self = isReported ? .nothing : .anything
                return
            }
            self = .number(after &- Int64(bitPattern: operation.argument))
        case .append: self = isReported ? .pieces(operation.result &- 1) : .anything
        }
    }

    func holds(_ state: UInt64) -> Bool {
        switch self {
        case .anything: true
        case .equals(let value): state == value
        case .number(let value): ValueIdentity.integerValue(state) == value
        case .nothing: false
        case .differs(let value): state != value
        case .isPresent: state != ValueIdentity.absent
        case .pieces(let count): ValueIdentity.pieceCount(state) == count & (1 << 22 - 1)
        }
    }

    /// Those of the writes that can have helped to bring the state about.
    func relevant(_ writes: [Int], _ history: [KeyValueOperation]) -> [Int] {
        guard case .equals(let value) = self, value == ValueIdentity.absent || ValueIdentity.isWritten(value) else {
            if case .nothing = self { return [] }
            return writes
        }
        // Backwards: what writes the value, and, where that compares first, what writes what it compares with.
        var wanted: Set<UInt64> = [value]
        var relevant: Set<Int> = []
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for write in writes where !relevant.contains(write) {
                let operation = history[write]
                let result = operation.kind == .delete ? ValueIdentity.absent : operation.argument
                guard wanted.contains(result) else { continue }
                relevant.insert(write)
                if operation.kind == .compareAndSet { wanted.insert(operation.result) }
                isGrowing = true
            }
        }
        return writes.filter(relevant.contains)
    }
}

/// What writes do to a key.
private enum KeyEffect {
    static func apply(_ operation: KeyValueOperation, to state: UInt64) -> UInt64 {
        switch operation.kind {
        case .get: return operation.result == KeyValueOperation.unreported ? state : operation.result
        case .put: return operation.argument
        case .delete: return ValueIdentity.absent
        case .compareAndSet: return operation.argument
        case .increment:
            guard let value = ValueIdentity.integerValue(state) else { return state }
            return ValueIdentity.integer(value &+ Int64(bitPattern: operation.argument))
        case .append: return ValueIdentity.appending(operation.argument, to: state)
        case .concatenate: return TextIdentity.joined(state, operation.argument, factor: operation.result)
        }
    }

    /// Whether a write of unknown outcome would have an effect on a state.
    static func canChange(_ operation: KeyValueOperation, _ state: UInt64) -> Bool {
        operation.kind != .compareAndSet || operation.result == state
    }
}
