/// Proves a key-value history sequentially consistent (Lamport 1979) by an order that the run itself recorded.
///
/// Whether *some* order explains a history is NP-complete to decide (Gibbons & Korach 1997). A system with a total order
/// of writes can tell its clients the order that it claims: the place of each write in it, and of each read the place of
/// the last write that it saw. Then there is only this one order to verify:
///
/// - no two writes have the same place;
/// - what a client did later has no earlier place, a write a later one;
/// - writes take their places in real time: one that began after another had ended has a later place. Sequential
///   consistency doesn't ask for that; a total order broadcast promises it, and without it acknowledged writes could
///   quietly go;
/// - every answer is what the writes up to its place make of its key (``OrderReplay``). A write without an answer may
///   have any place after what its client had seen, or none.
///
/// Writes here are all operations but gets, those that changed nothing included: each has a place of its own.
///
/// - Complexity: O(n log n), but for keys on which writes of unknown outcome can explain answers in several ways.
public enum OrderWitness {
    /// Judges `history`, of which `positions` has the places: positive for writes that returned, 0 where a read saw no
    /// write, and whatever for operations that didn't return.
    ///
    /// Clients are processes: operations of one that don't overlap are in program order.
    ///
    /// - Parameters:
    ///   - history: the operations in any order.
    ///   - positions: the place of each.
    ///   - text: how a counter-example writes a place.
    public static func check(
        history: [KeyValueOperation], positions: [UInt64], text: (UInt64) -> String = { "\($0)" }
    ) -> Verdict {
        guard history.count == positions.count else { return .unknown(reason: "not every operation has a place") }
        let places = Places(history: history, positions: positions)
        if let reason = places.reasonNotToJudge { return .unknown(reason: reason) }
        if let found = places.sharedPlace() ?? places.brokenProgramOrder() ?? places.brokenRealTime() {
            return violation(found, places, text)
        }
        var replay = OrderReplay(places)
        switch replay.run() {
        case .explained: return .correct
        case .undecided(let key): return .unknown(reason: "key \(key): too many ways to place writes without an answer")
        case .unexplained(let finding): return violation(finding, places, text)
        }
    }

    private static func violation(_ finding: Finding, _ places: Places, _ text: (UInt64) -> String) -> Verdict {
        var notes = finding.operations.filter { places.history[$0].hasReturned }.map {
            "  \(places.history[$0]) of client \(places.history[$0].client) has place \(text(places.positions[$0]))"
        }
        notes += finding.notes
        return .violated(
            Counterexample(
                summary: "not sequential in the recorded order: \(finding.summary)",
                events: finding.operations.map { places.history[$0].event }, notes: notes))
    }
}

/// What is wrong, and the operations that show it.
struct Finding {
    var summary: String
    var operations: [Int]
    var notes: [String] = []
}

/// A history with its places, and the rules that don't depend on values.
struct Places {
    let history: [KeyValueOperation]
    let positions: [UInt64]
    /// Operations that returned and had, or may have had, an effect or an answer.
    let answered: [Int]
    /// Writes of unknown outcome.
    let unknown: [Int]

    init(history: [KeyValueOperation], positions: [UInt64]) {
        self.history = history
        self.positions = positions
        answered = history.indices.filter { history[$0].hasReturned && history[$0].outcome != .failed }
        unknown = history.indices.filter {
            !history[$0].hasReturned && history[$0].outcome != .failed && history[$0].kind != .get
        }
    }

    var reasonNotToJudge: String? {
        var hasObserved = false
        var hasWritten = false
        for index in answered {
            let operation = history[index]
            if operation.returnedNanoseconds < operation.invokedNanoseconds {
                return "\(operation) of client \(operation.client) returned before it was invoked"
            }
            if operation.kind != .get, positions[index] == 0 { return "\(operation) was answered without a place" }
            hasObserved = hasObserved || operation.observes
            hasWritten = hasWritten || (operation.kind != .get && operation.outcome == .ok)
        }
        if !hasObserved { return "nothing was observed: no read and no other telling result" }
        if !hasWritten && unknown.isEmpty { return "nothing was written" }
        return nil
    }

    /// Two writes at one place.
    func sharedPlace() -> Finding? {
        let writes = answered.filter { history[$0].kind != .get }.sorted { positions[$0] < positions[$1] }
        for (first, second) in zip(writes, writes.dropFirst()) where positions[first] == positions[second] {
            return Finding(summary: "two writes have the same place", operations: [first, second])
        }
        return nil
    }

    /// An operation that a client began after it had seen a later place.
    func brokenProgramOrder() -> Finding? {
        for (earlier, later) in programOrder(answered) where !isInOrder(earlier, later) {
            return Finding(
                summary: "client \(history[later].client) went back in the order", operations: [earlier, later])
        }
        return nil
    }

    /// A write that began after another had ended, and has an earlier place.
    func brokenRealTime() -> Finding? {
        let writes = answered.filter { history[$0].kind != .get }
        for (earlier, later) in latestBefore(writes, among: writes) where positions[earlier] > positions[later] {
            return Finding(summary: "a write has its place before one that had ended", operations: [earlier, later])
        }
        return nil
    }

    /// The latest place that each unknown write's client had seen when it sent it.
    func lowerBounds() -> [Int: UInt64] {
        var bounds: [Int: UInt64] = [:]
        for (earlier, later) in programOrder(unknown) { bounds[later] = positions[earlier] }
        return bounds
    }

    private func isInOrder(_ earlier: Int, _ later: Int) -> Bool {
        history[later].kind == .get
            ? positions[earlier] <= positions[later] : positions[earlier] < positions[later]
    }

    /// Each of `operations` with the one of the same client that has the latest place of those that had ended before.
    private func programOrder(_ operations: [Int]) -> [(earlier: Int, later: Int)] {
        let ended = Dictionary(grouping: answered) { history[$0].client }
        return Dictionary(grouping: operations) { history[$0].client }.sorted { $0.key < $1.key }.flatMap {
            latestBefore($0.value, among: ended[$0.key] ?? [])
        }
    }

    /// Each of `operations` with the one among others that has the latest place of those that had ended before.
    private func latestBefore(_ operations: [Int], among others: [Int]) -> [(earlier: Int, later: Int)] {
        let begun = operations.sorted { history[$0].invokedNanoseconds < history[$1].invokedNanoseconds }
        let ended = others.sorted { history[$0].returnedNanoseconds < history[$1].returnedNanoseconds }
        var pairs: [(earlier: Int, later: Int)] = []
        var next = 0
        var latest: Int?
        for later in begun {
            while next < ended.count, history[ended[next]].returnedNanoseconds < history[later].invokedNanoseconds {
                if latest.map({ positions[$0] < positions[ended[next]] }) ?? true { latest = ended[next] }
                next += 1
            }
            if let latest { pairs.append((latest, later)) }
        }
        return pairs
    }
}
