import ProtocolKit

extension ZabSystem {
    /// A minority: the rest is a quorum, the intact part of which remembers every epoch that one of the minority promised.
    public func toleratedFailures(nodes: Int) -> Int { (nodes - 1) / 2 }

    /// A process that has lost its disk gets the history first, and counts once every other has forgotten its predecessor.
    public static var allowsReplacement: Bool { true }

    /// Snapshots after every few transactions, messages of single proposals, short pipelines.
    public static func rareOptions(seed: UInt64) -> VariantOptions {
        .rareForReplicatedLogs(seed: seed)
    }
}
