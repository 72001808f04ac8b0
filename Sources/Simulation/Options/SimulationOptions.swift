import ProtocolKit
import Workload

/// Everything that a simulated run depends on: equal options give equal runs.
public struct SimulationOptions: Sendable {
    /// The system's own options.
    public var variant = VariantOptions()
    /// A planted fault of the system, by name.
    public var mutation: String?
    /// Number of nodes.
    public var nodes: Int
    /// Number of clients.
    public var clients = 3
    /// Users of each client, each with one operation under way.
    public var usersPerClient = 2
    /// Operations that all users start together while faults strike.
    public var operations = 500
    /// The load; its seed is mixed with ``seed``.
    public var workload: WorkloadOptions
    /// What everything is drawn from.
    public var seed: UInt64
    /// The faults.
    public var faults = FaultPlan.none
    /// How durable what nodes call durable is: a crash takes what isn't. In memory a crash takes everything, so that nodes
    /// crash only where the system can replace them; buffered writes survive the process and no disk fault touches them.
    public var durability = Durability.synced
    /// Whether each seed draws a network, disks, clocks, a load and rare options of the system of its own.
    public var variesBySeed = false
    /// Whether half of the runs heal no more than a quorum once the faults end, where the system bears it.
    public var healsQuorums = true
    /// The network.
    public var network = NetworkOptions()
    /// The disks.
    public var disk = DiskOptions()
    /// The clocks.
    public var clocks = ClockOptions()
    /// Probability that an input waits for others to be handled with it in one turn.
    public var batchProbability = 0.25
    /// Longest such wait in nanoseconds.
    public var batchDelayNanoseconds = UInt64.microseconds(300)
    /// What clients allow an operation, in nanoseconds.
    public var operationTimeoutNanoseconds = UInt64.milliseconds(500)
    /// Mean pause of a user between operations, in nanoseconds; most are short and some long, so that operations
    /// come in bursts and a run outlasts elections.
    public var thinkNanoseconds = UInt64.milliseconds(20)
    /// Whether requests and answers go through the RESP codec.
    public var codesClientTraffic = true
    /// Steps after which the run is given up.
    public var stepLimit = UInt64(20_000_000)
    /// Virtual nanoseconds after which operations are no longer started and faults end.
    public var chaosLimitNanoseconds = UInt64.seconds(120)
    /// Virtual nanoseconds within which everything must have been answered once all faults are healed.
    public var livenessLimitNanoseconds = UInt64.seconds(30)
    /// Virtual nanoseconds within which replicas must agree once all is quiet.
    public var convergenceLimitNanoseconds = UInt64.seconds(30)
    /// Operations that each user must get answered after all faults are healed.
    public var livenessOperations = 2
    /// Bytes of trace kept, the newest; 0 for none.
    public var traceLimit = 0
    /// How long judging may take, in nanoseconds.
    public var judgeBudgetNanoseconds = UInt64.seconds(10)
    /// Whether costs are counted: everything takes a fixed time and each input is a turn of its own.
    @usableFromInline var countsCosts = false
    /// The node that all clients ask first; nil for another one each.
    @usableFromInline var preferredNode: Int?

    /// A run of a system with its usual number of nodes and its service's usual mix on a few keys, without faults.
    public init<System: ClusterSystem>(for system: System.Type, seed: UInt64 = 1) {
        guard let mix = try? OperationMix(parsing: System.defaultMix, allowedKinds: System.operationKinds) else {
            preconditionFailure("the default mix of \(System.descriptor.name) is not a mix of its kinds")
        }
        nodes = System.descriptor.defaultNodes
        workload = WorkloadOptions(mix: mix, keyCount: 4, valueSize: .fixed(16))
        workload.leaseNanoseconds = .milliseconds(500)
        self.seed = seed
    }

    /// The same run with random faults of every kind and a network that loses, repeats and overtakes.
    public static func chaos<System: ClusterSystem>(for system: System.Type, seed: UInt64 = 1) -> SimulationOptions {
        var options = SimulationOptions(for: system, seed: seed)
        options.faults = .random(.chaos)
        options.variesBySeed = true
        options.network.loss = 0.01
        options.network.duplication = 0.01
        options.network.reordering = 0.05
        options.clocks.skewNanoseconds = .milliseconds(100)
        options.clocks.driftPartsPerMillion = 100
        return options
    }
}

/// How the simulated disks behave. Syncs are grouped: what comes during one is synced by the next.
public struct DiskOptions: Sendable, Hashable {
    /// Shortest sync in nanoseconds.
    public var minimumSyncNanoseconds = UInt64.microseconds(50)
    /// Longest sync in nanoseconds.
    public var maximumSyncNanoseconds = UInt64.milliseconds(2)
    /// Whether a crash keeps a random prefix of what was not synced, rather than nothing of it.
    public var keepsRandomPrefix = true
    /// A planted fault of the runtime: syncs are announced before they are done.
    public var lieAboutSync = false
    /// A planted fault of the runtime: damage at rest isn't noticed.
    public var ignoresChecksums = false
    /// The usual disks.
    public init() {}
}

/// How far the simulated clocks are from true time.
public struct ClockOptions: Sendable, Hashable {
    /// Largest error of a wall clock at the start, in nanoseconds.
    public var skewNanoseconds = UInt64(0)
    /// Largest error of any clock's rate.
    public var driftPartsPerMillion = UInt64(0)
    /// Largest jump that a fault makes a wall clock do, in nanoseconds.
    public var jumpNanoseconds = UInt64.seconds(2)
    /// Exact clocks.
    public init() {}
}
