import ArgumentParser
import ProtocolKit

/// What a simulation is made of, as flags.
struct SimulateFlags: ParsableArguments {
    @Argument(help: "The system, with options in brackets.")
    var system: String?

    @Option(help: "A seed, or a range of them: 1..1000.")
    var seeds = "1..100"

    @Option(help: "How many nodes; the system's usual number unless given.")
    var nodes: Int?

    @Option(help: "Operations that users start while faults strike, 1 to 100000.")
    var operations = 500

    @Option(help: "How many clients, 1 to 64.")
    var clients = 3

    @Option(help: "Users of each client, each with one operation under way, 1 to 64.")
    var users = 2

    @Option(help: "Shares of the kinds of operation, get=50,put=50; the service's usual mix unless given.")
    var workload: String?

    @Option(help: "How many keys, locks or accounts.")
    var keys = 4

    @Option(
        help: """
            Which faults strike: all (each seed draws some), none, kinds that always strike (crash,partition,loss) or \
            a script ('@1s kill 0; @2s restart 0').
            """)
    var fault = "all"

    @Option(
        help: "How far apart nodes and clients are: lan, three-regions, five-regions, or a file with round trips.",
        completion: .file())
    var regionMatrix: String?

    @Option(
        help: "How long a message takes within a region: 'exponential 50us 300us 10ms', 'log-normal 300us 0.5 9ms'.")
    var delay: String?

    @Option(help: "What survives a crash: synced (what was synced), buffered (what was written), memory (nothing).")
    var durability = Durability.synced

    @Option(help: "A planted fault of the system or of the runtime, to see it caught.")
    var mutation: String?
}
