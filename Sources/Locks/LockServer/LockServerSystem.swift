import ProtocolKit

/// The rules of the lock server that tests of the checkers leave out.
enum LockServerMutation: String, CaseIterable, Sendable {
    case grantTwice = "grant-twice"
    case tokensInMemory = "tokens-in-memory"
    case ignoreOwner = "ignore-owner"
    case lifo
    case noWaitAfterRestart = "no-wait-after-restart"
    case noFence = "no-fence"

    var breaks: String {
        switch self {
        case .grantTwice: "a lock whose lease has once expired is granted without asking who holds it"
        case .tokensInMemory: "fencing tokens start again at 1 after a crash"
        case .ignoreOwner: "anyone may release a lock, with any token"
        case .lifo: "the last to come is served first"
        case .noWaitAfterRestart: "locks are granted at once after a restart, while former leases run"
        case .noFence: "the resource accepts stale tokens"
        }
    }
}

/// What a lock server is set to.
struct LockServerSettings: Sendable {
    var queueLimit = 10_000
    var releasesOnDisconnect = true
    var mutation: LockServerMutation?
}

/// One lock server and its clients.
///
/// Costs of one operation without contention, client counted (nothing is sent between nodes):
/// - `acquire`: 2 delays, no sync. The hard state reserves 1,000 tokens at a time, half a block ahead, so a grant waits
///   for the disk only where half a block is used up within one sync, or where its lease is longer than any since the
///   start, as the very first after a start is.
/// - `release`: 2 delays; `fenced-write`: 2 delays: the resource's state isn't kept on disk.
public struct LockServerSystem: ClusterSystem {
    /// The server side.
    public typealias Node = LockServer
    /// The client side.
    public typealias Client = LockClient
    /// What clients do with it.
    public typealias Offer = LockService

    let settings: LockServerSettings

    /// Name, source, options, planted faults.
    public static let descriptor = SystemDescriptor(
        name: "lock-server", family: .locks,
        summary: "one server, a first-in-first-out queue for each lock, leases and fencing tokens",
        source: "leases: Gray & Cheriton, SOSP 1989; fencing: Kleppmann, How to do distributed locking, 2016",
        options: [
            OptionSpecification(
                "queue", .integer(1...1_000_000), default: "10000", help: "most requests that wait for one lock"),
            OptionSpecification(
                "disconnect", .choice(["release", "lease"]), default: "release",
                help: "a lost connection's locks are free at once, or when their leases end"),
        ],
        defaultNodes: 1, nodeRange: 1...1,
        mutations: LockServerMutation.allCases.map { Mutation(name: $0.rawValue, breaks: $0.breaks) })

    /// The system with options and, for tests, a planted fault.
    public init(options: VariantOptions, mutation: String?) throws(OptionError) {
        let resolved = try ResolvedOptions(options, mutation: mutation, for: Self.descriptor)
        settings = LockServerSettings(
            queueLimit: resolved.integer("queue"), releasesOnDisconnect: resolved.text("disconnect") == "release",
            mutation: mutation.flatMap(LockServerMutation.init))
    }

    /// The server.
    public func makeNode(_ id: NodeID, members: [NodeID]) -> LockServer {
        LockServer(settings: settings)
    }

    /// A client of the first member.
    public func makeClient(
        number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64
    ) -> LockClient {
        LockClient(
            server: members.first ?? preferred, timeoutNanoseconds: timeoutNanoseconds,
            losesLocksWithConnection: settings.releasesOnDisconnect)
    }

    /// Two delays each; nothing is sent between nodes and nothing synced.
    public func costs(nodes: Int) -> [OperationCost] {
        LockService.kinds.map {
            OperationCost(kind: $0, messageDelays: 2, messages: 0, syncDelays: 0, syncs: 0, disksBusy: 0)
        }
    }

    /// What must hold after every step.
    public static var invariants: [InvariantCheck<LockServer>] { [InvariantCheck(LeaseHeldByHolder())] }
}
