import LoopbackRuntime
import ProtocolKit

/// How nodes in processes of their own are started: `coordbench node` under its parent's control.
public struct NodeLaunch: Sendable {
    /// The program.
    public var executable: String
    /// The system with its options.
    public var system: String
    /// How many nodes.
    public var nodes: Int
    /// How durable their logs are.
    public var durability: Durability
    /// The folder under which each node's folder lies.
    public var dataFolder: String
    /// The cluster's number.
    public var cluster: UInt64
    /// What the nodes' seeds follow from.
    public var seed: UInt64
    /// The host they listen on.
    public var host = "127.0.0.1"
    /// The first node's client port, the others' follow; 0 for free ones.
    public var clientPort: UInt16 = 0
    /// Bytes of a log segment; nil for the usual size.
    public var segmentBytes: Int?
    /// A planted fault of the log, for tests.
    public var skipsSync = false
    /// A planted fault of the protocol, for tests.
    public var mutation: String?
    /// More arguments, as a planted slowdown.
    public var moreArguments: [String] = []

    /// A launch of its parts.
    public init(
        executable: String, system: String, nodes: Int, durability: Durability, dataFolder: String, cluster: UInt64,
        seed: UInt64
    ) {
        self.executable = executable
        self.system = system
        self.nodes = nodes
        self.durability = durability
        self.dataFolder = dataFolder
        self.cluster = cluster
        self.seed = seed
    }

    /// The folder of one node.
    public func folder(of node: Int) -> String { "\(dataFolder)/node-\(node)" }

    /// What a cluster of processes needs.
    public var processes: ProcessCluster.Launch {
        ProcessCluster.Launch(executable: executable) { [self] in arguments($0, $1, earlierStarts: $2) }
    }

    private func arguments(_ node: Int, _ former: MemberAddress?, earlierStarts: Int) -> [String] {
        var words = [
            "node", "--system", system, "--id", "\(node)", "--nodes", "\(nodes)", "--durability",
            durability.rawValue, "--data", folder(of: node), "--cluster", "\(cluster)", "--seed",
            "\(seed &+ UInt64(node) &* 0x1000_0000_01B3)", "--memory-incarnation", "\(earlierStarts + 1)",
        ]
        let port = clientPort == 0 ? 0 : Int(clientPort) + node
        words += ["--client-address", former?.client.description ?? "\(host):\(port)"]
        words += ["--peer-address", former?.peer.description ?? "\(host):0"]
        if let segmentBytes { words += ["--segment-bytes", "\(segmentBytes)"] }
        if skipsSync { words.append("--skip-sync") }
        if let mutation { words += ["--mutation", mutation] }
        return words + moreArguments
    }
}
