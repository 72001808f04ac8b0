import ByteCoding
import Verification
import Workload

/// Takes down a key-value history in 40 bytes an operation and judges whether it is linearizable.
public struct KeyValueJudge: HistoryJudge {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = KeyValueResponse

    /// What was taken down.
    public private(set) var history: [KeyValueOperation] = []
    private var unnamedKeys = 0

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
    public var count: Int { history.count }

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, operation: KeyValueCommand, completion: Completion<KeyValueResponse>, sent: UInt64,
        received: UInt64
    ) {
        guard let parts = Self.parts(of: operation) else { return }
        guard let key = KeyValueNaming.number(of: parts.key) else {
            unnamedKeys += 1
            return
        }
        let outcome = Self.outcome(parts.kind, completion)
        history.append(
            KeyValueOperation(
                parts.kind, key: key, client: UInt16(truncatingIfNeeded: client), argument: parts.argument,
                result: result(parts, completion), outcome: outcome, invokedNanoseconds: sent,
                returnedNanoseconds: received))
    }

    private struct Parts {
        var kind: KeyValueOperation.Kind
        var key: Bytes
        var argument: UInt64 = 0
        var expected: UInt64 = 0
    }

    private static func parts(of operation: KeyValueCommand) -> Parts? {
        func identity(_ value: Bytes) -> UInt64 { KeyValueNaming.identity(ofWritten: value) }
        switch operation {
        case .get(let key): return Parts(kind: .get, key: key)
        case .put(let key, let value): return Parts(kind: .put, key: key, argument: identity(value))
        case .delete(let key): return Parts(kind: .delete, key: key)
        case .compareAndSet(let key, let expected, let value):
            return Parts(
                kind: .compareAndSet, key: key, argument: identity(value),
                expected: expected.map(identity) ?? ValueIdentity.absent)
        case .increment(let key, let delta):
            return Parts(kind: .increment, key: key, argument: UInt64(bitPattern: delta))
        case .append(let key, let value): return Parts(kind: .append, key: key, argument: identity(value))
        case .openSession: return nil
        }
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

    private func result(_ parts: Parts, _ completion: Completion<KeyValueResponse>) -> UInt64 {
        if parts.kind == .compareAndSet { return parts.expected }
        guard case .answered(let response) = completion else { return 0 }
        switch (parts.kind, response) {
        case (.get, .value(let value)):
            return KeyValueNaming.identity(of: value, isCounter: parts.key[0] == KeyValueNaming.Space.counter.rawValue)
        case (.get, .absent): return ValueIdentity.absent
        case (.delete, .integer(let count)): return count == 0 || count == 1 ? UInt64(count) : Self.impossibleCount
        case (.increment, .integer(let number)): return KeyValueNaming.identity(ofInteger: number)
        case (.append, .integer(let bytes)):
            guard let pieceBytes, bytes > 0, bytes % pieceBytes == 0 else { return KeyValueOperation.unreported }
            return UInt64(bytes / pieceBytes)
        default: return 0
        }
    }

    /// Whether there were operations on keys that the load doesn't name, which aren't in the history.
    public var hasUnnamedKeys: Bool { unnamedKeys > 0 }

    /// Takes over another judge's history.
    public mutating func merge(_ other: KeyValueJudge) {
        merge(other, renumberingClientsFrom: 0)
    }

    /// Takes over another judge's history, with numbers added to its clients' so that they differ from this one's.
    public mutating func merge(_ other: KeyValueJudge, renumberingClientsFrom first: Int) {
        let start = history.count
        history.append(contentsOf: other.history)
        for place in start..<history.count where first > 0 {
            history[place].client &+= UInt16(truncatingIfNeeded: first)
        }
        unnamedKeys += other.unnamedKeys
    }

    /// Whether the history is linearizable.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let verdict =
            unnamedKeys > 0
            ? Verdict.unknown(reason: "\(unnamedKeys) operations on keys that the load doesn't name")
            : LinearizabilityChecker.check(
                history: history,
                budget: LinearizabilityChecker.Budget(time: .nanoseconds(Int64(clamping: budgetNanoseconds))))
        return [JudgedProperty(property: "linearizable", verdict: verdict, basis: "\(history.count) operations")]
    }
}
