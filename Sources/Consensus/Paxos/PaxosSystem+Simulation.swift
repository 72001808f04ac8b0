import ProtocolKit
import Workload

extension PaxosSystem {
    /// Snapshots after every few decrees, decrees of few commands, proposers that hardly wait for each other.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        var random = SeededGenerator(seed: seed)
        var options: [(name: String, value: String)] = []
        if random.chance(0.5) { options.append(("snapshot-bytes", "4096")) }
        if random.chance(0.25) { options.append(("batch", "\(1 + random.below(4))")) }
        if random.chance(0.25) { options.append(("backoff-us", "\(50 + random.below(500))")) }
        return VariantOptions(options)
    }
}
