import Harness

/// The command that runs a trial again.
public enum ReproduceCommand {
    /// The command of one trial, all that differs from the defaults spelt out, the seed always.
    public static func text(of plan: PlannedTrial) -> String {
        var words = ["coordbench run", quoted(plan.variant)]
        if plan.subject == .cluster {
            words += ["--nodes \(plan.nodes)", "--isolation \(plan.isolation.rawValue)"]
            words.append("--durability \(plan.durability.rawValue)")
        }
        if !plan.connect.isEmpty { words.append("--connect \(quoted(plan.connect.joined(separator: ",")))") }
        if plan.subject != .function {
            words.append("--clients \(plan.clients)")
            if plan.subject != .threads { words.append("--in-flight \(plan.inFlight)") }
            if let rate = plan.offeredPerSecond {
                words += ["--rate \(MetricText.number(rate))", "--arrival \(plan.arrivalName)"]
            }
        }
        let load = plan.workload
        words.append("--mix \(load.mix.shares.map { "\($0.kind)=\($0.weight)" }.joined(separator: ","))")
        words += ["--keys \(load.keys)", "--key-count \(load.keyCount)", "--value-size \(load.valueSize)"]
        words.append("--warm-up \(HumanUnits.exactDuration(plan.warmUpNanoseconds))")
        words.append("--duration \(HumanUnits.exactDuration(plan.windowNanoseconds))")
        if let requests = plan.requests { words.append("--requests \(requests)") }
        return (words + ["--seed \(plan.seed)"]).joined(separator: " ")
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
