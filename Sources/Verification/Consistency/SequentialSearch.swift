/// Searches for one order of all operations that keeps every session's order and explains every answer, depth first.
///
/// Deciding that is NP-complete (Gibbons & Korach, SIAM J. Comput. 1997), so time and memory are bounded. What keeps the
/// search short where values are mostly distinct:
///
/// - An operation that changes nothing and fits the state is taken at once: if it can be taken later, it can be taken now.
/// - A state of a key is not left for good while an operation still needs it.
/// - Where values tell the versions of a key, the sessions' own edges say which must come first (``SessionEdges``), and
///   the one write that can come next on its key is taken at once, when nobody needs the state before it any more.
/// - Else the write whose effect was first noticed is tried first: real stores are late, seldom mad.
///
/// A configuration (which operations were taken, and every key's value) is remembered as a 128-bit Zobrist hash, so that
/// two meet with a chance of about n² 2⁻¹²⁹ over n configurations.
struct SequentialSearch {
    private struct Frame {
        var trailCount: Int
        var candidates: ContiguousArray<Int32>
        var next = 0
    }

    private struct Step {
        var operation: Int32
        var prefix: Int32
        var from: UInt64
        var fromState: Int32
    }

    let history: SequentialHistory
    private let deadline: ContinuousClock.Instant
    private var memo: ConfigurationMemo

    /// Each key's value and its number among the states that are needed, or −1.
    private var values: ContiguousArray<UInt64>
    private var states: ContiguousArray<Int32>
    private var isTaken: ContiguousArray<Bool>
    /// The operations of each session that are yet to be taken, linked in order of invocation; heads behind all operations.
    private var following: ContiguousArray<Int32>
    private var preceding: ContiguousArray<Int32>
    /// For each session how many of those that returned, in that order, have been taken without a gap.
    private var prefix: ContiguousArray<Int32>
    private var needs: ContiguousArray<Int32>
    private var makers: ContiguousArray<Int32>
    /// For each node how many must come before it yet, and for each key how many of its versions could come next.
    private var waitsFor: ContiguousArray<Int32>
    private var ready: ContiguousArray<Int32>
    private var left: Int
    private var hash: (UInt64, UInt64) = (0, 0)
    private var trail: ContiguousArray<Step> = []
    private var frames: ContiguousArray<Frame> = []
    private var dirty: ContiguousArray<Int32> = []
    private var isDirty: ContiguousArray<Bool>
    /// For each session the key of the only operation that it could take, −1 for none, −2 when not known.
    private var waitingOn: ContiguousArray<Int32>
    private var fewestLeft = Int.max
    private var stuck: ContiguousArray<Int32> = []

    init(_ history: SequentialHistory, deadline: ContinuousClock.Instant, memoBytes: Int) {
        self.history = history
        self.deadline = deadline
        let count = history.operations.count
        memo = ConfigurationMemo(bytes: memoBytes)
        values = ContiguousArray(repeating: ValueIdentity.absent, count: history.keys.count)
        states = ContiguousArray(history.keys.indices.map { history.initialState(ofKey: $0) })
        isTaken = ContiguousArray(repeating: false, count: count)
        following = ContiguousArray(repeating: -1, count: count + history.sessions.count)
        preceding = following
        prefix = ContiguousArray(repeating: 0, count: history.sessions.count)
        needs = ContiguousArray(repeating: 0, count: history.stateCount)
        makers = needs
        waitsFor = ContiguousArray(repeating: 0, count: history.order.nodeCount)
        ready = ContiguousArray(repeating: 0, count: history.keys.count)
        isDirty = ContiguousArray(repeating: false, count: history.sessions.count)
        waitingOn = ContiguousArray(repeating: -2, count: history.sessions.count)
        left = history.operations.reduce(0) { $0 + ($1.hasReturned ? 1 : 0) }
        for number in history.needed where number >= 0 { needs[Int(number)] += 1 }
        for number in history.produced where number >= 0 { makers[Int(number)] += 1 }
        linkSessions()
        countOrder()
    }

    private mutating func linkSessions() {
        for (number, session) in history.sessions.enumerated() {
            let head = isTaken.count + number
            var last = head
            for operation in session.range {
                following[last] = Int32(truncatingIfNeeded: operation)
                preceding[operation] = Int32(truncatingIfNeeded: last)
                last = operation
            }
            following[last] = Int32(truncatingIfNeeded: head)
            preceding[head] = Int32(truncatingIfNeeded: last)
            mark(number)
        }
    }

    private mutating func countOrder() {
        for edge in history.order.edges { waitsFor[Int(edge.to)] += 1 }
        for (number, key) in history.keys.enumerated() {
            guard let initial = key.versions.first else { continue }
            // The initial version has been in place all the time.
            for node in key.versions where node != initial && waitsFor[Int(node)] == 0 { ready[number] += 1 }
            release(Int(initial), key: number)
        }
    }

