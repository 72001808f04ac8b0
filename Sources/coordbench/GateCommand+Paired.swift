import Analysis
import Harness
import Reporting

/// Compares the builds of a gate's paired checks.
struct GateComparison {
    let base: String?
    let candidate: String?
    let folder: String
    let quick: QuickLimits?
    let allowsDebugBuild: Bool
    let interruption: Interruption

    /// Measures both builds in pairs and says how they differ; the records and the comparison's own report stay in a
    /// folder of the check's name.
    func outcome(_ name: String, _ check: PairedCheck) throws -> ComparisonOutcome {
        let trials = try trials(of: check)
        let sources = (
            base: try BuildSource(parsing: base ?? "current"),
            new: try candidate.map(BuildSource.init(parsing:)) ?? .current
        )
        func side(_ source: BuildSource) -> PairedDesign.Side {
            PairedDesign.Side(label: "\(source)", executable: Terminal.executable)
        }
        // What can't be compared is refused before anything is built.
        var design = try PairedDesign(
            a: side(sources.base), trials, b: side(sources.new), trials,
            length: quick == nil ? check.length : .blocks(PairedRequest.quickBlocks),
            seed: trials.first?.seed ?? 1, comparesBuilds: true)
        var options = try ComparisonOptions(
            metrics: check.metrics.map { ComparedMetric($0) }, margin: check.margin)
        options.allowsDebugBuild = allowsDebugBuild
        if quick == nil, let reason = design.tooFewPairs(for: options) { Terminal.note("note: '\(name)': \(reason)") }
        design.a = try built(sources.base, trials)
        design.b = try built(sources.new, trials)
        let place = "\(folder)/\(GateMeasurement.folderName(name))"
        let run = try PairedRun(
            design: design, catalogue: .all, folder: place,
            commandLine: ["coordbench"] + CommandLine.arguments.dropFirst(),
            allocations: JemallocCounter.allocationCounter
        ).run(interruption: interruption, progress: CompareProgress(isShown: Terminal.showsProgress))
        if let failure = run.failure {
            let arm = failure.trial.pairing?.arm ?? .a
            throw BuildError.incompatible(title: design.side(of: arm).label, reason: "\(failure.error)")
        }
        if run.isInterrupted { throw EndedWith(status: .interrupted) }
        let outcome = Comparison.paired(run.results.records, options: options)
        try ComparisonReport.write(outcome, to: place)
        return outcome
    }

    /// The check's trials, once each: blocks repeat them.
    private func trials(of check: PairedCheck) throws(ScenarioError) -> [PlannedTrial] {
        var scenario = check.scenario
        for index in scenario.matrices.indices {
            scenario.matrices[index].repetitions.value = 1
            for (field, usual) in [
                (ScenarioField.duration, PairedRequest.usualWindow), (.warmUp, PairedRequest.usualWarmUp),
            ]
            where field == .duration
                ? scenario.matrices[index].duration.isEmpty : scenario.matrices[index].warmUp.isEmpty
            {
                try scenario.matrices[index].set(field, to: [Placed(usual, at: .builtIn)])
            }
        }
        if let quick { scenario.shorten(to: quick) }
        return try Plan([scenario], catalogue: .all).trials
    }

    /// A side's program, built where it must be, which knows every system that it is to run.
    private func built(_ source: BuildSource, _ trials: [PlannedTrial]) throws -> PairedDesign.Side {
        let workshop = BuildWorkshop(
            repository: ".", executable: Terminal.executable, interruption: interruption, note: { Terminal.note($0) })
        var program: BuiltProgram?
        for trial in trials {
            if let program {
                try NodeInterface.check(
                    program.executable, title: program.title, system: trial.variant, nodes: trial.nodes)
            } else {
                program = try workshop.program(of: source, system: trial.variant, nodes: trial.nodes)
            }
        }
        guard let program else { throw BuildError.unreadable("\(source)") }
        return PairedDesign.Side(label: program.title, executable: program.executable)
    }
}
