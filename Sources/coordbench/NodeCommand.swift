import ArgumentParser
import Harness
import ProtocolKit

/// `coordbench node`
struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Runs one node of a cluster as a process of its own.",
        discussion: """
            Usually started by 'run' and 'serve'; by hand, for clusters that span terminals or machines. Every node is \
            given the same list of addresses, at which the nodes reach one another.

              coordbench node --system raft --id 0 --nodes 127.0.0.1:7100,127.0.0.1:7101,127.0.0.1:7102 \\
                --durability synced --data /var/tmp/node0 --client-address 127.0.0.1:7000

            Prints its client address once it listens, and ends when its standard input does, or at SIGTERM.
            """)

    @Option(help: "The system, with options in brackets.")
    var system: String

    @Option(help: "Which of the nodes it is, from 0.")
    var id: UInt32

    @Option(help: "Where every node listens for the others, by number: host:port,...")
    var nodes: String

    @Option(help: "Where it listens for clients; port 0 takes a free one.")
    var clientAddress = "127.0.0.1:0"

    @Option(help: "How durable its log is: memory, buffered or synced.")
    var durability = Durability.synced

    @Option(help: "The folder of its log, its own alone.", completion: .directory)
    var data: String

    @Option(help: "The seed of its timeouts.")
    var seed: UInt64 = 1

    func validate() throws {
        let count = nodes.split(separator: ",", omittingEmptySubsequences: false).count
        guard id < count else { throw ValidationError("--id \(id) is none of the \(count) nodes; they count from 0.") }
    }

    func run() throws {
        let variant = try Variant(parsing: system)
        let entry = try SystemCatalogue.all.cluster(named: variant.system)
        try entry.checkOptions(variant.options, nil)
        guard let runNode = entry.runNode else { throw CatalogueError.cannotRun(variant.system) }
        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "stopping")
        let request = NodeRequest(
            options: variant.options, id: NodeID(id), addresses: nodes.split(separator: ",").map(String.init),
            clientAddress: clientAddress, durability: durability, dataFolder: try DataFolder(data).path, seed: seed)
        try runNode(request, interruption) { node in try? Terminal.write(node.clientAddress) }
        withExtendedLifetime(watch) {}
    }
}
