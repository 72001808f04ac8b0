import Measurement

/// What a trial needs to know beyond its plan.
public struct TrialEnvironment: Sendable {
    /// The machine and build.
    public var host: HostFacts
    /// The least that this machine takes for the steps algorithms are made of.
    public var floor: MachineFloor
    /// Reads this process's allocator.
    public var allocations: AllocationCounter
    /// A folder for logs, on the file system that the floor was measured on; a trial removes what it makes there.
    public var dataFolder: String
    /// The path of this program, for nodes in processes of their own.
    public var executable: String
    /// More arguments for nodes in processes of their own, as a planted slowdown.
    public var nodeArguments: [String] = []
    /// A request to stop.
    public var interruption: Interruption

    /// An environment of its parts.
    public init(
        host: HostFacts, floor: MachineFloor, allocations: AllocationCounter, dataFolder: String, executable: String,
        interruption: Interruption
    ) {
        self.host = host
        self.floor = floor
        self.allocations = allocations
        self.dataFolder = dataFolder
        self.executable = executable
        self.interruption = interruption
    }

    /// The record of a trial that begins now, with all that is known before it has run.
    public func record(of plan: PlannedTrial) -> TrialRecord {
        var record = TrialRecord(
            plan: plan, programVersion: ProgramVersion.current, started: .now(),
            windowNanoseconds: plan.windowNanoseconds)
        record.host = host
        record.floor = floor
        if !host.isOptimizedBuild {
            record.validity.refuse(.debugBuild, "build with -c release for figures")
        }
        return record
    }
}

/// Runs one trial on the calling thread, to its end or until interrupted. Nil if it was stopped before it had measured
/// anything.
public typealias TrialRun = @Sendable (PlannedTrial, TrialEnvironment) throws -> TrialRecord?

/// The program's version, in records and `--version`.
public enum ProgramVersion {
    /// The version of this build.
    public static let current = "0.1.0"
}
