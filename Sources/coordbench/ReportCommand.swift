import ArgumentParser
import Harness
import Reporting

/// `coordbench report`
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Renders the report of a results folder again, from its records alone.",
        discussion: """
            Prints to standard output; with --write it also renews report.md, results.csv, results.json and the \
            histograms in the folder. A damaged or cut off folder is shown as far as it can be read, its problems named \
            on standard error, and the exit code is 65.

              coordbench report results/latest
              coordbench report results/latest --format csv > rows.csv
            """)

    @Argument(help: "A folder that a run wrote.", completion: .directory)
    var folder: String

    @Option(help: "How to print it: markdown, csv or json.")
    var format = ReportFormat.markdown

    @Flag(help: "Write the folder's reports again, too.")
    var write = false

    func run() throws {
        let results = try ResultsFolder.load(from: folder)
        try Terminal.write(Report.render(results, format: format))
        if write { Terminal.note("wrote \(try Report.write(results, to: folder))") }
        guard results.problems.isEmpty else {
            for problem in results.problems { Terminal.note("Error: \(problem)") }
            throw EndedWith(status: .unreadable)
        }
    }
}

extension ReportFormat: ExpressibleByArgument {}
