import LoopbackRuntime
import ProtocolKit

/// What one node needs to run as a process of its own (`coordbench node`).
public struct NodeRequest: Sendable {
    /// The system's options.
    public var options: VariantOptions
    /// How it runs.
    public var configuration: NodeConfiguration
    /// A planted fault of the protocol, for tests.
    public var mutation: String?

    /// A request of its parts.
    public init(options: VariantOptions, configuration: NodeConfiguration, mutation: String? = nil) {
        self.options = options
        self.configuration = configuration
        self.mutation = mutation
    }
}

/// What a cluster to play with needs (`coordbench serve`).
public struct ServeRequest: Sendable, Hashable {
    /// The system's options.
    public var options: VariantOptions
    /// How many nodes.
    public var nodes: Int
    /// How durable their logs are.
    public var durability: Durability
    /// Whether they are processes.
    public var isolation: PlannedTrial.Isolation
    /// The first node's client port, the others' follow; 0 takes free ones.
    public var clientPort: UInt16
    /// The host that clients reach them at.
    public var host: String
    /// The folder of their logs.
    public var dataFolder: String
    /// The path of this program, for nodes in processes of their own.
    public var executable: String

    /// A request of its parts.
    public init(
        options: VariantOptions, nodes: Int, durability: Durability, isolation: PlannedTrial.Isolation,
        clientPort: UInt16, host: String, dataFolder: String, executable: String
    ) {
        self.options = options
        self.nodes = nodes
        self.durability = durability
        self.isolation = isolation
        self.clientPort = clientPort
        self.host = host
        self.dataFolder = dataFolder
        self.executable = executable
    }
}

/// What a served cluster tells about one of its nodes.
public struct ServedNode: Sendable, Hashable {
    /// Which node.
    public var id: NodeID
    /// Where clients reach it: `host:port`.
    public var clientAddress: String
    /// Whether it leads at the moment.
    public var isLeader: Bool

    /// A node of its parts.
    public init(id: NodeID, clientAddress: String, isLeader: Bool) {
        self.id = id
        self.clientAddress = clientAddress
        self.isLeader = isLeader
    }
}
