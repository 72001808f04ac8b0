import Measurement
import ProtocolKit
import Verification

extension Metric {
    /// What an operation cost; all kinds together, since costs can't be told apart by kind.
    static let costs: [Metric] =
        serverCosts + traffic + [
            .number("lookup_ns", .nanoseconds, .lower, .measured, "Mean time of one placement lookup.") {
                $0.ofTrial($0.record.extra("lookup_ns"))
            },
            .number(
                "balance_max_over_mean", .number, .lower, .counted,
                "Keys on the fullest node over the mean: 1 is even."
            ) { $0.ofTrial($0.record.extra("balance_max_over_mean")) },
            .number(
                "keys_moved_fraction", .share, .lower, .counted,
                "Keys that changed their node when one joined: at least 1/(nodes + 1) must."
            ) { $0.ofTrial($0.record.extra("keys_moved_fraction")) },
        ]

    private static let serverCosts: [Metric] = [
        .number(
            "server_cpu_us_per_op", .microseconds, .lower, .measured,
            "Processor time of all nodes for each successful operation."
        ) { $0.perOperation($0.record.server.processorNanoseconds).map { $0 / 1e3 } },
        .number(
            "generator_cpu_us_per_op", .microseconds, .lower, .measured,
            "Processor time of the load generator for each successful operation."
        ) { $0.perOperation($0.record.generatorCost.processorNanoseconds).map { $0 / 1e3 } },
        .number(
            "server_context_switches_per_op", .number, .lower, .measured,
            "Context switches of all nodes, voluntary or not, for each successful operation."
        ) { $0.perOperation($0.record.server.contextSwitches) },
        .number(
            "server_allocations_per_op", .number, .lower, .measured,
            "Heap allocations of all nodes for each successful operation."
        ) { $0.perOperation($0.record.server.allocations) },
        .number(
            "server_allocated_bytes_per_op", .bytes, .lower, .measured,
            "Bytes allocated by all nodes for each successful operation."
        ) { $0.perOperation($0.record.server.allocatedBytes) },
        .number(
            "server_peak_memory_bytes", .bytes, .lower, .measured,
            "The most memory that any server process ever had resident."
        ) { row in row.ofTrial(row.record.server.peakResidentBytes.map { Double($0) }) },
    ]

    private static let traffic: [Metric] = [
        .number(
            "messages_per_op", .number, .lower, .counted, "Messages between nodes for each successful operation."
        ) { $0.perOperation($0.record.counters.messages) },
        .number(
            "bytes_per_op", .bytes, .lower, .counted,
            "Bytes between nodes and to and from clients for each successful operation."
        ) { row in
            guard let messages = row.record.counters.messageBytes, let clients = row.record.counters.clientBytes else {
                return nil
            }
            return row.perOperation(messages &+ clients)
        },
        .number("message_bytes_per_op", .bytes, .lower, .counted, "Of these, between nodes.") {
            $0.perOperation($0.record.counters.messageBytes)
        },
        .number("client_bytes_per_op", .bytes, .lower, .counted, "Of these, to and from clients.") {
            $0.perOperation($0.record.counters.clientBytes)
        },
        .number("log_writes_per_op", .number, .lower, .counted, "Writes to log files for each successful operation.") {
            $0.perOperation($0.record.counters.logWrites)
        },
        .number("log_bytes_per_op", .bytes, .lower, .counted, "Bytes written to logs for each successful operation.") {
            $0.perOperation($0.record.counters.logBytes)
        },
        .number("syncs_per_op", .number, .lower, .counted, "Syncs of log files for each successful operation.") {
            $0.perOperation($0.record.counters.syncs)
        },
    ]

    /// What was judged, and what the figures are worth.
    static let judgements: [Metric] = [
        .text(
            "verdict", .judged, words: ["correct", "violated", "unknown"],
            "All judged properties together: `correct`, `violated` or `unknown`, which is not a pass."
        ) { $0.record.verdict.word },
        .text(
            "consistency", .judged, words: ConsistencyModel.allCases.map(\.rawValue) + ["none"],
            "In trials with faults: the strongest model that the clients' history is proved to keep."
        ) { row in
            row.record.consistency.map { $0.earned?.rawValue ?? "none" }
        },
        .number(
            "stale_reads", .share, .lower, .judged,
            "In trials with faults: the share of reads that missed a newer version."
        ) { $0.record.consistency?.staleness.staleShare },
        .number(
            "stalest_read_versions", .number, .lower, .judged,
            "In trials with faults: how many newer versions the stalest read missed."
        ) { $0.record.consistency.map { Double($0.staleness.versions.max) } },
        .number(
            "stalest_read_us", .microseconds, .lower, .judged,
            "In trials with faults: how long a newer version had been there when the stalest read began."
        ) { $0.record.consistency.map { Double($0.staleness.nanoseconds.max) / 1_000 } },
        .text(
            "valid", .judged, words: ["true", "false"], "Whether the figures may be relied upon."
        ) { $0.record.validity.isValid ? "true" : "false" },
        .text("notes", .judged, "Why not, and what else limits them.") { row in
            row.record.validity.notes.isEmpty ? nil : row.record.validity.notes.joined(separator: "; ")
        },
        .text("interrupted", .judged, words: ["true", "false"], "Whether the trial was broken off.") {
            $0.record.isInterrupted ? "true" : "false"
        },
        .text("started", .setting, "When the trial began, ISO 8601 in UTC.") { $0.record.started.description },
        .text("program_version", .setting, "The version of coordbench.") { $0.record.programVersion },
    ]
}
