import ProtocolKit

extension RegisterOptions {
    /// The options that registers have in common.
    static let specifications = [
        OptionSpecification(
            "batch", .integer(1...65_536), default: "1024",
            help: "most operations in a message; 1 sends each by itself"),
        OptionSpecification(
            "pipeline", .integer(1...256), default: "16", help: "most rounds of a phase under way at a node"),
        OptionSpecification(
            "resend-ms", .integer(1...60_000), default: "100",
            help: "milliseconds after which an unanswered message is sent again"),
        OptionSpecification(
            "snapshot-bytes", .integer(4_096...1 << 32), default: "8388608",
            help: "bytes of stored values after which a snapshot is taken"),
        OptionSpecification(
            "spread", .toggle, default: "on", help: "clients spread over the nodes; off: all ask one"),
    ]

    /// The common part of a user's choice.
    init(_ resolved: ResolvedOptions, mutation: String?) {
        batchOperations = resolved.integer("batch")
        window = resolved.integer("pipeline")
        resendInterval = .milliseconds(UInt64(resolved.integer("resend-ms")))
        snapshotBytes = resolved.integer("snapshot-bytes")
        self.mutation = mutation.flatMap(RegisterMutation.init)
    }
}
