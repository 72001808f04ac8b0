import Verification

/// A system under test whose nodes exchange messages: an algorithm with a name, options, nodes, clients and a service.
///
/// A catalogue entry is a value of such a type. Runtimes are generic over it, so that nothing on a hot path is dynamic.
public protocol ClusterSystem: Sendable {
    /// The server side.
    associatedtype Node: ProtocolNode & Sendable
    /// The client side.
    associatedtype Client: ProtocolClient & Sendable where Client.Node == Node
    /// What clients do with it.
    associatedtype Offer: Service where Offer.Operation == Client.Operation, Offer.Result == Client.Result

    /// Name, source, options and so on, as `coordbench list` shows them.
    static var descriptor: SystemDescriptor { get }

    /// The system with a user's choice of options and, for tests of the checkers, a planted fault.
    ///
    /// - Throws: ``OptionError`` naming the valid options where one is unknown or out of range.
    init(options: VariantOptions, mutation: String?) throws(OptionError)

    /// Whether the chosen options go with a number of nodes in the descriptor's range.
    ///
    /// - Throws: ``OptionError`` naming the rule that is broken.
    func check(nodes: Int) throws(OptionError)

    /// A node as it is before its ``Input/start(_:)``.
    func makeNode(_ id: NodeID, members: [NodeID]) -> Node

    /// A client as it is before its start; it prefers to ask `preferred` first.
    func makeClient(number: Int, members: [NodeID], preferred: NodeID, timeoutNanoseconds: UInt64) -> Client

    /// What the system promises its clients with these options: what a run's history is judged by.
    var consistency: ConsistencyModel { get }

    /// The kinds of operation of the service that the system serves; a register has no increment.
    static var operationKinds: [String] { get }

    /// The mix of operations where the user names none, as text for `OperationMix`.
    static var defaultMix: String { get }

    /// How far a node has applied and a digest of its state, for the check that replicas end up equal once the faults
    /// have ended and messages have ceased; nil where the system has no such state or the node is no full replica.
    static func replicaState(of node: Node) -> ReplicaState?

    /// What one operation of each kind must cost without faults, batching or contention, by the paper.
    func costs(nodes: Int) -> [OperationCost]

    /// How many of so many nodes may be down for good, or have lost their disks, without a promise broken or the others
    /// ceasing to serve.
    func toleratedFailures(nodes: Int) -> Int

    /// Whether a node that has lost its disk can be started again under its name: it is told so by
    /// ``Recovery/isReplacement`` and doesn't count until it is up to date.
    static var allowsReplacement: Bool { get }

    /// Options that make rare paths common, for a simulation's seed to choose: tiny thresholds for snapshots and batches.
    static func rareOptions(seed: UInt64) -> VariantOptions

    /// Properties to be checked after every step of a simulation.
    static var invariants: [InvariantCheck<Node>] { get }
}

extension ClusterSystem {
    /// They do, unless a system says otherwise.
    public func check(nodes: Int) throws(OptionError) {}
    /// Linearizable, unless a system says otherwise.
    public var consistency: ConsistencyModel { .linearizable }
    /// All of the service's kinds.
    public static var operationKinds: [String] { Offer.kinds }
    /// The service's own.
    public static var defaultMix: String { Offer.defaultMix }
    /// None, unless a system says otherwise.
    public func toleratedFailures(nodes: Int) -> Int { 0 }
    /// It can't, unless a system says otherwise.
    public static var allowsReplacement: Bool { false }
    /// None.
    public static func rareOptions(seed: UInt64) -> VariantOptions { VariantOptions() }
    /// None to compare.
    public static func replicaState(of node: Node) -> ReplicaState? { nil }
}

/// What `coordbench list` says of a system.
public struct SystemDescriptor: Sendable {
    /// The four families.
    public enum Family: String, Sendable, CaseIterable, Codable {
        /// Agreement and replication.
        case consensus
        /// Mutual exclusion.
        case locks
        /// Which node keeps which key.
        case placement
        /// Atomic commitment and transactions.
        case commit
    }

    /// The name in scenarios and rows.
    public var name: String
    /// Which family it belongs to.
    public var family: Family
    /// One line on what it is.
    public var summary: String
    /// Paper and section.
    public var source: String
    /// What can be chosen.
    public var options: [OptionSpecification]
    /// Number of nodes where the user names none.
    public var defaultNodes: Int
    /// Which numbers of nodes work.
    public var nodeRange: ClosedRange<Int>
    /// Planted faults, for tests of the checkers.
    public var mutations: [Mutation]

    /// A descriptor of its parts.
    public init(
        name: String, family: Family, summary: String, source: String, options: [OptionSpecification] = [],
        defaultNodes: Int, nodeRange: ClosedRange<Int>, mutations: [Mutation] = []
    ) {
        self.name = name
        self.family = family
        self.summary = summary
        self.source = source
        self.options = options
        self.defaultNodes = defaultNodes
        self.nodeRange = nodeRange
        self.mutations = mutations
    }
}

/// A planted fault: a rule of the algorithm that is left out, so that a checker can be seen to notice.
public struct Mutation: Sendable, Hashable {
    /// The name: `skip-sync`, `vote-twice` ...
    public var name: String
    /// The rule that is broken.
    public var breaks: String
    /// A mutation of its parts.
    public init(name: String, breaks: String) {
        self.name = name
        self.breaks = breaks
    }
}

/// What one operation must cost, by the paper: no faults, no batching, a stable leader, the client connected to it.
public struct OperationCost: Sendable, Hashable, Codable {
    /// The kind of operation, as the service names it.
    public var kind: String
    /// Message delays from the client's request to its reply, both counted.
    public var messageDelays: Int
    /// Messages between nodes.
    public var messages: Int
    /// Syncs on the critical path, one after the other.
    public var syncDelays: Int
    /// Syncs on all disks, before the reply and after.
    public var syncs: Int
    /// Disks that sync at once on the critical path.
    public var disksBusy: Int
    /// A cost of its parts.
    public init(kind: String, messageDelays: Int, messages: Int, syncDelays: Int, syncs: Int, disksBusy: Int = 1) {
        self.kind = kind
        self.messageDelays = messageDelays
        self.messages = messages
        self.syncDelays = syncDelays
        self.syncs = syncs
        self.disksBusy = disksBusy
    }
}

/// Receives a family's systems with their types, so that a runtime can specialise for each.
public protocol SystemRegistry {
    /// Adds one system.
    mutating func add<System: ClusterSystem>(_ system: System.Type)
}
