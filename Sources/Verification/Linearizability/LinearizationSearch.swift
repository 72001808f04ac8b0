/// Searches for a linearization of one key's operations, depth first.
///
/// Sources: Wing & Gong, "Testing and verifying concurrent objects", JPDC 1993 (the search); Lowe, "Testing for
/// linearizability", CCPE 2017 (memory of configurations, and *just-in-time* linearization: an operation is taken only
/// when one must be, that is when an operation returns that has not been taken). Added here:
///
/// - A pending operation that changes nothing and fits the state is taken at once: if it can be taken later, it can be
///   taken now.
/// - A state is not left for good while an operation still needs it; and if a return waits for a state that nothing
///   under way can bring about, the branch is dead. With mostly distinct values that makes the search nearly linear.
/// - A list that only grows is not let past a length that an append still has to answer.
/// - Candidates are tried in the order in which they must have happened.
/// - Of operations without an answer that are equal, the earlier goes first.
///
/// A configuration is remembered exactly while at most 128 operations are pending at once; past that the set of those
/// taken is a 128-bit Zobrist hash, so that two sets meet with a chance of about n² 2⁻¹²⁹ over n configurations.
struct LinearizationSearch {
    private struct Frame {
        var trailCount: Int
        var phase = Phase.waiting
        var candidate = -1
    }

    /// Whom to try next at a return that waits: the operation itself, then those that bring about what it needs, then
    /// the others; those without an answer last.
    private enum Phase: UInt8 {
        case waiting, bringing, bringingUnanswered, others, othersUnanswered, done
    }

    private enum Step {
        case called(Int32)
        case returned(Int32)
        case took(Int32, from: UInt64)
    }

    private let history: SearchHistory
    private let deadline: ContinuousClock.Instant
    private var memo: ConfigurationMemo
    private var pending: PendingOperations
    private var isTaken: ContiguousArray<Bool>
    private var tokens: ContiguousArray<(UInt64, UInt64)>
    /// For each needed state how many operations yet to be taken need it, and how many leave it.
    private var needs: ContiguousArray<Int32>
    private var makers: ContiguousArray<Int32>
    /// For each needed state how many operations that leave it have been called and are yet to be taken.
    private var calledMakers: ContiguousArray<Int32>
    /// Where a list only grows, for each length how many appends yet to be taken answered it; else empty.
    private var answers: ContiguousArray<Int32>

    private var state: UInt64
    private var taken: (UInt64, UInt64) = (0, 0)
    private var position = 0
    private var trail: ContiguousArray<Step> = []
    private var frames: ContiguousArray<Frame> = []
    private var furthest = 0

    /// - Parameter state: what the key holds in the beginning.
    init(
        _ history: SearchHistory, from state: UInt64 = ValueIdentity.absent, deadline: ContinuousClock.Instant,
        memoBytes: Int
    ) {
        self.history = history
        self.state = state
        self.deadline = deadline
        memo = ConfigurationMemo(bytes: memoBytes)
        pending = PendingOperations(count: history.operations.count)
        isTaken = ContiguousArray(repeating: false, count: history.operations.count)
        tokens = ContiguousArray((0..<history.slotCount).map { Self.token($0, of: history.slotCount) })
        needs = ContiguousArray(repeating: 0, count: history.states.count)
        makers = needs
        calledMakers = needs
        answers = ContiguousArray(repeating: 0, count: history.isGrowingList ? history.operations.count + 1 : 0)
        for number in history.needed where number >= 0 { needs[Int(number)] += 1 }
        for number in history.produced where number >= 0 { makers[Int(number)] += 1 }
        for operation in history.operations.indices { countAnswer(operation, 1) }
    }

    /// Counts the length that an append answered, where that matters.
    @inline(__always)
    private mutating func countAnswer(_ operation: Int, _ change: Int32) {
        guard !answers.isEmpty else { return }
        let record = history.operations[operation]
        guard record.kind == .append, record.hasReturned, record.result < UInt64(answers.count) else { return }
        answers[Int(record.result)] += change
    }

    private static func token(_ slot: Int, of count: Int) -> (UInt64, UInt64) {
        if count > 128 {
            return (ValueIdentity.mixed(UInt64(2 * slot)), ValueIdentity.mixed(UInt64(2 * slot + 1)))
        }
        return slot < 64 ? (0, 1 << UInt64(slot)) : (1 << UInt64(slot - 64), 0)
    }

    // MARK: The search

    /// Looks for a linearization; a violation comes without a window, which is made from ``furthestEvent``.
    mutating func run() -> KeyJudgement {
        var configurations = 0
        while true {
            if advance() { return .holds }
            furthest = max(furthest, position)
            if !isDeadEnd {
                let configuration = ConfigurationMemo.Configuration(
                    takenHigh: taken.0, takenLow: taken.1, state: state, position: Int32(truncatingIfNeeded: position))
                switch memo.insert(configuration) {
                case .new: frames.append(Frame(trailCount: trail.count))
                case .known: break
                case .outOfMemory:
                    return .unknown(reason: "the search ran out of its memory after \(configurations) configurations")
                }
            }
            configurations += 1
            if configurations % 256 == 0, ContinuousClock.now >= deadline {
                return .unknown(reason: "the search ran out of its time after \(configurations) configurations")
            }
            guard branch() else {
                return .violated(reason: "no order of the operations explains their answers", window: [])
            }
        }
    }

    /// The event before which the run of ``run()`` that went furthest was stuck.
    var furthestEvent: Int { furthest }

    /// Takes the next untried candidate of the deepest frame that has one; false when none is left.
    private mutating func branch() -> Bool {
        while let trailCount = frames.last?.trailCount {
            undo(to: trailCount)
            if let candidate = nextCandidate() {
                if take(candidate) { return true }
            } else {
                frames.removeLast()
            }
        }
        return false
    }