    // MARK: The search

    /// ``KeyJudgement/holds`` when an order exists; the window of a violation shows where the search was stuck.
    mutating func judge() -> KeyJudgement {
        var configurations = 0
        while true {
            takeWhatIsFree()
            if left == 0 { return .holds }
            if left < fewestLeft {
                fewestLeft = left
                stuck = heads()
            }
            switch memo.insert(configuration) {
            case .new: frames.append(Frame(trailCount: trail.count, candidates: candidates()))
            case .known: break
            case .outOfMemory:
                return .unknown(reason: "the search ran out of its memory after \(configurations) configurations")
            }
            configurations += 1
            if configurations % 256 == 0, ContinuousClock.now >= deadline {
                return .unknown(reason: "the search ran out of its time after \(configurations) configurations")
            }
            guard branch() else {
                return .violated(
                    reason: "no order of the operations that keeps each client's own explains their answers",
                    window: stuck.map { history.operations[Int($0)] })
            }
        }
    }

    private var configuration: ConfigurationMemo.Configuration {
        .init(takenHigh: hash.0, takenLow: hash.1, state: 0, position: 0)
    }

    private mutating func branch() -> Bool {
        while let last = frames.indices.last {
            undo(to: frames[last].trailCount)
            guard frames[last].next < frames[last].candidates.count else {
                frames.removeLast()
                continue
            }
            let candidate = Int(frames[last].candidates[frames[last].next])
            frames[last].next += 1
            take(candidate)
            return true
        }
        return false
    }

    /// What each session has at its front, with the writes that these wait for unknown: where the search went furthest.
    private func heads() -> ContiguousArray<Int32> {
        var heads: ContiguousArray<Int32> = []
        for session in history.sessions.indices { forEachNext(session) { heads.append(Int32(truncatingIfNeeded: $0)) } }
        return heads
    }

    // MARK: What can be taken

    /// Goes through the operations of a session that nothing in their session precedes any more.
    @inline(__always)
    private func forEachNext(_ session: Int, _ body: (Int) -> Void) {
        let head = Int32(truncatingIfNeeded: isTaken.count + session)
        var operation = following[Int(head)]
        while operation != head, history.predecessors[Int(operation)] <= prefix[session] {
            body(Int(operation))
            operation = following[Int(operation)]
        }
    }

    private mutating func takeWhatIsFree() {
        while let session = dirty.popLast() {
            isDirty[Int(session)] = false
            var free = -1
            var (count, key): (Int, Int32) = (0, -1)
            forEachNext(Int(session)) { operation in
                count += 1
                key = history.keyOf[operation]
                if free < 0, isFree(operation) { free = operation }
            }
            waitingOn[Int(session)] = count == 0 ? -1 : count == 1 ? key : -2
            if free >= 0 { take(free) }
        }
    }

    /// Whether taking the operation now can't be wrong.
    private func isFree(_ operation: Int) -> Bool {
        let record = history.operations[operation]
        let key = Int(history.keyOf[operation])
        if KeyValueModel.isReadOnly(record) { return KeyValueModel.step(values[key], record) != nil }
        let node = history.node[operation]
        guard node >= 0, waitsFor[Int(node)] == 0, ready[key] == 1 else { return false }
        guard KeyValueModel.step(values[key], record) != nil else { return false }
        return othersInNeed(ofKey: key, than: operation) == 0
    }

    /// How many operations other than `taker` need a key's present state yet.
    @inline(__always)
    private func othersInNeed(ofKey key: Int, than taker: Int) -> Int32 {
        let number = states[key]
        return number < 0 ? 0 : needs[Int(number)] - (history.needed[taker] == number ? 1 : 0)
    }

    private func candidates() -> ContiguousArray<Int32> {
        var found: ContiguousArray<Int32> = []
        for session in history.sessions.indices {
            forEachNext(session) { operation in
                if isCandidate(operation) { found.append(Int32(truncatingIfNeeded: operation)) }
            }
        }
        found.sort { (history.noticed[Int($0)], $0) < (history.noticed[Int($1)], $1) }
        return found
    }

    private func isCandidate(_ operation: Int) -> Bool {
        let record = history.operations[operation]
        if KeyValueModel.isReadOnly(record) { return false }
        let key = Int(history.keyOf[operation])
        let old = values[key]
        let node = history.node[operation]
        if node >= 0, waitsFor[Int(node)] > 0 { return false }
        guard let new = KeyValueModel.step(old, record) else { return false }
        if new == old { return record.hasReturned }
        return !isNeededForGood(key, by: operation)
    }

