import ArgumentParser
import Harness
import ProtocolKit
import Simulation

/// `coordbench simulate`
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs a system in virtual time under faults, one run a seed, and checks every step.",
        discussion: """
            The very code that is measured on sockets, on a network, disks and clocks that all follow from the seed: a \
            failure replays exactly. The invariants are checked after every step, the history by the same checkers as a \
            measurement, and once the faults are healed everything must be answered.

              coordbench simulate raft --seeds 1..100
              coordbench simulate 'raft[reads=lease]' --nodes 5 --seeds 1..1000
              coordbench simulate raft --seeds 7 --trace
              coordbench simulate raft --mutation NAME --seeds 1..50

            A planted fault (--mutation; 'coordbench list raft' names them) shows that the checkers notice: it is \
            caught when the exit code is 4.
            """)

    /// Which faults strike.
    enum Faults: String, ExpressibleByArgument, CaseIterable {
        case none, random
    }

    @Argument(help: "The system, with options in brackets.")
    var system: String

    @Option(help: "A seed, or a range of them: 1..100.")
    var seeds = "1..100"

    @Option(help: "How many nodes; the system's usual number unless given.")
    var nodes: Int?

    @Option(help: "Operations that users start while faults strike, 1 to 100000.")
    var operations = 500

    @Option(help: "Which faults strike: random (of every kind, drawn from the seed) or none.")
    var faults = Faults.random

    @Option(help: "A planted fault of the system, to see it caught.")
    var mutation: String?

    @Flag(help: "Print the trace of the first seed, its newest 4 MiB, and run no other.")
    var trace = false

    @Flag(help: "Go on to the last seed after a violation.")
    var keepGoing = false

    func run() throws {
        let variant = try Variant(parsing: system)
        let entry = try SystemCatalogue.all.cluster(named: variant.system)
        try entry.checkOptions(variant.options, mutation)
        let range = try ClosedRange<UInt64>(parsing: seeds)
        try check(entry.descriptor)
        var registry = SimulationRegistry(name: variant.system)
        ClusterFamilies.register(in: &registry)
        guard let simulate = registry.found else { throw CatalogueError.cannotRun(variant.system) }
        let request = SimulationRequest(
            options: variant.options, seeds: trace ? range.lowerBound...range.lowerBound : range, nodes: nodes,
            operations: operations, isRandom: faults == .random, mutation: mutation, traceLimit: trace ? 4 << 20 : 0,
            stopsAtFailure: !keepGoing)
        let finding = try simulate(request, replay)
        try Terminal.write(finding.text)
        if finding.status != .done { throw EndedWith(status: finding.status) }
    }

    private func check(_ descriptor: SystemDescriptor) throws(ScenarioError) {
        if let nodes, !descriptor.nodeRange.contains(nodes) {
            throw ScenarioError(
                "\(descriptor.name) can't run on \(nodes) nodes; it takes \(descriptor.nodeRange.lowerBound) to "
                    + "\(descriptor.nodeRange.upperBound)", at: .commandLine("--nodes"))
        }
        guard (1...100_000).contains(operations) else {
            throw ScenarioError("\(operations) operations; 1 to 100000 are possible", at: .commandLine("--operations"))
        }
    }

    /// The command that runs one seed again, with its trace.
    private func replay(_ seed: UInt64) -> String {
        var words = ["coordbench simulate '\(system)' --seeds \(seed)"]
        if let nodes { words.append("--nodes \(nodes)") }
        words.append("--operations \(operations)")
        if faults == .none { words.append("--faults none") }
        if let mutation { words.append("--mutation \(mutation)") }
        return (words + ["--trace"]).joined(separator: " ")
    }
}

/// What is to be simulated, whatever the system's type.
struct SimulationRequest {
    var options: VariantOptions
    var seeds: ClosedRange<UInt64>
    var nodes: Int?
    var operations: Int
    var isRandom: Bool
    var mutation: String?
    var traceLimit: Int
    var stopsAtFailure: Bool
}

/// What a campaign or a single run came to.
struct SimulationFinding {
    var text: String
    var status: ExitStatus
}

/// Finds the system of a name among the families and forms the run where its type is known.
struct SimulationRegistry: SystemRegistry {
    let name: String
    private(set) var found: ((SimulationRequest, _ replay: (UInt64) -> String) throws -> SimulationFinding)?

    init(name: String) { self.name = name }

    mutating func add<System: ClusterSystem>(_ system: System.Type) {
        guard System.descriptor.name == name else { return }
        found = { request, replay in
            var options =
                request.isRandom ? SimulationOptions.chaos(for: System.self) : SimulationOptions(for: System.self)
            options.variant = request.options
            options.mutation = request.mutation
            options.nodes = request.nodes ?? options.nodes
            options.operations = request.operations
            options.traceLimit = request.traceLimit
            guard request.traceLimit > 0 else {
                let summary = try SimulationCampaign.run(
                    System.self, seeds: request.seeds, options: options, stopsAtFailure: request.stopsAtFailure)
                return SimulationFinding(summary, replay: replay)
            }
            options.seed = request.seeds.lowerBound
            return SimulationFinding(try Simulation(System.self, options: options).run())
        }
    }
}

extension ClosedRange<UInt64> {
    /// The most seeds of one campaign.
    static var mostSeeds: UInt64 { 10_000_000 }

    /// Reads seeds as people write them: `7` or `1..100`.
    init(parsing text: String) throws(ScenarioError) {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false).map { UInt64($0) }
        guard let first = parts.first ?? nil, parts.count <= 2, let last = parts.last ?? nil, first <= last,
            last - first < Self.mostSeeds
        else {
            throw ScenarioError(
                "seeds can't be '\(text)': a number or a range of at most \(Self.mostSeeds); for example 7, 1..100",
                at: .commandLine("--seeds"))
        }
        self = first...last
    }
}

extension SimulationFinding {
    /// What many seeds came to.
    init(_ summary: SimulationCampaign.Summary, replay: (UInt64) -> String) {
        var lines = [
            "\(summary.seeds) runs: \(summary.passed) passed, \(summary.failureCount) violated, "
                + "\(summary.unknownCount) unknown",
            "\(summary.steps) steps checked; \(summary.answered) operations answered, \(summary.failed) refused, "
                + "\(summary.indeterminate) of unknown effect",
            "\(Quantity.describe(nanoseconds: summary.virtualNanoseconds)) of virtual time in "
                + Quantity.describe(nanoseconds: summary.elapsedNanoseconds),
        ]
        for result in (summary.failures + summary.unknown).prefix(10) {
            lines.append("seed \(result.seed): \(result.outcome)\n  \(replay(result.seed))")
        }
        text = lines.joined(separator: "\n")
        status = summary.failureCount > 0 ? .violated : summary.unknownCount > 0 ? .inconclusive : .done
    }

    /// One run with its trace.
    init(_ result: SimulationResult) {
        text = "\(result.trace)\nseed \(result.seed): \(result.outcome)"
        status =
            switch result.outcome {
            case .passed: .done
            case .violated: .violated
            case .unknown: .inconclusive
            }
    }
}
