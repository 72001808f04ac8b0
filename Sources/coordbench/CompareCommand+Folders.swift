import Analysis
import Foundation
import Harness
import Reporting

/// `coordbench compare` of what was measured before.
struct CompareFolders {
    let folders: [String]
    let output: String?
    let format: ComparisonFormat?

    func run(_ options: ComparisonOptions) throws {
        if let first = folders.first, folders.count == 1 {
            let results = try ResultsFolder.load(from: first)
            guard results.records.contains(where: { $0.plan.pairing != nil }) else {
                throw ComparisonError.notPaired(first)
            }
            // What ended before an interruption is analysed as far as it goes; damage is not.
            var options = options
            if options.metrics.isEmpty { options.metrics = try Self.metrics(of: results.run.commandLine) }
            for problem in results.problems {
                guard case .cutOff = problem else { throw problem }
                Terminal.note("\(problem)")
                options.isCutOff = true
            }
            return try ComparisonPrinting.finish(
                Comparison.paired(results.records, options: options), to: output ?? first, format: format)
        }
        let places = folders.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().standardizedFileURL.path }
        if places[0] == places[1] { throw ComparisonError.sameFolder(folders[0]) }
        let (a, b) = (try ResultsFolder.load(from: folders[0]), try ResultsFolder.load(from: folders[1]))
        for results in [a, b] { _ = try results.complete() }
        let result = try Comparison.unpaired(a, b, options: options)
        try ComparisonPrinting.finish(result, to: output ?? ComparePlaces.folder, format: format)
    }
}

extension CompareFolders {
    /// The metrics that were asked for when a folder's comparison was measured; empty where none were.
    static func metrics(of commandLine: [String]) throws -> [ComparedMetric] {
        var names: [String] = []
        for (place, word) in commandLine.enumerated() {
            if word == "--metric", place + 1 < commandLine.count { names.append(commandLine[place + 1]) }
            if word.hasPrefix("--metric=") { names.append(String(word.dropFirst("--metric=".count))) }
        }
        let parsed = try names.flatMap { $0.split(separator: ",") }.map { try ComparedMetric(parsing: String($0)) }
        return parsed.reduce(into: []) { all, metric in if !all.contains(metric) { all.append(metric) } }
    }
}

/// The end of every comparison: files, standard output, exit code.
enum ComparisonPrinting {
    static func finish(
        _ result: ComparisonOutcome, to folder: String, format: ComparisonFormat?, isInterrupted: Bool = false,
        failure: (any Error)? = nil
    ) throws {
        let report = try ComparisonReport.write(result, to: folder)
        switch format {
        case .markdown: try Terminal.write(ComparisonReport.markdown(of: result))
        case .json: try Terminal.write(String(decoding: try result.encoded(), as: UTF8.self))
        case nil: try Terminal.write(ComparisonTable.text(of: result))
        }
        Terminal.note("report: \(report)")
        if let failure { throw failure }
        let status = isInterrupted && result.verdict != .violated ? .interrupted : ExitStatus(result.verdict)
        if status != .done { throw EndedWith(status: status) }
    }
}

extension ExitStatus {
    /// The status of a comparison.
    init(_ verdict: ComparisonVerdict) {
        switch verdict {
        case .violated: self = .violated
        case .regressed: self = .thresholdFailed
        case .inconclusive: self = .inconclusive
        case .changed, .improved, .noChangeShown: self = .done
        }
    }
}
