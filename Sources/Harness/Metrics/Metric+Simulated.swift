extension Metric {
    /// What only the simulator can tell: equal on every machine and in every run, and gated exactly. Rows of measured
    /// trials don't have them, so they are no columns.
    public static let simulated: [Metric] = [
        .number(
            "message_delays", .number, .lower, .counted,
            "Message delays from the client's request to its reply, one after the other, both counted."
        ) { _ in nil },
        .number(
            "sync_delays", .number, .lower, .counted, "Syncs on the critical path of an operation, one after the other."
        ) { _ in nil },
        .number(
            stepAllocations, .bytes, .lower, .counted,
            "Bytes that the nodes' own steps allocate for an operation, median: of one toolchain and kind of build."
        ) { _ in nil },
        .number(
            "simulated_steps", .number, .neither, .counted, "Inputs that nodes and clients handled over all seeds."
        ) { _ in nil },
        .text(
            "simulated_digest", .counted, "A digest of every event of all seeds; whatever behaves otherwise changes it."
        ) { _ in nil },
    ]

    private static let stepAllocations = "step_allocated_bytes_per_op"

    /// Whether it is the same only where the program was built by the same compiler in the same way.
    public var isOfToolchain: Bool { name == Self.stepAllocations }

    /// Whether a paper states it, so that `== audit` has a meaning.
    public var isAudited: Bool {
        ["message_delays", "messages_per_op", "sync_delays", "syncs_per_op"].contains(name)
    }
}
