import ProtocolKit
import Workload

extension ZabSystem {
    /// A minority: the rest is a quorum, the intact part of which remembers every epoch that one of the minority promised.
    public func toleratedFailures(nodes: Int) -> Int { (nodes - 1) / 2 }

    /// A process that has lost its disk gets the history first, and counts once every other has forgotten its predecessor.
    public static var allowsReplacement: Bool { true }

    /// Snapshots after every few transactions, messages of single proposals, short pipelines.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        var random = SeededGenerator(seed: seed)
        var options: [(name: String, value: String)] = []
        if random.chance(0.5) { options.append(("snapshot-bytes", "4096")) }
        if random.chance(0.25) { options.append(("batch", "\(1 + random.below(8))")) }
        if random.chance(0.25) { options.append(("pipeline", "\(1 + random.below(4))")) }
        return VariantOptions(options)
    }
}
