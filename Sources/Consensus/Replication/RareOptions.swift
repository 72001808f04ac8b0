import ProtocolKit
import Workload

extension VariantOptions {
    /// What makes rare paths common in a system that replicates a log, by a simulation's seed: snapshots after every few
    /// entries, messages of few entries, short pipelines.
    static func rareForReplicatedLogs(seed: UInt64) -> VariantOptions {
        var random = SeededGenerator(seed: seed)
        var options: [(name: String, value: String)] = []
        if random.chance(0.5) { options.append(("snapshot-bytes", "4096")) }
        if random.chance(0.25) { options.append(("batch", "\(1 + random.below(8))")) }
        if random.chance(0.25) { options.append(("pipeline", "\(1 + random.below(4))")) }
        return VariantOptions(options)
    }
}
