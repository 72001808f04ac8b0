import Analysis
import ArgumentParser
import Harness
import Reporting

/// `coordbench gate`
struct GateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Judges whether a change may be let in, by a gate file.",
        discussion: """
            A gate file lists checks of three kinds, from the hardest to the softest: exact (figures of the simulator, \
            equal on every machine and in every run), paired (two builds on one machine, interleaved) and stored (a run \
            now beside a stored baseline, or plain bounds). Documentation/gating.md has the form.

              coordbench gate Benchmarks/Gates/protocols.yaml
              coordbench gate gate.yaml --base git:origin/main
              coordbench gate gate.yaml --results results/latest --format markdown

            gate.md, gate.json and junit.xml are written into the output folder. Data that is missing, not valid or \
            from too different a machine is inconclusive, which is never a pass.

            Exit codes: 0 all hold; 3 a check failed; 4 a promise is broken; 5 inconclusive or missing data; 64 gate \
            file; 65 damaged baseline or results; 69 something needed is missing.
            """)

    @Argument(help: "The gate file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(
        help: "The build to compare with, for paired checks: git:REVISION, a folder with the sources, or path:FILE.")
    var base: String?

    @Option(help: "The build that is judged, for paired checks. Without it, this program.")
    var candidate: String?

    @Option(help: "Judge these results in stored checks, and measure nothing for them.", completion: .directory)
    var results: String?

    @Option(help: "The stored baseline's folder.", completion: .directory)
    var baseline = Baseline.usualFolder

    @Option(
        name: [.short, .long], help: "The folder for the report and for what is measured.", completion: .directory)
    var output = "results/runs/gate"

    @Option(help: "What to print: human, json, markdown or junit.")
    var format = GateFormat.human

    @Flag(help: "Measure although this is a debug build; what is measured is not valid, and so inconclusive.")
    var allowDebug = false

    func run() throws {
        let gate = try GateFile.read(file)
        try refuse(gate)
        let interruption = Interruption()
        let watch = SignalWatch(interruption, says: "\nstopping; what was measured is saved (again to end at once)")
        let quick = Terminal.wantsQuickLook ? QuickLimits() : nil
        let measurement = GateMeasurement(
            folder: output, results: results, quick: quick, interruption: interruption)
        let comparison = GateComparison(
            base: base, candidate: candidate, folder: output, quick: quick, allowsDebugBuild: allowDebug,
            interruption: interruption)
        let report = try GateRun(
            .init(
                baseline: try BaselineSource.read(folder: baseline),
                allocatedBytes: JemallocCounter.allocatedBytes, interruption: interruption, quick: quick,
                measure: measurement.results,
                compare: comparison.outcome)
        ).report(on: gate)
        withExtendedLifetime(watch) {}
        try report.write(to: output)
        try Terminal.write(try report.text(format))
        Terminal.note("report: \(output)/gate.md")
        if interruption.isRequested { throw EndedWith(status: .interrupted) }
        if report.outcome != .passed { throw EndedWith(status: ExitStatus(report.outcome)) }
    }

    /// Says what is missing before anything is measured.
    private func refuse(_ gate: Gate) throws {
        let hasPaired = gate.checks.contains { if case .paired = $0.subject { true } else { false } }
        if !hasPaired, let flag = base != nil ? "--base" : candidate != nil ? "--candidate" : nil {
            throw ScenarioError(
                "no check in the gate file compares builds (kind: paired); leave this out, or add one",
                at: .commandLine(flag))
        }
        for check in gate.checks {
            switch check.subject {
            case .exact: continue
            case .stored(let stored):
                if results != nil { continue }
                guard stored.scenario != nil else {
                    throw ScenarioError(
                        "'\(check.name)' has neither scenario: nor trials:; it needs one, or --results", at: check.place
                    )
                }
            case .paired:
                guard base != nil else {
                    throw ScenarioError(
                        "'\(check.name)' compares two builds: name the one to compare with, --base git:REVISION or --base "
                            + "path:FILE",
                        at: check.place)
                }
            }
            #if DEBUG
                guard allowDebug || Terminal.wantsQuickLook else {
                    throw ValidationError(
                        "'\(check.name)' measures, and this is a debug build, whose figures mean nothing. Build with "
                            + "'swift build -c release', or take --allow-debug to see it work.")
                }
            #endif
        }
    }
}

/// Measures what stored checks ask for, or finds it in results that are there.
struct GateMeasurement {
    let folder: String
    let results: String?
    let quick: QuickLimits?
    let interruption: Interruption

    func results(_ check: String, _ scenario: Scenario?) throws -> LoadedResults {
        if let results { return try ResultsFolder.load(from: results) }
        guard var scenario else { throw RecordError.notResults(path: folder) }
        if let quick { scenario.shorten(to: quick) }
        let place = "\(folder)/\(GateMeasurement.folderName(check))"
        let run = BenchmarkRun(
            plan: try Plan([scenario], catalogue: .all), catalogue: .all, folder: place,
            commandLine: ["coordbench"] + CommandLine.arguments.dropFirst(),
            allocations: JemallocCounter.allocationCounter, executable: Terminal.executable)
        let outcome = try run.run(
            interruption: interruption, progress: TerminalProgress(isShown: Terminal.showsProgress))
        if let failure = outcome.failure { throw failure.error }
        if outcome.isInterrupted { throw EndedWith(status: .interrupted) }
        try Report.write(outcome.results, to: place)
        return outcome.results
    }

    /// A check's name as a folder's: letters, digits and dashes.
    static func folderName(_ check: String) -> String {
        let words = check.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? "check" : words.joined(separator: "-")
    }
}

extension ExitStatus {
    /// The status of a gate.
    init(_ outcome: GateOutcome) {
        switch outcome {
        case .passed: self = .done
        case .inconclusive: self = .inconclusive
        case .failed: self = .thresholdFailed
        case .violated: self = .violated
        }
    }
}

extension GateFormat: ExpressibleByArgument {}
