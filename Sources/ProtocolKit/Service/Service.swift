import Verification
import Workload

/// What clients do with a system, whatever the algorithm behind it: which operations there are, how a load is made of
/// them, and how the history of a run is judged.
///
/// The same service serves every runtime: the harness drives it on sockets, the simulator in virtual time.
public protocol Service: Sendable {
    /// What users ask.
    associatedtype Operation: Sendable
    /// What users get.
    associatedtype Result: Sendable
    /// What is kept of an operation until it ends: the operation, or what source and judge need of it.
    associatedtype Note: Sendable = Operation
    /// Makes the load.
    associatedtype Source: OperationSource
    where Source.Operation == Operation, Source.Result == Result, Source.Note == Note
    /// Judges the history.
    associatedtype Judge: HistoryJudge where Judge.Note == Note, Judge.Result == Result

    /// The name in scenarios and rows: `key-value`, `lock`, `bank`.
    static var name: String { get }
    /// The kinds of operation, in the order of ``kind(of:)``; each gets latencies and a row of its own.
    static var kinds: [String] { get }
    /// The mix that is used when the user names none, as text for `OperationMix`.
    static var defaultMix: String { get }
    /// The kind of an operation, as a position in ``kinds``.
    static func kind(of operation: Operation) -> Int
    /// What is kept of an operation.
    static func note(of operation: Operation) -> Note
}

extension Service where Note == Operation {
    /// The operation itself.
    @inlinable
    public static func note(of operation: Operation) -> Note { operation }
}

/// What load to make, for every service.
public struct WorkloadOptions: Sendable, Hashable, Codable {
    /// Shares of the service's kinds.
    public var mix: OperationMix
    /// How keys (locks, accounts) are chosen.
    public var keys: KeyDistribution
    /// How many there are.
    public var keyCount: Int
    /// Sizes of written values in bytes.
    public var valueSize: SizeDistribution
    /// How long a lock is held before it is released, in nanoseconds.
    public var holdNanoseconds: UInt64
    /// How long a lock lease lasts, in nanoseconds.
    public var leaseNanoseconds: UInt64
    /// What keys and values are drawn from.
    public var seed: UInt64

    /// A load of its parts.
    public init(
        mix: OperationMix, keys: KeyDistribution = .uniform, keyCount: Int = 1_000,
        valueSize: SizeDistribution = .fixed(256), holdNanoseconds: UInt64 = 0,
        leaseNanoseconds: UInt64 = .seconds(10), seed: UInt64 = 1
    ) {
        self.mix = mix
        self.keys = keys
        self.keyCount = keyCount
        self.valueSize = valueSize
        self.holdNanoseconds = holdNanoseconds
        self.leaseNanoseconds = leaseNanoseconds
        self.seed = seed
    }
}

/// Makes the operations of one user, who does one thing at a time: a client with a depth of 16 has 16 users.
public protocol OperationSource: Sendable {
    /// What users ask.
    associatedtype Operation: Sendable
    /// What users get.
    associatedtype Result: Sendable
    /// What is kept of an operation until it ends.
    associatedtype Note: Sendable = Operation

    /// The source of one of `users` users, 0 ..< `users`; every user's draws are independent of the others'.
    init(user: Int, users: Int, options: WorkloadOptions)

    /// The user's next operation.
    mutating func next() -> Operation

    /// The user's next operation, and what is kept of it.
    mutating func nextNoted() -> (operation: Operation, note: Note)

    /// What must follow an operation at once, as a release follows a grant; nil when nothing must.
    ///
    /// - Returns: the operation and how long to wait before it, in nanoseconds.
    mutating func followUp(
        _ note: Note, _ completion: Completion<Result>
    ) -> (operation: Operation, delayNanoseconds: UInt64)?

    /// What has to be removed from a server that others have used before the prologue, since nobody knows what it holds.
    static func cleanup(options: WorkloadOptions) -> [Operation]

    /// What has to be done before a run, once, in order: accounts opened, values loaded.
    static func prologue(options: WorkloadOptions) -> [Operation]

    /// What has to be done after a run, once, in order, for the judge's sake: the final state read.
    static func epilogue(options: WorkloadOptions) -> [Operation]
}

extension OperationSource where Note == Operation {
    /// The operation twice.
    @inlinable
    public mutating func nextNoted() -> (operation: Operation, note: Note) {
        let operation = next()
        return (operation, operation)
    }
}

extension OperationSource {
    /// Nothing: a service whose prologue sets everything, or that never runs on servers of others.
    public static func cleanup(options: WorkloadOptions) -> [Operation] { [] }
}

/// Takes down a run's history and judges it. Operations are kept in at most 48 bytes each.
public protocol HistoryJudge: Sendable {
    /// What was kept of an operation until it ended.
    associatedtype Note: Sendable
    /// What users get.
    associatedtype Result: Sendable

    /// A judge of a run with this load on a system that promises `promise`.
    init(options: WorkloadOptions, promise: ConsistencyModel)

    /// Takes down one ended operation; times are monotonic nanoseconds of sending and receipt (of giving up, where there
    /// was no answer).
    mutating func record(
        client: Int, user: Int, note: Note, completion: Completion<Result>, sent: UInt64, received: UInt64)

    /// Takes over what another judge of the same run has taken down.
    mutating func merge(_ other: Self)

    /// Number of operations taken down.
    var count: Int { get }

    /// The verdict on everything taken down.
    ///
    /// - Parameter budgetNanoseconds: about how long judging may take; past it the verdict is `unknown`.
    func verdicts(budgetNanoseconds: UInt64) -> [JudgedProperty]

    /// What the clients were given, whatever was promised; nil for services that have no models of consistency.
    ///
    /// - Parameters:
    ///   - verdicts: what ``verdicts(budgetNanoseconds:)`` said.
    ///   - budgetNanoseconds: about how long judging may take.
    func consistency(knowing verdicts: [JudgedProperty], budgetNanoseconds: UInt64) -> ConsistencyEvidence?
}

extension HistoryJudge {
    /// None.
    public func consistency(knowing verdicts: [JudgedProperty], budgetNanoseconds: UInt64) -> ConsistencyEvidence? {
        nil
    }
}

/// A property and whether it held.
public struct JudgedProperty: Sendable, Hashable, Codable {
    /// The property's name: `linearizable`, `mutual-exclusion`, `atomic` ...
    public var property: String
    /// Whether it held.
    public var verdict: Verdict
    /// What was looked at, in words: `1,204,331 operations on 1,000 keys`.
    public var basis: String
    /// A property of its parts.
    public init(property: String, verdict: Verdict, basis: String) {
        self.property = property
        self.verdict = verdict
        self.basis = basis
    }
}
