import ArgumentParser
import Harness
import Reporting

/// `coordbench run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs trials, judges them and writes a report.",
        discussion: """
            Name systems, with options in brackets, or scenario files (.yaml). A flag with several values, separated by \
            commas or given again, makes a trial of each; flags beat what a file says.

              coordbench run raft --nodes 3 --durability synced --clients 16 --in-flight 16 --duration 10s
              coordbench run raft unreplicated --rate 5000 --arrival poisson
              coordbench run 'raft[batch=64]' raft --clients 1,16,64 --repetitions 3
              coordbench run Benchmarks/Scenarios/consensus.yaml --dry-run
              coordbench run raft --fail-if 'p99 > 5ms' --fail-if 'throughput < 20k/s'
              coordbench run raft --find-max 'p99 < 5ms' --in-flight 16
              coordbench run --connect 127.0.0.1:6379 --clients 50

            Without --rate the loop is closed: it finds what a system can do, not how long users wait. Latency under a \
            load that users make is measured with --rate, from the moment at which an operation was due.

            Ctrl-C ends the trial under way and saves what was measured. COORDBENCH_QUICK=1 cuts every trial to a \
            glance of 0.3 s, which shows that all works and measures nothing.
            """)

    @Argument(
        help: "Systems, as 'coordbench list' names them, or scenario files.", completion: .file(extensions: ["yaml"]))
    var systems: [String] = []

    @OptionGroup(title: "Load")
    var load: LoadFlags

    @Option(help: "Exit with 3 if this holds for any trial: 'p99 > 5ms', 'put.p999 >= 10ms', 'verdict != correct'.")
    var failIf: [String] = []

    @Option(help: "Print the results to standard output: markdown, csv or json. Without it, a summary table.")
    var format: ReportFormat?

    @Option(
        name: [.short, .long], help: "The folder for records and reports; an earlier run there is replaced.",
        completion: .directory)
    var output = "results/latest"

    @Flag(help: "Print the plan with its duration and run nothing; --format json prints it for programs.")
    var dryRun = false

    @Flag(help: "Run although this is a debug build; every row is marked as not valid.")
    var allowDebug = false

    func validate() throws {
        guard systems.isEmpty, load.connect.isEmpty else { return }
        throw ValidationError(
            "Name a system or a scenario file; 'coordbench list' shows the systems, 'coordbench run raft' runs one.")
    }

    func run() throws {
        if dryRun, let format, format != .json {
            throw ValidationError("--dry-run prints a plan as text or json, not as \(format.rawValue).")
        }
        let thresholds = try failIf.map { text throws(ThresholdError) in try Threshold(parsing: text) }
        let plan = try RunRequest(arguments: systems, flags: load.fields)
            .plan(catalogue: .all, quick: Terminal.wantsQuickLook ? QuickLimits() : nil)
        if dryRun { return try Terminal.write(format == .json ? JSONText.of(plan) : plan.text) }
        try DebugBuild.refuse(unless: allowDebug)

        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping; what was measured is saved (again to end at once)")
        let run = BenchmarkRun(
            plan: plan, catalogue: .all, folder: output,
            commandLine: ["coordbench"] + CommandLine.arguments.dropFirst(),
            allocations: JemallocCounter.allocationCounter, executable: Terminal.executable)
        let outcome = try run.run(
            interruption: interruption, progress: TerminalProgress(isShown: Terminal.showsProgress))
        withExtendedLifetime(watch) {}
        try finish(outcome, thresholds)
    }

    private func finish(_ outcome: BenchmarkRun.Outcome, _ thresholds: [Threshold]) throws {
        let report = try Report.write(outcome.results, to: output)
        if let format {
            try Terminal.write(Report.render(outcome.results, format: format))
        } else {
            let records = outcome.results.records
            try Terminal.write(
                TerminalTable.text(of: records, width: Terminal.width, isColoured: Terminal.isColoured))
        }
        for outcome in SaturationOutcome.all(in: outcome.results.records) {
            Terminal.note(SaturationCurves.sentence(of: outcome))
        }
        for warning in outcome.results.records.flatMap(\.warnings).uniqued() { Terminal.note("warning: \(warning)") }
        Terminal.note("report: \(report)")
        let judged = outcome.results.records.flatMap { record in thresholds.map { $0.judge(record, as: .failIf) } }
        for result in judged where !result.hasPassed { Terminal.note("failed: \(result.words)") }
        if let failure = outcome.failure {
            Terminal.note(
                "trial \(failure.trial.number), \(failure.trial.line), could not be run; the rest was left out")
            throw failure.error
        }
        let audits = outcome.results.run.audits
        if audits.contains(where: { !$0.isEqual }) { Terminal.note(AuditTable.text(of: audits)) }
        let judgement = RunJudgement(
            outcome.results.records, audits: audits, thresholds: judged, isInterrupted: outcome.isInterrupted)
        if judgement != .passed { throw EndedWith(status: ExitStatus(judgement)) }
    }
}

extension Array where Element: Hashable {
    /// Every element once, where it comes first.
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
