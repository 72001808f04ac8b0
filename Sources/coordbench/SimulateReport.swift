import Harness
import ProtocolKit
import Simulation

/// What a campaign came to, for people and for programs.
struct SimulateReport {
    let request: SimulateRequest
    let finding: SimulationFinding
    let isInterrupted: Bool

    private var summary: SimulationCampaign.Summary { finding.summary }

    var status: ExitStatus {
        if summary.failureCount > 0 { return .violated }
        if isInterrupted { return .interrupted }
        return summary.unknownCount > 0 || summary.seeds == 0 ? .inconclusive : .done
    }

    /// What people read.
    var text: String {
        var parts = [totals, SimulateCoverage(summary).text]
        for (place, result) in (summary.failures + summary.unknown).prefix(10).enumerated() {
            if place == 0, let shrunk = finding.shrunk, shrunk.result.seed == result.seed {
                parts.append(describe(result, shrunk))
            } else {
                parts.append("seed \(result.seed) \(result.outcome)\n  \(command(seed: result.seed))")
            }
        }
        if let resume { parts.append("stopped early; the rest: \(resume)") }
        return parts.joined(separator: "\n\n")
    }

    private var totals: String {
        let perCore = summary.stepsPerSecond / Double(max(1, summary.workers))
        return """
            \(summary.seeds) runs of \(request.variant): \(summary.passed) passed, \(summary.failureCount) violated, \
            \(summary.unknownCount) unknown
            \(summary.steps) steps checked, \(Int(summary.stepsPerSecond)) a second on \(summary.workers) cores, \
            \(Int(perCore)) on each
            \(summary.answered) operations answered, \(summary.failed) refused, \(summary.indeterminate) of unknown effect
            \(Quantity.describe(nanoseconds: summary.virtualNanoseconds)) of virtual time in \
            \(Quantity.describe(nanoseconds: summary.elapsedNanoseconds))
            """
    }

    private func describe(_ result: SimulationResult, _ shrunk: ShrunkFailure) -> String {
        let options = shrunk.options
        let minimal = shrunk.isMinimal ? "none of them can be left out" : "there may be fewer"
        var lines = [
            "seed \(result.seed) \(result.outcome)",
            "  found with \(shrunk.originalFaults) faults and \(request.flags.operations) operations: "
                + command(seed: result.seed),
            "  shrunk in \(shrunk.replays) runs to \(shrunk.script.count) faults (\(minimal)) and "
                + "\(options.operations) operations on \(options.nodes) nodes by \(options.clients) clients with "
                + "\(options.usersPerClient) users:",
        ]
        lines += shrunk.script.map { "    @\(DurationText.write($0.nanoseconds)) \($0.fault)" }
        lines.append("  \(shrunk.result.outcome)")
        lines.append("  replay it with its trace:\n    \(command(shrunk))")
        return lines.joined(separator: "\n")
    }

    /// The seeds that weren't started, as a command.
    var resume: String? {
        guard isInterrupted, let next = summary.nextSeed else { return nil }
        return command(seeds: "\(next)..\(request.seeds.upperBound)", isTrace: false)
    }

    /// The command that runs one seed again, with its trace.
    private func command(seed: UInt64) -> String { command(seeds: "\(seed)", isTrace: true) }

    /// The command that runs a shrunk failure again, with its trace.
    func command(_ shrunk: ShrunkFailure) -> String {
        let fault: String
        if case .none = request.faults {
            fault = "none"
        } else {
            // A script without faults isn't the same as none: the seed still draws network, disks and clocks.
            fault = FaultScript.write(shrunk.script)
        }
        return command(seeds: "\(shrunk.options.seed)", isTrace: true, fault: fault, shrunk.options)
    }

    private func command(
        seeds: String, isTrace: Bool, fault: String? = nil, _ shrunk: SimulationOptions? = nil
    ) -> String {
        let flags = request.flags
        var words = ["coordbench simulate '\(request.variant)' --seeds \(seeds)"]
        func add(_ flag: String, _ value: String, unless usual: String = "") {
            if value != usual { words.append("--\(flag) \(Self.quoted(value))") }
        }
        if let nodes = shrunk?.nodes ?? flags.nodes { add("nodes", "\(nodes)") }
        add("operations", "\(shrunk?.operations ?? flags.operations)", unless: "500")
        add("clients", "\(shrunk?.clients ?? flags.clients)", unless: "3")
        add("users", "\(shrunk?.usersPerClient ?? flags.users)", unless: "2")
        add("workload", flags.workload ?? "")
        add("keys", "\(flags.keys)", unless: "4")
        add("fault", fault ?? flags.fault, unless: "all")
        add("region-matrix", flags.regionMatrix ?? "")
        add("delay", flags.delay ?? "")
        add("durability", flags.durability.rawValue, unless: Durability.synced.rawValue)
        add("mutation", flags.mutation ?? "")
        if isTrace { words.append("--trace") }
        return words.joined(separator: " ")
    }

    /// A word as the shell takes it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_=,./:".contains($0)) }
        return isPlain
            ? word
            : "'"
                + word.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''") + "'"
    }
}