    /// Whether some operation other than `taker` still needs a key's state, which will not come back once it is left.
    private func isNeededForGood(_ key: Int, by taker: Int) -> Bool {
        if othersInNeed(ofKey: key, than: taker) == 0 || makers[Int(states[key])] > 0 { return false }
        let value = values[key]
        if ValueIdentity.integerValue(value) != nil, value != ValueIdentity.absent {
            return !history.keys[key].integersComeBack
        }
        return !(ValueIdentity.isList(value) ? history.keys[key].listsComeBack : history.keys[key].textsComeBack)
    }

    // MARK: Doing and undoing

    private mutating func mark(_ session: Int) {
        if isDirty[session] { return }
        isDirty[session] = true
        dirty.append(Int32(truncatingIfNeeded: session))
    }

    private mutating func wake(_ key: Int) {
        let key = Int32(truncatingIfNeeded: key)
        for session in waitingOn.indices where waitingOn[session] == key || waitingOn[session] == -2 { mark(session) }
    }

    private mutating func take(_ operation: Int) {
        let session = Int(history.sessionOf[operation])
        let key = Int(history.keyOf[operation])
        let old = values[key]
        guard let new = KeyValueModel.step(old, history.operations[operation]) else {
            preconditionFailure("only what fits is taken")
        }
        trail.append(
            Step(
                operation: Int32(truncatingIfNeeded: operation), prefix: prefix[session], from: old,
                fromState: states[key]))
        isTaken[operation] = true
        following[Int(preceding[operation])] = following[operation]
        preceding[Int(following[operation])] = preceding[operation]
        if history.operations[operation].hasReturned {
            left -= 1
            let order = history.sessions[session].byReturn
            while Int(prefix[session]) < order.count, isTaken[Int(order[Int(prefix[session])])] { prefix[session] += 1 }
        }
        toggle(operation, key, old, new)
        values[key] = new
        if new != old { states[key] = history.state(leftBy: operation, new) }
        var isLastNeed = false
        if history.needed[operation] >= 0 {
            needs[Int(history.needed[operation])] -= 1
            isLastNeed = needs[Int(history.needed[operation])] == 0
        }
        if history.produced[operation] >= 0 { makers[Int(history.produced[operation])] -= 1 }
        let node = history.node[operation]
        if node >= 0 {
            ready[key] -= 1
            release(Int(node), key: key)
        }
        mark(session)
        waitingOn[session] = -2
        if new != old || isLastNeed || node >= 0 { wake(key) }
    }

    private mutating func undo(to count: Int) {
        while trail.count > count {
            let step = trail.removeLast()
            let operation = Int(step.operation)
            let session = Int(history.sessionOf[operation])
            let key = Int(history.keyOf[operation])
            let node = history.node[operation]
            if node >= 0 {
                withhold(Int(node), key: key)
                ready[key] += 1
            }
            if history.produced[operation] >= 0 { makers[Int(history.produced[operation])] += 1 }
            if history.needed[operation] >= 0 { needs[Int(history.needed[operation])] += 1 }
            toggle(operation, key, step.from, values[key])
            values[key] = step.from
            states[key] = step.fromState
            if history.operations[operation].hasReturned { left += 1 }
            prefix[session] = step.prefix
            following[Int(preceding[operation])] = Int32(truncatingIfNeeded: operation)
            preceding[Int(following[operation])] = Int32(truncatingIfNeeded: operation)
            isTaken[operation] = false
            waitingOn[session] = -2
        }
    }

    @inline(__always)
    private mutating func toggle(_ operation: Int, _ key: Int, _ old: UInt64, _ new: UInt64) {
        let token = ValueIdentity.mixed(UInt64(truncatingIfNeeded: operation))
        hash.0 ^= token
        hash.1 ^= ValueIdentity.mixed(token)
        guard old != new else { return }
        for value in [old, new] {
            let token = ValueIdentity.mixed(ValueIdentity.mixed(value) ^ UInt64(truncatingIfNeeded: key) << 40 ^ 0x5e)
            hash.0 ^= token
            hash.1 ^= ValueIdentity.mixed(token ^ 0x51a7e)
        }
    }

    /// A node has come to be: what waited for it waits for one less. Nodes that stand for several come to be by themselves.
    private mutating func release(_ node: Int, key: Int) {
        for number in history.order.leaving(node) {
            let target = Int(history.order.edges[number].to)
            waitsFor[target] -= 1
            guard waitsFor[target] == 0 else { continue }
            if history.isVersion[target] { ready[key] += 1 } else { release(target, key: key) }
        }
    }

    /// Undoes ``release(_:key:)``.
    private mutating func withhold(_ node: Int, key: Int) {
        for number in history.order.leaving(node) {
            let target = Int(history.order.edges[number].to)
            if waitsFor[target] == 0 {
                if history.isVersion[target] { ready[key] -= 1 } else { withhold(target, key: key) }
            }
            waitsFor[target] += 1
        }
    }
}
