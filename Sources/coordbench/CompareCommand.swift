import Analysis
import ArgumentParser
import Harness
import Reporting

/// `coordbench compare`
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two systems, two builds or two runs, and says how sure it is.",
        discussion: """
            Two systems or variants are up at the same time and take turns of 50 ms under one load, and so does A once more \
            as its own control; the differences are taken within blocks of a few seconds, each with new clusters. What \
            disturbs the machine falls on all alike.

              coordbench compare 'raft[batch=1]' 'raft[batch=64]' --clients 16 --in-flight 16 --blocks 30
              coordbench compare raft unreplicated --rate 5000 --time 5m --metric p99

            One system, or a scenario file, with two programs: this one makes the load for the nodes of both.

              coordbench compare raft --a git:HEAD~1 --b current
              coordbench compare raft --a ./coordbench-old --b ../work-tree

            Two folders of runs: weaker, since nothing is paired; run with --repetitions 10 at least. One folder of an \
            earlier comparison is analysed again.

              coordbench compare results/monday results/friday

            Exit codes: 0 no change shown, improved or changed; 3 regressed; 4 a checker found a violation; 5 \
            inconclusive, which is not a pass; 69 a build can't be run; 130 interrupted, with what was measured saved.
            """)

    @Argument(help: "Two systems, one with --a and --b, or folders that runs wrote.", completion: .directory)
    var subjects: [String] = []

    @Option(
        help: ArgumentHelp(
            "The build before: current, git:REV, a folder with sources or a program.", valueName: "build"))
    var a: String?

    @Option(help: ArgumentHelp("The build that is new, likewise; this program without it.", valueName: "build"))
    var b: String?

    @OptionGroup(title: "Judgement")
    var judgement: ComparisonFlags

    @Option(help: "How many blocks: in each, every side runs once.")
    var blocks: Int?

    @Option(help: "As many blocks as end in this time, 5m.")
    var time: String?

    @OptionGroup(title: "Turns")
    var turns: TurnFlags

    @OptionGroup(title: "Load")
    var load: LoadFlags

    @Option(help: "Print the result to standard output: markdown or json. Without it, sentences and a table.")
    var format: ComparisonFormat?

    @Option(
        name: [.short, .long],
        help: "The folder for records and reports (default: results/compare, or the folder analysed again).",
        completion: .directory)
    var output: String?

    @Flag(help: "Print what would be run with its duration and run nothing.")
    var dryRun = false

    @Flag(help: "Compare although this is a debug build, which says nothing of an optimised one.")
    var allowDebug = false

    func validate() throws {
        if a == nil, b != nil { throw ValidationError("Give --a too: the build before.") }
        if blocks != nil, time != nil { throw ValidationError("Give --blocks or --time, not both.") }
        let isOfBuilds = a != nil
        if subjects.isEmpty || subjects.count > 2 && !isOfBuilds {
            throw ValidationError(
                "Name two systems, as in coordbench compare 'raft[batch=1]' 'raft[batch=64]', or two folders of runs.")
        }
    }

    func run() throws {
        var options = try judgement.options
        options.allowsDebugBuild = allowDebug
        let folders = subjects.filter {
            AtomicFile.exists("\($0)/run.json") || $0.contains("/") && !Self.isScenario($0)
        }
        guard folders.isEmpty else {
            try refuseMixture(folders)
            return try CompareFolders(folders: subjects, output: output, format: format).run(options)
        }
        let builds = try a.map { a in
            (a: try BuildSource(parsing: a), b: try b.map(BuildSource.init(parsing:)) ?? .current)
        }
        let request = PairedRequest(
            subjects: subjects, builds: builds, fields: load.fields,
            blocks: blocks, time: time, isQuick: Terminal.wantsQuickLook)
        var design = try request.design()
        design.turnNanoseconds = try turns.nanoseconds
        if !Terminal.wantsQuickLook, let reason = design.tooFewPairs(for: options) { Terminal.note("note: \(reason)") }
        if dryRun { return try Terminal.write(format == .json ? JSONText.of(design) : DesignText.of(design)) }
        try DebugBuild.refuse(unless: allowDebug)
        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping; what was measured is saved (again to end at once)")
        let workshop = BuildWorkshop(
            repository: ".", executable: Terminal.executable, interruption: interruption, note: { Terminal.note($0) })
        try request.build(&design, in: workshop)
        try measure(design, options, interruption)
        withExtendedLifetime(watch) {}
    }

    private func measure(_ design: PairedDesign, _ options: ComparisonOptions, _ interruption: Interruption) throws {
        let folder = output ?? ComparePlaces.folder
        let outcome = try PairedRun(
            design: design, catalogue: .all, folder: folder,
            commandLine: ["coordbench"] + CommandLine.arguments.dropFirst(),
            allocations: JemallocCounter.allocationCounter
        ).run(interruption: interruption, progress: CompareProgress(isShown: Terminal.showsProgress))
        var options = options
        options.isCutOff = outcome.isInterrupted || outcome.failure != nil
        let result = Comparison.paired(outcome.results.records, options: options)
        try ComparisonPrinting.finish(
            result, to: folder, format: format, isInterrupted: outcome.isInterrupted,
            failure: outcome.failure.map { failed in
                Terminal.note(
                    "trial \(failed.trial.number), \(failed.trial.line), could not be run; the rest was left out")
                guard design.comparesBuilds, let arm = failed.trial.pairing?.arm else { return failed.error }
                // An error of an unknown sort would pass for a bug of this program.
                return BuildError.incompatible(title: design.side(of: arm).label, reason: "\(failed.error)")
            })
    }

    private static func isScenario(_ subject: String) -> Bool {
        subject.hasSuffix(".yaml") || subject.hasSuffix(".yml")
    }

    private func refuseMixture(_ folders: [String]) throws {
        guard a == nil, folders.count == subjects.count else {
            let other = subjects.first { !folders.contains($0) }
            throw ValidationError(
                "Folders are compared with folders: \(folders[0]) is one, or is meant for one"
                    + (other.map { ", and '\($0)' holds no run.json." } ?? "; leave --a and --b out."))
        }
    }
}

