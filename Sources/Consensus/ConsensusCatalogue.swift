import ProtocolKit

/// Adds the family's systems to a registry: one line for each.
@inlinable
public func registerConsensus<Registry: SystemRegistry>(_ registry: inout Registry) {
    registry.add(UnreplicatedSystem.self)
    registry.add(RaftSystem.self)
    registry.add(ZabSystem.self)
    registry.add(ABDSystem.self)
    registry.add(VotingSystem.self)
    registry.add(MultiPaxosSystem.self)
    registry.add(PrimaryBackupSystem.self)
    registry.add(DynamoSystem.self)
}
