import Analysis
import ArgumentParser
import Harness
import Reporting

/// `coordbench baseline`
struct BaselineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Keeps the figures that later ones are held against.",
        discussion: """
            A baseline is one small text file, a line each figure, that is committed and read in a diff: medians of a \
            run with their spread and the machine they come from, and exact figures of the simulator.

              coordbench baseline update results/latest
              coordbench baseline update --gate Benchmarks/Gates/protocols.yaml
              coordbench baseline show
            """,
        subcommands: [Update.self, Show.self])

    /// `coordbench baseline update`
    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "update",
            abstract: "Takes a run's figures, or the exact figures of a gate, into the baseline.",
            discussion: """
                Cells and systems that are measured or simulated again replace themselves, all others stay; the figures \
                of another machine go. What changed is printed. Trials that are not correct or not valid are left out, \
                and then the exit code is 5.

                  coordbench baseline update results/latest
                  coordbench baseline update results/latest --metric latency_p999
                  coordbench baseline update --gate Benchmarks/Gates/protocols.yaml
                """)

        @Argument(help: "A folder that a run wrote.", completion: .directory)
        var folder: String?

        @Option(
            help: "A gate file, whose exact figures compared with a baseline are simulated.",
            completion: .file(extensions: ["yaml"]))
        var gate: [String] = []

        @Option(help: "A further metric to keep of every cell.")
        var metric: [String] = []

        @Option(help: "The baseline's folder.", completion: .directory)
        var baseline = Baseline.usualFolder

        @Flag(help: "Print what would change and write nothing.")
        var dryRun = false

        func validate() throws {
            guard folder == nil, gate.isEmpty else { return }
            throw ValidationError(
                "Name the folder of a run, such as results/latest, or a gate file with --gate, or both.")
        }

        func run() throws {
            let metrics = try (Baseline.usualMetrics + metric).map { name throws(ScenarioError) in
                guard let metric = Metric.all.first(where: { $0.name == name || $0.aliases.contains(name) }),
                    metric.unit != .text, metric.nature != .setting
                else {
                    let names = Metric.all.filter { $0.nature != .setting }.flatMap { [$0.name] + $0.aliases }
                    throw ScenarioError(
                        "no figure '\(name)'\(NearestName.question(for: name, among: names)) Documentation/metrics.md "
                            + "lists them", at: .commandLine("--metric"))
                }
                return metric
            }
            let exact = try gate.map { file in try GateFile.read(file) }.flatMap(\.checks)
            if folder == nil, !exact.contains(where: { Self.keepsFigures($0) }) {
                throw ScenarioError(
                    "no exact check in \(gate.joined(separator: ", ")) compares with 'baseline': there is nothing to keep",
                    at: .commandLine("--gate"))
            }
            let old = try before()
            var new = old
            var leftOut: [String] = []
            for case .exact(let check) in exact.map(\.subject) where !check.baselineMetrics.isEmpty {
                new.take(
                    try ExactFigures.simulate(
                        check, catalogue: .all, allocatedBytes: JemallocCounter.allocatedBytes),
                    metrics: check.baselineMetrics)
            }
            if let folder {
                let results = try ResultsFolder.load(from: folder)
                leftOut = new.take(try results.complete(), host: results.run.host, metrics: metrics)
            }
            let changes = BaselineChange.between(old, new)
            try Terminal.write(BaselineText.text(of: changes))
            if let processor = old.host?.processorModel, old.host != new.host {
                let gone = changes.count { $0.now == nil && !$0.key.isExact }
                if gone > 0 { Terminal.note("\(gone) figures are gone: they were of another machine (\(processor))") }
            }
            for line in leftOut { Terminal.note(line) }
            if !dryRun, new != old {
                try new.write(folder: baseline)
                Terminal.note("wrote \(baseline)/\(Baseline.fileName)")
            }
            if !leftOut.isEmpty { throw EndedWith(status: .inconclusive) }
        }

        /// Whether a check has figures that a baseline keeps.
        private static func keepsFigures(_ check: GateCheck) -> Bool {
            guard case .exact(let exact) = check.subject else { return false }
            return !exact.baselineMetrics.isEmpty
        }

        /// What is there already; a file of another form gives way to the new one.
        private func before() throws -> Baseline {
            do {
                return try Baseline.load(folder: baseline)
            } catch BaselineError.missing {
                return Baseline()
            } catch let error as BaselineError {
                guard case .otherSchema = error else { throw error }
                Terminal.note("\(error)")
                return Baseline()
            }
        }
    }

    /// `coordbench baseline show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Prints the baseline: the machine, and a line for each figure.",
            discussion: "  coordbench baseline show")

        @Option(help: "The baseline's folder.", completion: .directory)
        var baseline = Baseline.usualFolder

        func run() throws {
            try Terminal.write(BaselineText.text(of: try Baseline.load(folder: baseline)))
        }
    }
}
