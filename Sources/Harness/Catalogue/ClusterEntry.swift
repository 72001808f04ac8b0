import LoopbackRuntime
import Measurement
import ProtocolKit
import Simulation
import Verification

/// A system whose nodes exchange messages, as the harness uses it.
///
/// The initialiser is the one place where the system's concrete type is known: every closure that starts its nodes or
/// drives a load on it is formed there, so that all below is specialised for the system and nothing on a hot path is
/// dynamic.
public struct ClusterEntry: Sendable {
    /// Name, source, options, number of nodes.
    public let descriptor: SystemDescriptor
    /// What clients do with it.
    public let service: ServiceFacts
    /// What one operation of each kind must cost with these options and so many nodes.
    public let costs: @Sendable (VariantOptions, Int) throws(OptionError) -> [OperationCost]
    /// What it promises its clients with these options.
    public let promise: @Sendable (VariantOptions) throws(OptionError) -> ConsistencyModel
    /// What operations cost in a simulation without faults, beside what they must cost.
    public let audit: @Sendable (VariantOptions, [Int], AllocatedBytes?) throws(OptionError) -> [CostAudit.Row]
    /// Runs seeds of the simulator under faults of every kind, on so many nodes, with so many operations each; once
    /// `isCancelled` says so, no more are started.
    public let simulate:
        @Sendable (
            VariantOptions, _ nodes: Int, _ seeds: ClosedRange<UInt64>, _ operations: Int,
            _ isCancelled: @escaping @Sendable () -> Bool
        ) throws(OptionError) -> SimulationCampaign.Summary
    /// Checks options and the name of a planted fault.
    public let checkOptions: @Sendable (VariantOptions, String?) throws(OptionError) -> Void
    /// Checks that options go with a number of nodes.
    public let checkNodes: @Sendable (VariantOptions, Int) throws(OptionError) -> Void
    /// Runs a trial on it.
    public let run: TrialRun
    /// Starts a trial on it that is measured in turns.
    let hold: @Sendable (PlannedTrial, TrialEnvironment) throws -> any HeldTrial
    /// Runs one node until its standard input ends; returns why it halted, nil when it was told to stop.
    public let runNode: @Sendable (NodeRequest) throws -> String?
    /// Starts a whole cluster whose nodes share this process.
    public let startShared: @Sendable (ServeRequest, NodeConfiguration) throws -> any RunningCluster

    /// The entry of a system.
    public init<System: ClusterSystem>(_ system: System.Type) {
        descriptor = system.descriptor
        service = ServiceFacts(System.self)
        costs = { options, nodes throws(OptionError) in
            try System(options: options, mutation: nil).costs(nodes: nodes)
        }
        promise = { options throws(OptionError) in try System(options: options, mutation: nil).consistency }
        audit = { options, nodes, allocatedBytes throws(OptionError) in
            try CostAudit.run(System.self, variant: options, nodes: nodes, allocatedBytes: allocatedBytes)
        }
        simulate = { variant, nodes, seeds, operations, isCancelled throws(OptionError) in
            var options = SimulationOptions.chaos(for: System.self)
            options.variant = variant
            options.nodes = nodes
            options.operations = operations
            return try SimulationCampaign.run(System.self, seeds: seeds, options: options, isCancelled: isCancelled)
        }
        checkOptions = { options, mutation throws(OptionError) in
            _ = try ResolvedOptions(options, mutation: mutation, for: System.descriptor)
            _ = try System(options: options, mutation: mutation)
        }
        checkNodes = { options, nodes throws(OptionError) in
            try System(options: options, mutation: nil).check(nodes: nodes)
        }
        run = { plan, environment in try ClusterTrial<System>.run(plan, environment) }
        hold = { plan, environment in try ClusterTrial<System>(plan, environment) }
        runNode = { request in
            try NodeControl.run(
                try System(options: request.options, mutation: request.mutation),
                configuration: request.configuration)
        }
        startShared = { request, configuration in
            try SharedCluster(
                try System(options: request.options, mutation: nil), configuration: configuration,
                dataFolder: request.dataFolder)
        }
    }

    /// Runs a whole cluster until a stop is asked for. `announce` is told the nodes once they serve.
    public func serve(
        _ request: ServeRequest, _ interruption: Interruption, announce: ([ServedNode]) -> Void
    ) throws {
        let cluster = try start(request)
        defer { cluster.stop() }
        let leader = try cluster.waitUntilReady()
        announce(
            cluster.addresses.map {
                ServedNode(id: $0.id, clientAddress: $0.client.description, isLeader: $0.id == leader)
            })
        interruption.wait()
    }

    private func start(_ request: ServeRequest) throws -> any RunningCluster {
        let variant = Variant(system: descriptor.name, options: request.options)
        // A fixed number, so that a cluster served again on its folder finds its logs.
        let number: UInt64 = 0x5345_5256_45
        switch request.isolation {
        case .processes:
            var launch = NodeLaunch(
                executable: request.executable, system: variant.description, nodes: request.nodes,
                durability: request.durability, dataFolder: request.dataFolder, cluster: number, seed: 1)
            launch.host = request.host
            launch.clientPort = request.clientPort
            return try ProcessCluster(count: request.nodes, launch: launch.processes)
        case .shared:
            var configuration = NodeConfiguration(
                id: NodeID(0), members: (0..<request.nodes).map { NodeID(UInt32($0)) }, cluster: number,
                durability: request.durability)
            configuration.clientAddress = SocketAddress(host: request.host, port: request.clientPort)
            return try startShared(request, configuration)
        }
    }
}
