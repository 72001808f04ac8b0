import Measurement

/// What `run.json` says of a run: how it was called, what was planned and which trials ended.
public struct RunRecord: RecordFile {
    /// The version of this form.
    public static let currentSchema = "coordbench.run/1"

    /// ``currentSchema`` at the time of writing.
    public var schema = RunRecord.currentSchema
    /// The version of the program.
    public var programVersion: String
    /// The command and its arguments, which run it again.
    public var commandLine: [String]
    /// How many trials were planned.
    public var plannedTrials: Int
    /// The machine and build.
    public var host: HostFacts?
    /// The least that this machine takes.
    public var floor: MachineFloor?
    /// When it began.
    public var started: WallTime
    /// When it ended; nil while it is under way, and for ever after a crash.
    public var ended: WallTime?
    /// Whether it was broken off.
    public var isInterrupted = false
    /// The files of the trials that ended, relative to the folder, in order.
    public var trials: [String] = []
    /// What operations of the systems measured cost in a simulation without faults, beside what the papers say.
    public var audits: [CostAuditRecord] = []

    /// A run that begins.
    public init(
        programVersion: String, commandLine: [String], plannedTrials: Int, host: HostFacts? = nil,
        floor: MachineFloor? = nil, started: WallTime
    ) {
        self.programVersion = programVersion
        self.commandLine = commandLine
        self.plannedTrials = plannedTrials
        self.host = host
        self.floor = floor
        self.started = started
    }

    /// Whether every planned trial ended.
    public var isComplete: Bool { !isInterrupted && ended != nil && trials.count >= plannedTrials }
}
