import ProtocolKit

extension PlannedTrial {
    /// The variant's system, without options.
    public var systemName: String {
        (try? Variant(parsing: variant))?.system ?? variant
    }

    /// How the subject runs, in a word: `sockets`, `threads`, `function` or `external`.
    public var runtimeName: String {
        switch subject {
        case .cluster: "sockets"
        case .threads: "threads"
        case .function: "function"
        case .external: "external"
        }
    }

    /// How operations arrive, in a word: `closed`, `constant`, `poisson`, `burst:100` or `trace`.
    public var arrivalName: String {
        switch arrival {
        case .closed: "closed"
        case .constant: "constant"
        case .poisson: "poisson"
        case .burst(let size, _): "burst:\(size)"
        case .trace: "trace"
        }
    }

    /// The rate asked for, operations a second; nil for a closed loop and for a trace whose arrivals all come at once,
    /// which have none.
    public var offeredPerSecond: Double? {
        switch arrival {
        case .closed: nil
        case .constant(let rate), .poisson(let rate), .burst(_, let rate): rate
        case .trace(let trace): trace.perSecond > 0 ? trace.perSecond : nil
        }
    }
}

extension Metric {
    /// What tells a row from others: the subject and its load.
    static let settings: [Metric] = [
        .number("trial", .number, .neither, .setting, "Place of the trial in the run's plan, from 1.") {
            Double($0.plan.number)
        },
        .number("repetition", .number, .neither, .setting, "Which repetition of the same settings, from 1.") {
            Double($0.plan.repetition)
        },
        .text(
            "arm", .setting, words: PairedPlace.Arm.allCases.map(\.rawValue),
            "In a comparison: `A`, `B`, or A again as its control, `A'`."
        ) {
            $0.plan.pairing?.arm.rawValue
        },
        .number(
            "block", .number, .neither, .setting,
            "In a comparison: which block the trial belongs to, from 1; 0 warms up and isn't analysed."
        ) { row in row.plan.pairing.map { Double($0.block) } },
        .text("group", .setting, "The heading that the scenario gives the trial.") {
            $0.plan.group.isEmpty ? nil : $0.plan.group
        },
        .text("system", .setting, "The system under test, without options.") { $0.plan.systemName },
        .text("variant", .setting, "The system with its options, as the command line and scenarios take it.") {
            $0.plan.variant
        },
        .text("family", .setting, "`consensus`, `locks`, `placement` or `commit`.") { $0.plan.family.rawValue },
        .text(
            "runtime", .setting,
            "`sockets` (nodes on loopback TCP), `threads`, `function` or `external` (servers that ran already)."
        ) { $0.plan.runtimeName },
        .number("nodes", .number, .neither, .setting, "Nodes of the cluster, or nodes that keys are placed on.") {
            $0.plan.subject == .threads ? nil : Double($0.plan.nodes)
        },
        .text("isolation", .setting, "`processes` (each node one) or `shared` (all in the generator's).") {
            $0.plan.subject == .cluster ? $0.plan.isolation.rawValue : nil
        },
        .text("durability", .setting, "`memory`, `buffered` (written, not synced) or `synced` (fdatasync).") {
            $0.plan.subject == .cluster ? $0.plan.durability.rawValue : nil
        },
        .text(
            "arrival", .setting,
            "`closed` loop, or open loop: `constant`, `poisson`, `burst:N` (N at once) or a recorded `trace`."
        ) {
            $0.plan.subject == .function ? nil : $0.plan.arrivalName
        },
        .number("clients", .number, .neither, .setting, "Client connections, or threads.") {
            $0.plan.subject == .function ? nil : Double($0.plan.clients)
        },
        .number("in_flight", .number, .neither, .setting, "Operations that each client has under way at most.") {
            $0.plan.subject == .function ? nil : Double($0.plan.inFlight)
        },
        .number("offered_per_s", .perSecond, .neither, .setting, "The open loop's rate, all kinds together.") {
            $0.plan.offeredPerSecond
        },
        .text("mix", .setting, "Shares of the kinds of operation.") { row in
            row.plan.workload.mix.shares.map { "\($0.kind)=\($0.weight)" }.joined(separator: " ")
        },
        .text("keys", .setting, "How keys (locks, accounts) are chosen.") { $0.plan.workload.keys.description },
        .number("key_count", .number, .neither, .setting, "How many keys there are.") {
            Double($0.plan.workload.keyCount)
        },
        .text("value_bytes", .setting, "Sizes of written values, bytes.") { $0.plan.workload.valueSize.description },
        .text("seed", .setting, "What everything random in the trial is drawn from.") { "\($0.plan.seed)" },
        .number("window_s", .seconds, .neither, .setting, "Length of the measured window as it came out.") {
            Double($0.record.windowNanoseconds) / 1e9
        },
        .text("operation", .setting, "The kind of operation, or `all`.") { $0.operation.kind },
    ]
}
