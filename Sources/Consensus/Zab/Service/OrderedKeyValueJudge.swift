import ProtocolKit
import Verification

/// Takes down a key-value history with the place of each operation in the order of writes, in 48 bytes an operation, and
/// proves by it that the history is sequentially consistent; linearizable, too, where that is promised.
public struct OrderedKeyValueJudge: HistoryJudge {
    /// What users ask.
    public typealias Operation = KeyValueCommand
    /// What users get.
    public typealias Result = OrderedAnswer

    /// The history, each user on its own connection being a process.
    private var judge: KeyValueJudge
    /// The place of each operation; zero where it has none.
    private var positions: [UInt64] = []
    private var processes = ProcessNumbers()

    /// A judge of a run.
    public init(options: WorkloadOptions, promise: ConsistencyModel) {
        judge = KeyValueJudge(options: options, promise: promise)
    }

    /// Number of operations taken down.
    public var count: Int { judge.count }

    /// Takes down one ended operation.
    public mutating func record(
        client: Int, user: Int, operation: KeyValueCommand, completion: Completion<OrderedAnswer>, sent: UInt64,
        received: UInt64
    ) {
        judge.record(
            client: processes.number(client: client, user: user), user: user, operation: operation,
            completion: completion.unordered, sent: sent, received: received)
        guard judge.count > positions.count else { return }
        if case .answered(let answer) = completion {
            positions.append(answer.zxid.rawValue)
        } else {
            positions.append(0)
        }
    }

    /// Takes over another judge's history.
    public mutating func merge(_ other: OrderedKeyValueJudge) {
        judge.merge(other.judge, renumberingClientsFrom: processes.count)
        positions.append(contentsOf: other.positions)
        processes.skip(other.processes.count)
    }

    /// Whether the history is what was promised.
    public func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty] {
        let isLinearizable = judge.promise == .linearizable
        let linearizable = isLinearizable ? judge.verdicts(budgetNanoseconds: budgetNanoseconds) : []
        return linearizable + [
            JudgedProperty(
                property: ConsistencyModel.sequential.rawValue, verdict: orderVerdict,
                basis: "\(count) operations in the order that the writes were given")
        ]
    }

    private var orderVerdict: Verdict {
        if judge.hasUnnamedKeys { return .unknown(reason: "operations on keys that the load doesn't name") }
        guard processes.count <= Int(UInt16.max) else { return .unknown(reason: "more than 65,535 users") }
        return OrderWitness.check(history: judge.history, positions: positions)
    }
}

/// Numbers the users: each on its own connection is a process, whose operations have an order of their own.
private struct ProcessNumbers: Sendable {
    /// The first connection of each user and its number; a user that comes by others has a number for each.
    private var first: [(client: Int, number: Int)] = []
    private var further: [[Int]: Int] = [:]
    private(set) var count = 0

    mutating func number(client: Int, user: Int) -> Int {
        while first.count <= user { first.append((-1, 0)) }
        if first[user].client == client { return first[user].number }
        if first[user].client < 0 {
            first[user] = (client, next())
            return first[user].number
        }
        if let number = further[[client, user]] { return number }
        let number = next()
        further[[client, user]] = number
        return number
    }

    mutating func skip(_ others: Int) {
        count += others
    }

    private mutating func next() -> Int {
        count += 1
        return count - 1
    }
}