/// How a comparison is printed.
enum ComparisonFormat: String, ExpressibleByArgument, CaseIterable {
    case markdown
    case json
}

/// Where comparisons go.
enum ComparePlaces {
    /// The usual folder.
    static let folder = "results/compare"
}

/// What a comparison looks at and how sure it must be, as flags; a gate takes them too.
struct ComparisonFlags: ParsableArguments {
    @Option(
        help: "A metric to compare, throughput, p99, put.p99; give it again for more. Without it, the load's usual.")
    var metric: [String] = []

    @Option(help: "Relative differences up to this are of no interest.")
    var margin = "2%"

    @Option(help: "The chance of any false 'regressed' in the whole comparison.")
    var level = "1%"

    @Flag(help: "Set runs of hosts that differ side by side: ratios, and no verdict.")
    var acrossHosts = false

    /// The options that the flags come to.
    var options: ComparisonOptions {
        get throws {
            var metrics: [ComparedMetric] = []
            for name in metric.flatMap({ $0.split(separator: ",").map(String.init) }) {
                let parsed = try ComparedMetric(parsing: name)
                if !metrics.contains(parsed) { metrics.append(parsed) }
            }
            var options = try ComparisonOptions(
                metrics: metrics, margin: try Self.share(margin, "--margin"), level: try Self.share(level, "--level"))
            options.allowsOtherHost = acrossHosts
            return options
        }
    }

    private static func share(_ text: String, _ flag: String) throws(ScenarioError) -> Double {
        let isPercent = text.hasSuffix("%")
        let digits = isPercent ? text.dropLast() : text[...]
        guard let value = Double(digits.filter { $0 != " " }), value.isFinite else {
            throw ScenarioError("'\(text)' is not a share; for example 2% or 0.02", at: .commandLine(flag))
        }
        return isPercent ? value / 100 : value
    }
}
