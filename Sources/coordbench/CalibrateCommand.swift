import Analysis
import ArgumentParser
import Harness
import Reporting

/// `coordbench calibrate`
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measures how often a paired gate is wrong on this machine.",
        discussion: """
            Records short trials of one system, as it is and slowed down by known amounts, in blocks spread over the time \
            given; draws thousands of gate runs from them; and runs real gates beside. The folder grows: call it again to \
            add to it, with Ctrl-C whenever you like. README.md in it says what gates see here.

              coordbench calibrate raft --durability memory --clients 16 --in-flight 4 --record 2h
              coordbench calibrate raft --durability memory --clients 16 --in-flight 4 --gates 20 --gate-time 5m
              coordbench calibrate --report results/gate-error-rates
            """)

    @Argument(help: "The system, a replicated one.")
    var systems: [String] = []

    @Option(help: "Add to the pool for this time, 2h.")
    var record: String?

    @Option(help: "Run real gates until there are so many of each kind.")
    var gates: Int?

    @Option(help: "How long a gate takes, builds not counted.")
    var gateTime = "5m"

    @Option(help: "How many gate runs on identical code are drawn from the pool.")
    var runs = 5_000

    @OptionGroup(title: "Turns")
    var turns: TurnFlags

    @OptionGroup(title: "Judgement")
    var judgement: ComparisonFlags

    @OptionGroup(title: "Load")
    var load: LoadFlags

    @Option(
        help: ArgumentHelp("Only write the report of this folder again.", valueName: "folder"), completion: .directory)
    var report: String?

    @Option(name: [.short, .long], help: "The folder for pool, gates and report.", completion: .directory)
    var output = "results/gate-error-rates"

    @Flag(help: "Measure although this is a debug build, which says nothing of an optimised one.")
    var allowDebug = false

    func validate() throws {
        guard (1...1_000_000).contains(runs), (gates ?? 1) > 0 else {
            throw ValidationError("--runs takes 1 to 1000000, --gates 1 or more.")
        }
        if report == nil, systems.count != 1 || record == nil && gates == nil {
            throw ValidationError(
                "Name one system, and say --record 1h, --gates 20 or both; or --report FOLDER for what is there.")
        }
    }

    func run() throws {
        var options = try judgement.options
        options.allowsDebugBuild = allowDebug
        let gate = try time(gateTime, "--gate-time")
        guard report == nil else { return try write(report ?? output, options, gate) }
        let recording = try record.map { text throws(ScenarioError) in try time(text, "--record") }
        let trial = try trial()
        try DebugBuild.refuse(unless: allowDebug)
        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping; what was measured is saved (again to end at once)")
        var run = ErrorRateRun(
            plan: trial, options: options, catalogue: .all, folder: output, executable: Terminal.executable,
            allocations: JemallocCounter.allocationCounter)
        run.turnNanoseconds = try turns.nanoseconds
        if Terminal.wantsQuickLook { run.effort = .glance }
        let progress = CalibrateProgress(isShown: Terminal.showsProgress)
        if let recording { try run.record(nanoseconds: recording, interruption: interruption, progress: progress) }
        if let gates, !interruption.isRequested {
            try run.gates(each: gates, nanoseconds: gate, interruption: interruption, progress: progress)
        }
        progress.ended()
        withExtendedLifetime(watch) {}
        // Stopped before anything was recorded, there is nothing to report on.
        if interruption.isRequested, try ErrorRateFiles.subject(in: output) == nil {
            throw EndedWith(status: .interrupted)
        }
        try write(output, options, gate)
        if interruption.isRequested { throw EndedWith(status: .interrupted) }
    }

    private func trial() throws -> PlannedTrial {
        let request = PairedRequest(
            subjects: systems + systems, builds: nil, fields: load.fields, blocks: nil, time: nil,
            isQuick: Terminal.wantsQuickLook)
        let cells = try request.design().cells
        guard let trial = cells.first?.a, cells.count == 1 else {
            throw ScenarioError("the lists come to \(cells.count) trials; name one", at: .commandLine("load"))
        }
        guard TurnTaking.canTake(trial), trial.isolation == .processes else {
            throw ErrorRateError.notACluster(trial.variant)
        }
        return trial
    }

    private func time(_ text: String, _ flag: String) throws(ScenarioError) -> UInt64 {
        guard let nanoseconds = Quantity.duration(text), nanoseconds > 0 else {
            throw ScenarioError("'\(text)' is not a time; for example 5m", at: .commandLine(flag))
        }
        return nanoseconds
    }

    private func write(_ folder: String, _ options: ComparisonOptions, _ gate: UInt64) throws {
        guard let subject = try ErrorRateFiles.subject(in: folder) else { throw ErrorRateError.nothing(folder) }
        var options = options
        options.metrics = try subject.metrics.map(ComparedMetric.init(parsing:))
        let summary = try ErrorRateSummary(
            subject: subject, pool: try ErrorRateFiles.pool(in: folder), gates: try ErrorRateFiles.gates(in: folder),
            options: options, seconds: [60, 120, Double(gate) / 1e9], runs: runs, folder: folder)
        let text = ErrorRateReport.markdown(of: summary)
        try AtomicFile.write(text, to: "\(folder)/README.md")
        try Terminal.write(text)
    }
}

/// Shows on a terminal's standard error how far a measurement of error rates is.
private final class CalibrateProgress: ErrorRateProgress {
    private let isShown: Bool
    private var stage = ""

    init(isShown: Bool) { self.isShown = isShown }

    func began(stage: String) {
        self.stage = stage
        draw(stage)
    }

    func recorded(blocks: Int, leftNanoseconds: UInt64) {
        draw("\(stage): \(blocks) blocks  (about \(Quantity.describe(nanoseconds: leftNanoseconds)) left)")
    }

    func began(_ design: PairedDesign) {}

    func began(_ trial: PlannedTrial, ofBlocks blocks: Int, leftNanoseconds: UInt64) {
        guard let place = trial.pairing else { return }
        draw(
            "\(stage): block \(place.block)/\(blocks)  (about \(Quantity.describe(nanoseconds: leftNanoseconds)) left)")
    }

    func ended(_ trial: PlannedTrial, _ record: TrialRecord) {}

    func ended() {
        if isShown { Terminal.draw("\r\u{1B}[K") }
    }

    private func draw(_ text: String) {
        if isShown { Terminal.draw("\r\u{1B}[K" + text.prefix(max(20, Terminal.width - 1))) }
    }
}
