import Harness
import ProtocolKit

/// The command that runs a trial again.
public enum ReproduceCommand {
    /// The command of one trial: its subject and load in full, the rest where it is not the default, the seed always.
    public static func text(of plan: PlannedTrial) -> String {
        let load = plan.workload
        var words = ["coordbench run", quoted(plan.variant)] + subject(plan) + arrivals(plan)
        if plan.population == nil { words.append("--mix \(load.mix)") }
        words += ["--keys \(load.keys)", "--key-count \(load.keyCount)", "--value-size \(load.valueSize)"]
        words += durations(plan)
        if let requests = plan.requests { words.append("--requests \(requests)") }
        words += plan.faults.map { "--fault \(quoted("\(HumanUnits.exactDuration($0.afterNanoseconds)) \($0.text)"))" }
        if !plan.isJudged { words.append("--no-judge") }
        return (words + ["--seed \(plan.seed)"]).joined(separator: " ")
    }

    private static func subject(_ plan: PlannedTrial) -> [String] {
        switch plan.subject {
        case .cluster:
            [
                "--nodes \(plan.nodes)", "--isolation \(plan.isolation.rawValue)",
                "--durability \(plan.durability.rawValue)",
            ]
        case .function: ["--nodes \(plan.nodes)"]
        case .external: ["--connect \(quoted(plan.connect.joined(separator: ",")))"]
        case .threads: []
        }
    }

    private static func arrivals(_ plan: PlannedTrial) -> [String] {
        if plan.subject == .function { return [] }
        var words = plan.population?.map { "--population \(quoted("\($0)"))" } ?? ["--clients \(plan.clients)"]
        if plan.subject != .threads { words.append("--in-flight \(plan.inFlight)") }
        switch plan.arrival {
        case .closed(let think):
            if let law = plan.thinkLaw {
                words.append("--think \(law)")
            } else if think > 0 {
                words.append("--think \(HumanUnits.exactDuration(think))")
            }
        case .trace(let trace):
            words.append("--arrival \(quoted("trace:\(trace.path)"))")
            if trace.isScaled { words.append("--rate \(MetricText.number(trace.perSecond))") }
        case .constant(let rate), .poisson(let rate), .burst(_, let rate):
            words += ["--rate \(MetricText.number(rate))", "--arrival \(plan.arrivalName)"]
            if plan.shape != .steady { words.append("--shape \(quoted("\(plan.shape)"))") }
        }
        return words
    }

    private static func durations(_ plan: PlannedTrial) -> [String] {
        let usual = PlannedTrial(
            variant: plan.variant, subject: plan.subject, family: plan.family, nodes: plan.nodes,
            workload: WorkloadOptions(mix: plan.workload.mix))
        let flags: [(flag: String, path: KeyPath<PlannedTrial, UInt64>)] = [
            ("--hold", \.workload.holdNanoseconds), ("--lease", \.workload.leaseNanoseconds),
            ("--timeout", \.timeoutNanoseconds),
        ]
        let changed = flags.filter { plan[keyPath: $0.path] != usual[keyPath: $0.path] }
        let always: [(flag: String, path: KeyPath<PlannedTrial, UInt64>)] = [
            ("--warm-up", \.warmUpNanoseconds), ("--duration", \.windowNanoseconds),
        ]
        return (changed + always).map { "\($0.flag) \(HumanUnits.exactDuration(plan[keyPath: $0.path]))" }
    }

    /// A command line as a shell takes it.
    public static func text(of commandLine: [String]) -> String {
        commandLine.map(quoted).joined(separator: " ")
    }

    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+@%".contains($0)) }
        if plain, !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
