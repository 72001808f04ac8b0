import Analysis
import ArgumentParser
import Foundation
import Harness
import Reporting

/// `coordbench history`
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows a metric over runs, and where it changed.",
        discussion: """
            Takes the folders of runs in the order of time; of each cell's repetitions the median counts. A change is \
            where a series splits into two that differ more than all but a share --alpha of random orders do \
            (E-divisive). A damaged folder is named, the others are shown, and the exit code is 65.

              coordbench history results/runs/*
              coordbench history results/runs/* --metric put.latency_p99 --svg history.svg
            """)

    @Argument(help: "Folders that runs wrote.", completion: .directory)
    var folders: [String]

    @Option(help: "The metric, as in gate files: throughput, latency_p99, put.latency_p50.")
    var metric = "throughput"

    @Option(help: "How rare a change must be by chance, for each cell.")
    var alpha = 0.01

    @Option(help: "How to print it: human, json, markdown or svg.")
    var format = HistoryFormat.human

    @Option(help: "A file for the drawing, too.", completion: .file(extensions: ["svg"]))
    var svg: String?

    func run() throws {
        guard alpha >= 0.001, alpha <= 0.2 else {
            throw ScenarioError("alpha can't be \(alpha); from 0.001 to 0.2", at: .commandLine("--alpha"))
        }
        let (operation, metric) = try wanted()
        var seen: [String: String] = [:]
        for folder in folders {
            let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().standardizedFileURL.path
            if let other = seen.updateValue(folder, forKey: place) {
                throw ScenarioError(
                    "\(folder) is \(other) again: one run would count as several; leave it out",
                    at: .commandLine("the folders"))
            }
        }
        var results: [LoadedResults] = []
        var problems: [RecordError] = []
        for folder in folders {
            do throws(RecordError) {
                let loaded = try ResultsFolder.load(from: folder)
                problems += loaded.problems
                results.append(loaded)
            } catch {
                problems.append(error)
            }
        }
        let history = ResultsHistory(of: results, metric: metric, operation: operation, alpha: alpha)
        try Terminal.write(try HistoryReport.text(of: history, format: format))
        if let svg { try AtomicFile.write(try HistoryReport.text(of: history, format: .svg), to: svg) }
        guard problems.isEmpty else {
            for problem in problems { Terminal.note("Error: \(problem)") }
            throw EndedWith(status: .unreadable)
        }
        if history.series.isEmpty { throw EndedWith(status: .inconclusive) }
    }

    /// The kind of operation and the metric that a text names.
    private func wanted() throws(ScenarioError) -> (String?, Metric) {
        let dot = metric.lastIndex(of: ".")
        let bare = dot.map { String(metric[metric.index(after: $0)...]) } ?? metric
        let numbers = Metric.all.filter { $0.unit != .text && $0.nature != .setting }
        guard let found = numbers.first(where: { $0.name == bare || $0.aliases.contains(bare) }) else {
            let names = numbers.flatMap { [$0.name] + $0.aliases }
            throw ScenarioError(
                "no figure '\(bare)'\(NearestName.question(for: bare, among: names)) Documentation/metrics.md lists them",
                at: .commandLine("--metric"))
        }
        return (dot.map { String(metric[..<$0]) }, found)
    }
}

extension HistoryFormat: ExpressibleByArgument {}
