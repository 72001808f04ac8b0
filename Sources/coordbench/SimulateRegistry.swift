import ProtocolKit
import Simulation

/// How a campaign is driven.
struct SimulationJob {
    var stopsAtFailure: Bool
    var shrinks: Bool
    var isCancelled: @Sendable () -> Bool
    var progress: @Sendable (SimulationCampaign.Summary) -> Void
}

/// What came of a campaign.
struct SimulationFinding {
    var summary: SimulationCampaign.Summary
    /// The first failure made small; nil where nothing failed or it couldn't be.
    var shrunk: ShrunkFailure?
}

/// What can be done with a system whose type is known inside.
struct SimulationOfSystem {
    let world: (SimulateRequest) -> FaultWorld
    let campaign: (SimulateRequest, SimulationJob) throws(OptionError) -> SimulationFinding
    let trace: (SimulateRequest) throws(OptionError) -> SimulationResult

    init<System: ClusterSystem>(_ type: System.Type) {
        world = { request in
            let options = request.options(for: System.self)
            guard let system = try? System(options: options.variant, mutation: options.mutation) else {
                preconditionFailure("the options were checked")
            }
            return FaultWorld(system, nodes: options.nodes, durability: options.durability)
        }
        campaign = { request, job throws(OptionError) in
            let options = request.options(for: System.self)
            let summary = try SimulationCampaign.run(
                System.self, seeds: request.seeds, options: options, stopsAtFailure: job.stopsAtFailure,
                isCancelled: job.isCancelled, progress: job.progress)
            guard job.shrinks, let failure = summary.failures.first else {
                return SimulationFinding(summary: summary)
            }
            var failing = options
            failing.seed = failure.seed
            let shrunk = try FailureShrinker.shrink(
                System.self, options: failing, failure: failure, isCancelled: job.isCancelled)
            return SimulationFinding(summary: summary, shrunk: shrunk)
        }
        trace = { request throws(OptionError) in
            var options = request.options(for: System.self)
            options.traceLimit = 4 << 20
            return try Simulation(System.self, options: options).run()
        }
    }
}

/// Finds the system of a name among the families and forms its simulation where its type is known.
struct SimulationRegistry: SystemRegistry {
    let name: String
    private(set) var found: SimulationOfSystem?

    init(name: String) { self.name = name }

    mutating func add<System: ClusterSystem>(_ system: System.Type) {
        if System.descriptor.name == name { found = SimulationOfSystem(system) }
    }
}