    /// Passes calls and those returns whose operations have been taken; true at the end of the history.
    private mutating func advance() -> Bool {
        while position < history.events.count {
            let event = history.events[position]
            let operation = Int(event.operation)
            if event.isReturn {
                guard isTaken[operation] else { return false }
                toggle(operation)
                trail.append(.returned(event.operation))
            } else {
                pending.insert(
                    operation, returning: history.operations[operation].hasReturned, deadline: history.deadlines)
                if history.produced[operation] >= 0 { calledMakers[Int(history.produced[operation])] += 1 }
                trail.append(.called(event.operation))
                takeIfReadOnly(operation)
            }
            position += 1
        }
        return true
    }

    private var waiting: Int { Int(history.events[position].operation) }

    /// Whether the return that waits needs a state that nothing under way can bring about.
    private var isDeadEnd: Bool {
        let number = history.needed[waiting]
        guard number >= 0, calledMakers[Int(number)] == 0,
            let needed = KeyValueModel.neededState(history.operations[waiting])
        else { return false }
        if needed == state || needed == ValueIdentity.absent { return needed != state }
        if ValueIdentity.integerValue(needed) != nil { return !history.integersComeAbout }
        return ValueIdentity.isWritten(needed) ? !history.textsComeAbout : !history.hasAppends
    }

    // MARK: Candidates

    private mutating func nextCandidate() -> Int? {
        let last = frames.count - 1
        while frames[last].phase != .done {
            let phase = frames[last].phase
            if phase == .waiting {
                frames[last].phase = .bringing
                return waiting
            }
            let isAnswered = phase == .bringing || phase == .others
            let current = frames[last].candidate
            let next = current < 0 ? pending.first(returning: isAnswered) : pending.after(current)
            guard let next else {
                frames[last].phase = Phase(rawValue: phase.rawValue + 1) ?? .done
                frames[last].candidate = -1
                continue
            }
            frames[last].candidate = next
            let brings = history.needed[waiting] >= 0 && history.produced[next] == history.needed[waiting]
            if brings == (phase == .bringing || phase == .bringingUnanswered), isCandidate(next) { return next }
        }
        return nil
    }

    private func isCandidate(_ operation: Int) -> Bool {
        if operation == waiting || KeyValueModel.isReadOnly(history.operations[operation]) { return false }
        let twin = history.earlierTwin[operation]
        return twin < 0 || isTaken[Int(twin)]
    }

    /// Takes `operation` and then whatever fits the new state for nothing; false if it can't be taken or
    /// the state may not be left; the caller then undoes what was done.
    private mutating func take(_ operation: Int) -> Bool {
        let old = state
        guard let new = KeyValueModel.step(old, history.operations[operation]) else { return false }
        let isAnswered = history.operations[operation].hasReturned
        if new == old, !isAnswered { return false }
        if new != old, isNeededForGood(old, by: operation) { return false }
        mark(operation, new)
        if !answers.isEmpty, answers[Int(ValueIdentity.pieceCount(new))] > 0 {
            // Undone with the frame. Nobody else can give that answer any more.
            return false
        }
        if new != old {
            var next = pending.first(returning: true)
            while let reader = next {
                next = pending.after(reader)
                takeIfReadOnly(reader)
            }
        }
        return true
    }

    /// Whether some operation other than `taker` still needs `state`, which will not come back once it is left.
    private func isNeededForGood(_ state: UInt64, by taker: Int) -> Bool {
        guard let number = history.states.number(of: state) else { return false }
        let needs = needs[number] - (Int(history.needed[taker]) == number ? 1 : 0)
        if needs == 0 || makers[number] > 0 { return false }
        if ValueIdentity.integerValue(state) != nil, state != ValueIdentity.absent { return !history.integersComeBack }
        return !(ValueIdentity.isList(state) ? history.listsComeBack : history.textsComeBack)
    }

    @inline(__always)
    private mutating func takeIfReadOnly(_ operation: Int) {
        let record = history.operations[operation]
        if KeyValueModel.isReadOnly(record), KeyValueModel.step(state, record) != nil { mark(operation, state) }
    }

    // MARK: Doing and undoing

    @inline(__always)
    private mutating func toggle(_ operation: Int) {
        let token = tokens[Int(history.slot[operation])]
        taken.0 ^= token.0
        taken.1 ^= token.1
    }

    private mutating func mark(_ operation: Int, _ new: UInt64) {
        pending.remove(operation)
        isTaken[operation] = true
        toggle(operation)
        countAnswer(operation, -1)
        if history.needed[operation] >= 0 { needs[Int(history.needed[operation])] -= 1 }
        if history.produced[operation] >= 0 {
            makers[Int(history.produced[operation])] -= 1
            calledMakers[Int(history.produced[operation])] -= 1
        }
        trail.append(.took(Int32(truncatingIfNeeded: operation), from: state))
        state = new
    }

    private mutating func undo(to count: Int) {
        while trail.count > count {
            switch trail.removeLast() {
            case .called(let operation):
                pending.remove(Int(operation))
                let number = history.produced[Int(operation)]
                if number >= 0 { calledMakers[Int(number)] -= 1 }
                position -= 1
            case .returned(let operation):
                toggle(Int(operation))
                position -= 1
            case .took(let operation, let old):
                let operation = Int(operation)
                state = old
                if history.produced[operation] >= 0 {
                    makers[Int(history.produced[operation])] += 1
                    calledMakers[Int(history.produced[operation])] += 1
                }
                if history.needed[operation] >= 0 { needs[Int(history.needed[operation])] += 1 }
                countAnswer(operation, 1)
                toggle(operation)
                isTaken[operation] = false
                pending.restore(operation)
            }
        }
    }
}
