import ArgumentParser
import Glibc
import Harness
import ProtocolKit

/// `coordbench serve`
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs a cluster to play with, until Ctrl-C.",
        discussion: """
            Prints every node's client address, the leader marked. Clients speak the Redis protocol:

              coordbench serve raft --nodes 3 --durability synced --client-port 7000
              redis-cli -c -p 7000 set colour blue
              redis-benchmark -p 7000 -t set,get -n 100000 -P 16
            """)

    @Argument(help: "The system, with options in brackets.")
    var system: String

    @Option(help: "How many nodes; the system's usual number unless given.")
    var nodes: Int?

    @Option(help: "How durable the logs are: memory, buffered or synced.")
    var durability = Durability.synced

    @Option(help: "Where nodes run: processes (of their own) or shared (one process).")
    var isolation = PlannedTrial.Isolation.processes

    @Option(help: "The first node's client port, the others' follow; 0 takes free ones.")
    var clientPort: UInt16 = 0

    @Option(help: "The address to listen on; anyone who reaches it may write.")
    var host = "127.0.0.1"

    @Option(help: "The folder for logs; without it one that is removed at the end.", completion: .directory)
    var data: String?

    func run() throws {
        let variant = try Variant(parsing: system)
        let entry = try SystemCatalogue.all.cluster(named: variant.system)
        try entry.checkOptions(variant.options, nil)
        let count = nodes ?? entry.descriptor.defaultNodes
        guard entry.descriptor.nodeRange.contains(count) else {
            throw ScenarioError(
                "\(variant.system) can't run on \(count) nodes; it takes \(entry.descriptor.nodeRange.lowerBound) to "
                    + "\(entry.descriptor.nodeRange.upperBound)", at: .commandLine("--nodes"))
        }
        try entry.checkNodes(variant.options, count)
        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping")
        let folder = try DataFolder(data)
        defer { folder.removeIfTemporary() }
        let request = ServeRequest(
            options: variant.options, nodes: count, durability: durability, isolation: isolation,
            clientPort: clientPort, host: host, dataFolder: folder.path, executable: Terminal.executable)
        try entry.serve(request, interruption) { nodes in
            let lines = nodes.map { "\($0.id) \($0.clientAddress)\($0.isLeader ? " leader" : "")" }
            try? Terminal.write(lines.joined(separator: "\n"))
        }
        withExtendedLifetime(watch) {}
    }
}

/// A folder for logs that the user names, or a temporary one.
struct DataFolder {
    let path: String
    private let isTemporary: Bool

    init(_ named: String?) throws(RecordError) {
        isTemporary = named == nil
        if let named {
            path = named
            try AtomicFile.makeFolder(named)
        } else {
            var template = Array("/tmp/coordbench-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else {
                throw .cannotCreate(path: "/tmp", reason: String(cString: strerror(errno)))
            }
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    func removeIfTemporary() {
        guard isTemporary else { return }
        FileTree.remove(path)
    }
}

extension Durability: ExpressibleByArgument {}
extension PlannedTrial.Isolation: ExpressibleByArgument {}
