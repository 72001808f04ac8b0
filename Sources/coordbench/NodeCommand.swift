import ArgumentParser
import Harness
import LoopbackRuntime
import ProtocolKit

/// `coordbench node`
struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Runs one node of a cluster as a process of its own.",
        discussion: """
            Started by 'run' and 'serve'. By hand, as for a cluster that spans machines: it prints \
            'ready PEER-ADDRESS CLIENT-ADDRESS', reads a line 'members PEER,CLIENT PEER,CLIENT ...' with every node's \
            addresses in order (again whenever one has moved), and stops when its standard input ends.

              coordbench node --system raft --id 0 --nodes 3 --durability synced --data /var/tmp/node0
            """)

    @Option(help: "The system, with options in brackets.")
    var system: String

    @Option(help: "Which of the nodes it is, from 0.")
    var id: UInt32

    @Option(help: "How many nodes the cluster has.")
    var nodes: Int

    @Option(help: "Where it listens for the other nodes; port 0 takes a free one.")
    var peerAddress = "127.0.0.1:0"

    @Option(help: "Where it listens for clients; port 0 takes a free one.")
    var clientAddress = "127.0.0.1:0"

    @Option(help: "How durable its log is: memory, buffered or synced.")
    var durability = Durability.synced

    @Option(help: "The folder of its log, its own alone; not needed in memory.", completion: .directory)
    var data: String?

    @Option(help: "The cluster's number: nodes and logs of different clusters refuse each other.")
    var cluster: UInt64 = 1

    @Option(help: "The seed of its time-outs.")
    var seed: UInt64 = 1

    @Flag(help: ArgumentHelp("A planted fault: say that writes are synced without syncing.", visibility: .private))
    var skipSync = false

    @Option(help: ArgumentHelp("How often it was started, this time too; for nodes in memory.", visibility: .hidden))
    var memoryIncarnation: UInt64 = 1

    @Option(help: ArgumentHelp("Bytes of a log segment, filled with zeros ahead.", visibility: .hidden))
    var segmentBytes = WriteAheadLog.defaultSegmentBytes

    @Option(help: ArgumentHelp("A planted fault of the protocol.", visibility: .private))
    var mutation: String?

    @Option(help: ArgumentHelp("A planted slowdown: 500ns a request, or 2ms/500.", visibility: .private))
    var plantedDelay: PlantedDelay?

    @Flag(help: ArgumentHelp("Say which interface a parent needs to drive it, and end.", visibility: .private))
    var interface = false

    func validate() throws {
        guard id < nodes else { throw ValidationError("--id \(id) is none of the \(nodes) nodes; they count from 0.") }
        guard durability == .memory || data != nil else {
            throw ValidationError("--durability \(durability.rawValue) needs --data FOLDER for the log.")
        }
    }

    func run() throws {
        let variant = try Variant(parsing: system)
        let entry = try SystemCatalogue.all.cluster(named: variant.system)
        try entry.checkOptions(variant.options, mutation)
        guard entry.descriptor.nodeRange.contains(nodes) else {
            let range = entry.descriptor.nodeRange
            throw ScenarioError(
                "\(variant.system) can't run on \(nodes) nodes; it takes \(range.lowerBound) to \(range.upperBound)",
                at: .commandLine("--nodes"))
        }
        try entry.checkNodes(variant.options, nodes)
        if interface { return try Terminal.write(NodeInterface.greeting) }
        var configuration = NodeConfiguration(
            id: NodeID(id), members: (0..<nodes).map { NodeID(UInt32($0)) }, cluster: cluster, durability: durability,
            dataFolder: data, seed: seed, peerAddress: try SocketAddress(parsing: peerAddress),
            clientAddress: try SocketAddress(parsing: clientAddress), logFaults: LogFaults(skipsSync: skipSync))
        configuration.memoryIncarnation = min(max(1, memoryIncarnation), 1 << 20)
        configuration.segmentBytes = max(4096, segmentBytes)
        configuration.plantedDelay = plantedDelay
        configuration.allocations = JemallocCounter.allocationCounter
        let reason = try entry.runNode(
            NodeRequest(options: variant.options, configuration: configuration, mutation: mutation))
        if let reason { throw RuntimeError.nodeFailed(node: id, reason: reason) }
    }
}

extension PlantedDelay: ExpressibleByArgument {
    /// Reads the text form.
    public init?(argument: String) { self.init(parsing: argument) }
}
