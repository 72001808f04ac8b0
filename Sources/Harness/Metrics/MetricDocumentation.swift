/// The documentation of records and columns, printed from the registry so that it can't differ from it.
public enum MetricDocumentation {
    /// `Documentation/metrics.md`.
    public static var markdown: String {
        var lines = [
            "# Metrics and records", "",
            "Printed by the program from its registry of metrics; a test compares the two.", "",
            "## Columns of results.csv", "",
            "One row for each trial and kind of operation, then one with all kinds together (`operation` is `all`)."
                + " An empty cell was not measured or does not apply; it is never 0. Costs, fairness and counters are"
                + " of the trial as a whole: they stand in the row of all kinds, and in a kind's own where it is the only"
                + " one.", "",
            "*Counted* figures come out equal on every machine in the simulator, and can be gated exactly there;"
                + " *measured* ones differ from run to run.", "",
            "| column | unit | better | nature | what it is |", "|---|---|---|---|---|",
        ]
        for metric in Metric.all {
            let better =
                switch metric.direction {
                case .higher: "higher"
                case .lower: "lower"
                case .neither: "–"
                }
            lines.append(
                "| `\(metric.name)` | \(metric.unit.rawValue) | \(better) | \(metric.nature.rawValue) |"
                    + " \(metric.summary) |")
        }
        return (lines + simulated + thresholds + record).joined(separator: "\n") + "\n"
    }

    private static var simulated: [String] {
        [
            "", "## Figures of the simulator", "",
            "For exact gates (gating.md), beside the counted columns `messages_per_op`, `syncs_per_op`,"
                + " `message_bytes_per_op`, `client_bytes_per_op`, `bytes_per_op`, and `verdict`.", "",
            "| name | unit | what it is |", "|---|---|---|",
        ] + Metric.simulated.map { "| `\($0.name)` | \($0.unit.rawValue) | \($0.summary) |" }
    }

    private static var thresholds: [String] {
        let aliased = Metric.all.filter { !$0.aliases.isEmpty }
            .map { "`\($0.name)` (\($0.aliases.map { "`\($0)`" }.joined(separator: ", ")))" }
        let units = Metric.Unit.allCases.filter { !$0.scales.isEmpty }
            .map { unit in
                let names = unit.scales.map { $0.name.isEmpty ? "none" : "`\($0.name)`" }
                return "| \(unit.rawValue) | \(names.joined(separator: ", ")) |"
            }
        return [
            "", "## Thresholds", "",
            "`--fail-if 'p99 > 5ms'` takes the name of a figure, one of `<` `<=` `>` `>=` `==` `!=`, and a value;"
                + " `put.p99` looks at one kind of operation. A figure that was not measured fails. Short names: "
                + aliased.joined(separator: ", ") + ".", "",
            "Gate files also take `baseline`, `baseline * 1.10`, `baseline + 5ms` and, for what a paper states, `audit`.",
            "",
            "| unit of the metric | units of the value |", "|---|---|",
        ] + units
    }

    private static var record: [String] {
        [
            "", "## Trial records (`\(TrialRecord.currentSchema)`)", "",
            "A results folder holds `run.json` (`\(RunRecord.currentSchema)`) and a file under `trials/` for each trial,"
                + " written whole or not at all as soon as the trial ends. Fields that were not measured are left out."
                + " Histograms are HdrHistogram V2 in base64, as that project's tools read it.", "",
            "| field | what it is |", "|---|---|",
        ] + recordFields.map { "| `\($0.field)` | \($0.summary) |" }
    }

    /// The top-level fields of a trial record, in alphabetical order as the files have them.
    public static let recordFields: [(field: String, summary: String)] = [
        ("arrivals", "What came of every operation offered in the window: the sum comes out, or the trial says so."),
        ("availability", "Between faults, on each side of a partition: tried, answered, refused, the longest silence."),
        ("completedPerClient", "Operations that each client completed, by its number."),
        ("consistency", "Under faults: the models that the history keeps, and how old its reads were."),
        ("costs", "What one operation of each kind must cost by the paper: delays, messages, syncs."),
        ("counters", "Messages, bytes, log writes and syncs over the window, all nodes together."),
        ("events", "The protocol's own events and how often they came."),
        ("extras", "Figures that only some families have."),
        ("fairness", "Indices of how evenly `completedPerClient` is spread."),
        ("faults", "What struck the cluster, and when."),
        ("floor", "The machine floor measured in the same run."),
        ("generator", "Wake lateness (the generator's fault) and back-pressure wait (the system's), apart."),
        ("generatorCost", "What the load generator used of the machine."),
        ("host", "The machine and build."),
        ("hostActivity", "What the whole machine did over the window: idle, stolen, under pressure."),
        ("isInterrupted", "Whether the trial was broken off."),
        ("operations", "For each kind: completed, errors by kind, latency and service histograms, sample sizes."),
        ("plan", "All that was asked: variant, load, durability, seed."),
        ("programVersion", "The version of coordbench."),
        ("schema", "`\(TrialRecord.currentSchema)`."),
        ("server", "What the servers used of the machine, all nodes together."),
        ("started", "When it began, ISO 8601 in UTC."),
        ("steadiness", "Whether throughput stayed where it was, with the test's numbers."),
        ("subjectVersion", "What an external server says of its own version."),
        ("timeline", "Completions, errors and latencies by interval from the window's start, all kinds together."),
        ("validity", "Whether the figures may be relied upon, and why not."),
        ("verdicts", "Each judged property: verdict, basis, and the counter-example of a violation."),
        ("waiterFairness", "How a lock treated those who waited."),
        ("warnings", "Anything else that a reader should know."),
        ("windowNanoseconds", "The length of the measured window as it came out."),
    ]
}
