import ByteCoding
import Verification
import Workload

/// Takes down a key-value history in 40 bytes an operation and judges whether it keeps what the system promises.
///
/// A session is one user on one client's connections: users do one thing at a time, so a session is in order.
public struct KeyValueJudge: HistoryJudge {
    /// What was kept of an operation.
    public typealias Note = KeyValueNote
    /// What users get.
    public typealias Result = KeyValueResponse

    private var operations = RunList<KeyValueOperation>()
    /// What was taken down; a copy in one piece.
    public var history: [KeyValueOperation] { operations.all }
    private var unnamedKeys = 0
    private var sessions: [Session: UInt16] = [:]
    private var sessionsLeftOut = 0
    /// For each user their latest session: looked up for every operation.
    private var latest: ContiguousArray<(client: Int32, number: UInt16)> = []

    private struct Session: Hashable {
        var client: Int
        var user: Int
    }

    /// What the history is judged by.
    public let promise: ConsistencyModel

    /// Bytes of every piece that the load appends; nil where they differ.
    private let pieceBytes: Int64?

    /// A judge of a run.
    public init(options: WorkloadOptions, promise: ConsistencyModel = .linearizable) {
        self.promise = promise
        if case .fixed(let size) = options.valueSize {
            pieceBytes = Int64(max(size, KeyValueNaming.identityBytes))
        } else {
            pieceBytes = nil
        }
    }

    /// Number of operations taken down.
    public var count: Int { operations.count }

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, note: KeyValueNote, completion: Completion<KeyValueResponse>, sent: UInt64,
        received: UInt64
    ) {
        guard let kind = note.kind else { return }
        guard let key = note.key else {
            unnamedKeys += 1
            return
        }
        guard let session = session(client, user) else {
            sessionsLeftOut += 1
            return
        }
        let outcome = Self.outcome(kind, completion)
        operations.append(
            KeyValueOperation(
                kind, key: key, client: session, argument: note.argument,
                result: result(kind, key, note.expected, completion), outcome: outcome, invokedNanoseconds: sent,
                returnedNanoseconds: received))
    }

    /// The number of a session, from 0 in order of appearance; `nil` when there are too many to be told apart.
    private mutating func session(_ client: Int, _ user: Int) -> UInt16? {
        if user < latest.count, latest[user].client == client { return latest[user].number }
        let session = Session(client: client, user: user)
        guard let number = sessions[session] ?? UInt16(exactly: sessions.count) else {
            return promise == .linearizable ? .max : nil
        }
        sessions[session] = number
        guard user < 1 << 16 else { return number }
        while latest.count <= user { latest.append((-1, 0)) }
        latest[user] = (Int32(truncatingIfNeeded: client), number)
        return number
    }

    private static func outcome(
        _ kind: KeyValueOperation.Kind, _ completion: Completion<KeyValueResponse>
    ) -> KeyValueOperation.Outcome {
        switch completion {
        case .answered(.integer(0)) where kind == .compareAndSet: .mismatch
        case .answered: .ok
        case .failed: .failed
        case .indeterminate: .indeterminate
        }
    }

    /// What stands for a number of removed keys that no server can truly answer.
    private static let impossibleCount: UInt64 = 2

    private func result(
        _ kind: KeyValueOperation.Kind, _ key: UInt32, _ expected: UInt64, _ completion: Completion<KeyValueResponse>
    ) -> UInt64 {
        if kind == .compareAndSet { return expected }
        guard case .answered(let response) = completion else { return 0 }
        switch (kind, response) {
        case (.get, .value(let value)):
            return KeyValueNaming.identity(of: value, isCounter: KeyValueNaming.isCounter(key))
        case (.get, .absent): return ValueIdentity.absent
        case (.delete, .integer(let count)): return count == 0 || count == 1 ? UInt64(count) : Self.impossibleCount
        case (.increment, .integer(let number)): return KeyValueNaming.identity(ofInteger: number)
        case (.append, .integer(let bytes)):
            guard let pieceBytes, bytes > 0, bytes % pieceBytes == 0 else { return KeyValueOperation.unreported }
            return UInt64(bytes / pieceBytes)
        default: return 0
        }
    }

    /// Takes over another judge's history.
    public mutating func merge(_ other: KeyValueJudge) {
        var numbers: [UInt16: UInt16] = [:]
        for (session, number) in other.sessions {
            numbers[number] = self.session(session.client, session.user)
        }
        for var operation in other.operations {
            guard let number = numbers[operation.client] ?? (promise == .linearizable ? .max : nil) else {
                sessionsLeftOut += 1
                continue
            }
            operation.client = number
            operations.append(operation)
        }
        unnamedKeys += other.unnamedKeys
        sessionsLeftOut += other.sessionsLeftOut
    }

    /// Whether the history keeps the promise.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let budget = ConsistencyChecker.Budget(time: .nanoseconds(Int64(clamping: budgetNanoseconds)))
        let verdict =
            if unnamedKeys > 0 {
                Verdict.unknown(reason: "\(unnamedKeys) operations on keys that the load doesn't name")
            } else if sessionsLeftOut > 0 {
                Verdict.unknown(reason: "\(sessionsLeftOut) operations of more sessions than 65,536")
            } else {
                ConsistencyChecker.check(history: history, model: promise, budget: budget)
            }
        return [JudgedProperty(property: promise.rawValue, verdict: verdict, basis: "\(count) operations")]
    }

    /// Every model that the history keeps, and how old its reads were; nil where it isn't known whole.
    public func consistency(knowing verdicts: [JudgedProperty], budgetNanoseconds: UInt64) -> ConsistencyEvidence? {
        guard unnamedKeys == 0, sessionsLeftOut == 0 else { return nil }
        var known: [ConsistencyModel: Verdict] = [:]
        for judged in verdicts {
            if let model = ConsistencyModel(rawValue: judged.property) { known[model] = judged.verdict }
        }
        return ConsistencyEvidence(
            history: history, known: known,
            budget: ConsistencyChecker.Budget(time: .nanoseconds(Int64(clamping: budgetNanoseconds))))
    }
}
