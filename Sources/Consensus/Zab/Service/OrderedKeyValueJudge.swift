import ProtocolKit
import Verification

/// Takes down a key-value history with the place of each operation in the order of writes, in 48 bytes an operation, and
/// proves by it that the history is sequentially consistent; linearizable, too, where that is promised.
public struct OrderedKeyValueJudge: HistoryJudge {
    /// What was kept of an operation.
    public typealias Note = KeyValueNote
    /// What users get.
    public typealias Result = OrderedAnswer

    /// The history, each user on its own connection being a process.
    private var judge: KeyValueJudge
    /// The place of each operation; zero where it has none.
    private var positions = RunList<UInt64>()
    private var leftOut = 0
    private let promise: ConsistencyModel

    /// A judge of a run.
    public init(options: WorkloadOptions, promise: ConsistencyModel) {
        self.promise = promise
        judge = KeyValueJudge(options: options, promise: .sequential)
    }

    /// Number of operations taken down.
    public var count: Int { judge.count }

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, note: KeyValueNote, completion: Completion<OrderedAnswer>, sent: UInt64,
        received: UInt64
    ) {
        judge.record(
            client: client, user: user, note: note, completion: completion.unordered, sent: sent, received: received)
        guard judge.count > positions.count else {
            if !note.opensSession { leftOut += 1 }
            return
        }
        if case .answered(let answer) = completion {
            positions.append(answer.zxid.rawValue)
        } else {
            positions.append(0)
        }
    }

    /// Takes over another judge's history.
    public mutating func merge(_ other: OrderedKeyValueJudge) {
        judge.merge(other.judge)
        positions += other.positions
        leftOut += other.leftOut
    }

    /// Whether the history is what was promised.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let basis = "\(count) operations"
        var verdicts: [JudgedProperty] = []
        if promise == .linearizable {
            let budget = LinearizabilityChecker.Budget(time: .nanoseconds(Int64(clamping: budgetNanoseconds)))
            verdicts.append(
                JudgedProperty(
                    property: promise.rawValue,
                    verdict: incomplete ?? LinearizabilityChecker.check(history: judge.history, budget: budget),
                    basis: basis))
        }
        let order =
            incomplete
            ?? OrderWitness.check(history: judge.history, positions: positions.all) { "\(Zxid($0))" }
        verdicts.append(
            JudgedProperty(
                property: ConsistencyModel.sequential.rawValue, verdict: order,
                basis: "\(basis) in the recorded order of writes"))
        return verdicts
    }

    /// Every model that the history keeps, and how old its reads were; nil where it isn't known whole.
    public func consistency(knowing verdicts: [JudgedProperty], budgetNanoseconds: UInt64) -> ConsistencyEvidence? {
        guard leftOut == 0 else { return nil }
        return judge.consistency(knowing: verdicts, budgetNanoseconds: budgetNanoseconds)
    }

    private var incomplete: Verdict? {
        leftOut == 0
            ? nil : .unknown(reason: "\(leftOut) operations on keys that the load doesn't name, or of too many users")
    }
}
