import ProtocolKit

extension RaftSystem {
    /// Snapshots after every few entries, messages of single entries, short pipelines.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        .rareForReplicatedLogs(seed: seed)
    }
}
