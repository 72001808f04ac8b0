import ProtocolKit

extension MultiPaxosSystem {
    /// Snapshots after every few values, messages of few values, short pipelines.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        .rareForReplicatedLogs(seed: seed)
    }
}
