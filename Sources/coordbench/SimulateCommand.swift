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
            failure replays exactly. The invariants are checked after every step and the history by the same checkers \
            as a measurement. Once the faults are healed, for all nodes or for a quorum, everything must be answered \
            and the replicas must come to agree. Each seed draws its own kinds of fault, network, disks and clocks.

              coordbench simulate raft --seeds 1..1000
              coordbench simulate 'raft[reads=lease]' --nodes 5 --region-matrix five-regions
              coordbench simulate raft --fault crash,torn-write,bit-flip --workload put=90,get=10 --keys 2
              coordbench simulate raft --seeds 7 --fault '@100ms kill 0; @2s restart 0' --trace
              coordbench simulate raft --mutation NAME --seeds 1..50
              coordbench simulate --audit

            A failure is shrunk to the fewest faults and operations that still break the same property, and comes with \
            the command that replays it. A planted fault (--mutation; 'coordbench list raft' names them) shows that \
            the checkers notice: it is caught when the exit code is 4.

            --audit counts, in runs without faults on 3, 5 and 7 nodes, what one operation of each kind costs in \
            message delays, messages, sync delays and syncs, and compares it with what the papers say: of the system \
            named, or of all. The exit code is 4 where a single operation differs.
            """)

    @OptionGroup var flags: SimulateFlags

    @Flag(help: "Print the trace of the first seed, its newest 4 MiB, and run no other.")
    var trace = false

    @Flag(help: "Go on to the last seed after a violation.")
    var keepGoing = false

    @Flag(help: "Show the first failure as it is found, without making it smaller.")
    var noShrink = false

    @Flag(help: "Count what single operations cost instead, and compare it with the papers.")
    var audit = false

    @Option(help: "How to print what came of it: text or json.")
    var format = SimulateFormat.text

    func validate() throws {
        guard flags.system == nil, !audit else { return }
        throw ValidationError("Name a system; 'coordbench list' shows them, 'coordbench simulate raft' runs one.")
    }

    func run() throws {
        if audit { return try printAudit() }
        let variant = try Variant(parsing: flags.system ?? "")
        let entry = try SystemCatalogue.all.cluster(named: variant.system)
        let request = try SimulateRequest(flags, variant, entry)
        var registry = SimulationRegistry(name: variant.system)
        ClusterFamilies.register(in: &registry)
        guard let simulate = registry.found else { throw CatalogueError.cannotRun(variant.system) }
        for note in request.notes(simulate.world(request)) { Terminal.note(note) }
        if trace { return try printTrace(simulate, request) }

        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping; what was done is printed (again to end at once)")
        let progress = SimulateProgress(isShown: Terminal.showsProgress, seeds: request.seeds)
        let job = SimulationJob(
            stopsAtFailure: !keepGoing, shrinks: !noShrink, isCancelled: { interruption.isRequested },
            progress: { progress.show($0) })
        let finding = try simulate.campaign(request, job)
        progress.clear()
        withExtendedLifetime(watch) {}
        let report = SimulateReport(request: request, finding: finding, isInterrupted: interruption.isRequested)
        try Terminal.write(format == .json ? JSONText.of(report.record) : report.text)
        if report.status != .done { throw EndedWith(status: report.status) }
    }

    private func printAudit() throws {
        let catalogue = SystemCatalogue.all
        let clusters = catalogue.entries.filter { $0.cluster != nil }.map(\.descriptor.name)
        let audits = try (flags.system.map { [$0] } ?? clusters).flatMap { name in
            try catalogue.audit(try Variant(parsing: name))
        }
        switch format {
        case .json: try Terminal.write(JSONText.of(audits))
        case .text: try Terminal.write("\(AuditTable.text(of: audits))\n\(AuditTable.sentence(of: audits))")
        }
        if audits.contains(where: { !$0.isEqual }) { throw EndedWith(status: .violated) }
    }

    private func printTrace(_ simulate: SimulationOfSystem, _ request: SimulateRequest) throws {
        let result = try simulate.trace(request)
        try Terminal.write("\(result.trace)\nseed \(result.seed): \(result.outcome)")
        let status = ExitStatus(result.outcome)
        if status != .done { throw EndedWith(status: status) }
    }
}

/// How a campaign's outcome is printed.
enum SimulateFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

extension ExitStatus {
    /// The status of a simulated run.
    init(_ outcome: SimulationOutcome) {
        switch outcome {
        case .passed: self = .done
        case .violated: self = .violated
        case .unknown: self = .inconclusive
        }
    }
}
